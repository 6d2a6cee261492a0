"""Replay of recorded traffic of the real service against this server."""
