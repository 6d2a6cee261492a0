"""The addresses that webhooks may connect to, so that none reaches the server's own network."""

import ipaddress
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

LONGEST_URL = 4096

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# The part of IPv6 that IANA assigns to the internet.
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
# Behind these is something of the machine's own, though the standard library calls them global:
# protocol assignments (a metadata service among them), old 6to4 relays, Azure's platform.
_SPECIAL = [
    ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
]
_PORTS = {"https": 443, "http": 80}


class InvalidEndpoint(ValueError):
    """The URL cannot be an endpoint; the text says why."""


class ForbiddenAddress(Exception):
    """The endpoint has no address that webhooks may connect to."""


class UnknownHost(Exception):
    """The endpoint's name does not resolve."""


@dataclass(frozen=True)
class Endpoint:
    """A URL taken apart. `target` is path and query."""

    is_tls: bool
    host: str
    port: int
    target: str

    @property
    def host_header(self) -> str:
        """The host, and the port unless it is the default of the scheme."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = _PORTS["https" if self.is_tls else "http"]
        return host if self.port == usual else f"{host}:{self.port}"


def parse_endpoint(url: str) -> Endpoint:
    """The parts of an endpoint's URL. Raises InvalidEndpoint."""
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidEndpoint("The endpoint URL must be printable ASCII without spaces.")
    if len(url) > LONGEST_URL:
        raise InvalidEndpoint(f"The endpoint URL must not exceed {LONGEST_URL} characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidEndpoint("The endpoint URL is malformed.") from None
    if parts.scheme not in _PORTS or not host:
        raise InvalidEndpoint("The endpoint URL must begin with https:// and a host.")
    if parts.username is not None or parts.password is not None:
        raise InvalidEndpoint("The endpoint URL must not contain a user name or password.")
    if port == 0:
        raise InvalidEndpoint("The endpoint URL must not have port 0.")
    if parts.scheme == "http" and not settings.CHATSITE_WEBHOOK_HTTP and not _is_loopback(host):
        raise InvalidEndpoint(
            "The endpoint URL must begin with https://; plain http is for loopback addresses, "
            "unless CHATSITE_WEBHOOK_HTTP allows it."
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme == "https", host, port or _PORTS[parts.scheme], target)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve(endpoint: Endpoint) -> list[tuple[socket.AddressFamily, Any]]:
    """The addresses to connect to, already checked, so that the name is not resolved again.

    Raises UnknownHost and ForbiddenAddress.
    """
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise UnknownHost(f"{endpoint.host} cannot be resolved: {problem}") from None
    allowed: list[tuple[socket.AddressFamily, Any]] = [
        (family, address)
        for family, _, _, _, address in found
        if family in (socket.AF_INET, socket.AF_INET6) and _may_connect(str(address[0]), endpoint)
    ]
    if not allowed:
        raise ForbiddenAddress(
            f"{_forbidden(endpoint.host)}. "
            "To allow a private network, add it to CHATSITE_WEBHOOK_NETWORKS."
        )
    return allowed


def _forbidden(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return f"{host} resolves to addresses that webhooks may not reach"
    return f"Webhooks may not be sent to the address {host}"


def _may_connect(text: str, endpoint: Endpoint) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if not endpoint.is_tls and not settings.CHATSITE_WEBHOOK_HTTP and not address.is_loopback:
        return False
    return is_allowed(address)


def is_allowed(address: IPv4Address | IPv6Address) -> bool:
    """Whether something may be sent there: to the internet, or to a network of the setting."""
    inner = _embedded(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_allowed(inner)
    if any(address in network for network in settings.CHATSITE_WEBHOOK_NETWORKS):
        return True
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    is_special = address.is_multicast or any(address in network for network in _SPECIAL)
    return address.is_global and not is_special


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address really leads to."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)
