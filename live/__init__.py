"""Live events: the hub, the native event stream, and the protocol of the official SDKs."""
