"""Live events: the hub, the native event stream, and the dialect of the official SDKs."""
