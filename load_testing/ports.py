"""Ports for servers that tests and load runs start."""

import socket


def free_port() -> int:
    """A TCP port on the loopback address that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
