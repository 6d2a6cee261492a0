"""Listening sockets, independent of the ASGI server."""

import errno
import socket
from typing import Any

from asgi_server.interface import CannotListen


def listening_sockets(host: str, port: int) -> list[socket.socket]:
    """A listening socket for every address of the host name. Raises CannotListen."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror:
        raise CannotListen(f"The host name {host!r} has no address.") from None
    return [_listening_socket(family, address) for family, _, _, _, address in found]


def _listening_socket(family: int, address: Any) -> socket.socket:
    host, port = address[:2]
    try:
        # "::" stands for all addresses, those of IPv4 included.
        both = host == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(address, family=family, backlog=1024, dualstack_ipv6=both)
    except OSError as problem:
        reason = {
            errno.EADDRINUSE: f"Port {port} on {host} is in use by another program.",
            errno.EACCES: f"Port {port} on {host} requires root privileges.",
            errno.EADDRNOTAVAIL: f"{host} is not an address of this machine.",
        }
        raise CannotListen(reason.get(problem.errno or 0, f"{host}:{port}: {problem}")) from None
    listening.setblocking(False)
    return listening
