"""The native event stream: WebSocket and Server-Sent Events."""
