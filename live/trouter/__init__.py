"""The real-time protocol of the official SDKs: Trouter, over socket.io 0.9."""
