"""One request by libcurl: what it may do, and what it reports.

It connects only to addresses that were checked, follows no redirects, uses no proxy, decompresses
nothing, and reads a limited part of the response. One time-out covers the whole request, so an
endpoint that trickles holds a sender no longer than one that stays silent.
"""

import os
import socket
import ssl
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pycurl
from django.conf import settings

from webhooks.addresses import Endpoint

# How much of a response body is read, and for how long after its headers are complete.
ANSWER_BYTES = 64 * 1024
_ANSWER_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
# An idle connection is not used again after this time.
IDLE_SECONDS = 20.0


@dataclass
class Transfer:
    """A request and what libcurl reports of its response. No callback may raise an exception."""

    method: str
    lines: Sequence[bytes]
    body: bytes
    deadline: float
    # The checked addresses. Without any, only an open connection can be used.
    addresses: Collection[tuple[str, int]] = ()
    response_headers: dict[str, str] = field(default_factory=dict)
    response: bytearray = field(default_factory=bytearray)
    has_status: bool = False
    _is_interim: bool = False
    _response_deadline: float = 0.0

    def perform(self, handle: pycurl.Curl) -> None:
        """Send the request, receive the response. Raises pycurl.error, TimeoutError, ValueError."""
        left_ms = int((self.deadline - time.monotonic()) * 1000)
        if left_ms <= 0:
            raise TimeoutError
        options = {
            pycurl.CUSTOMREQUEST: self.method,
            pycurl.POSTFIELDS: self.body,
            pycurl.HTTPHEADER: self.lines,
            pycurl.TIMEOUT_MS: left_ms,
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.HEADERFUNCTION: self._take_header,
            pycurl.WRITEFUNCTION: self._take_body,
            pycurl.XFERINFOFUNCTION: self._is_over,
        }
        _set(handle, options)
        try:
            handle.perform()
        except pycurl.error:
            if self.response and not self.has_status:
                shown = self.response[:200].decode("utf-8", "replace")
                raise ValueError(f"The endpoint's answer is not HTTP: {shown}") from None
            raise

    def _open_socket(self, purpose: int, address: Any) -> socket.socket | int:
        """Refuses all addresses but the checked ones, however libcurl may have read the URL."""
        if address.addr[:2] not in self.addresses:
            return pycurl.SOCKET_BAD
        try:
            return socket.socket(address.family, address.socktype, address.protocol)
        except OSError:
            return pycurl.SOCKET_BAD

    def _take_header(self, line: bytes) -> None:
        if self.has_status:
            # A trailer.
            return
        if line.startswith(b"HTTP/"):
            self._is_interim = line.partition(b" ")[2].startswith(b"1")
            self.response_headers = {}
        elif line.strip():
            name, _, value = line.decode("latin-1").partition(":")
            self.response_headers[name.strip().lower()] = value.strip()
        elif not self._is_interim:
            self.has_status = True
            self._response_deadline = time.monotonic() + _ANSWER_SECONDS

    def _take_body(self, chunk: bytes) -> int:
        """0 ends the transfer."""
        self.response += chunk
        is_wanted = self.has_status and len(self.response) < ANSWER_BYTES
        return len(chunk) if is_wanted else 0

    def _is_over(self, *progress: int) -> bool:
        """libcurl asks whenever something has arrived, and otherwise once a second."""
        return self.has_status and time.monotonic() >= self._response_deadline


def _set(handle: pycurl.Curl, options: Mapping[int, Any]) -> None:
    for option, value in options.items():
        handle.setopt(option, value)


def new_handle(endpoint: Endpoint, addresses: Collection[tuple[str, int]]) -> pycurl.Curl:
    """A handle for requests to one URL, which knows the addresses that were checked."""
    handle = pycurl.Curl()
    scheme = "https" if endpoint.is_tls else "http"
    known = ",".join(f"[{host}]" if ":" in host else host for host, _ in addresses)
    options = {
        pycurl.URL: f"{scheme}://{endpoint.host_header}{endpoint.target}",
        pycurl.PATH_AS_IS: 1,
        # A host that is an IPv6 address needs no resolution.
        pycurl.RESOLVE: []
        if ":" in endpoint.host
        else [f"{endpoint.host}:{endpoint.port}:{known}"],
        pycurl.PROXY: "",
        pycurl.FOLLOWLOCATION: 0,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.HTTP_CONTENT_DECODING: 0,
        # An answer without status line comes as a body, so that the failure can quote it.
        pycurl.HTTP09_ALLOWED: 1,
        pycurl.CONNECTTIMEOUT_MS: int(_CONNECT_SECONDS * 1000),
        pycurl.MAXCONNECTS: 1,
        pycurl.MAXAGE_CONN: int(IDLE_SECONDS),
        # libcurl's signals would disturb other threads.
        pycurl.NOSIGNAL: 1,
        pycurl.NOPROGRESS: 0,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
    }
    trust = _trust(str(settings.CHATSITE_WEBHOOK_CA or "")) if endpoint.is_tls else {}
    _set(handle, {**options, **trust})
    return handle


@cache
def _trust(ca_file: str) -> Mapping[int, Any]:
    """The options by which libcurl trusts the system's CAs and those of a file.

    libcurl reads a bundle again for each connection (5 ms, 1.2 MB), so a folder in which
    certificates are found by their hash is preferred. Not every system has one.
    """
    paths = ssl.get_default_verify_paths()
    is_hashed = bool(paths.capath) and any(Path(paths.capath).glob("*.0"))
    if is_hashed and paths.openssl_cafile_env not in os.environ:
        return {pycurl.CAPATH: paths.capath, pycurl.CAINFO: ca_file or None}
    files = [name for name in (paths.cafile, ca_file) if name]
    return {pycurl.CAINFO_BLOB: b"\n".join(Path(name).read_bytes() for name in files)}


def header_lines(headers: Mapping[str, str]) -> list[bytes]:
    """The header lines in libcurl's notation. Raises ValueError."""
    # Lines that replace libcurl's own headers, or leave them out.
    own = ("Accept:", "Accept-Encoding: identity", "Content-Type:", "Expect:", "User-Agent:")
    given = {name.lower() for name in headers}
    lines = [line for line in own if line.partition(":")[0].lower() not in given]
    # A semicolon instead of the colon stands for an empty value.
    lines += [f"{k}: {v}" if v.strip() else f"{k};" for k, v in headers.items()]
    if any(not set(line).isdisjoint("\r\n\0") for line in lines):
        raise ValueError("A header contains a line break or NUL.")
    return [line.encode("latin-1") for line in lines]
