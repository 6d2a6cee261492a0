"""The server of this process. Importing this module installs the server's event loop."""

from asgi_server.daphne_server import DaphneServer
from asgi_server.interface import Server


def create_server() -> Server:
    """A server that listens nowhere yet."""
    return DaphneServer()
