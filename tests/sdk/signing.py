"""Requests by hand, signed as the Java and .NET SDKs sign them.

Independent of the server's code: it states the scheme once more, and a published vector checks it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from tests.server import Server

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers by lower-case name, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def send(
    server: Server, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b""
) -> Answer:
    """Send exactly this request: `target` goes out as it is, and no header but Host, if it is
    missing, and Content-Length, if there is a body or the method usually has one, is added."""
    address = urlsplit(server.https_url)
    connection = http.client.HTTPSConnection(
        address.hostname or "",
        address.port,
        timeout=30,
        context=ssl.create_default_context(cafile=str(server.ca_file)),
    )
    try:
        connection.putrequest(
            method, target, skip_host="Host" in headers, skip_accept_encoding=True
        )
        for name, value in headers.items():
            connection.putheader(name, value)
        if body or method in ("POST", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        answered = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, answered, response.read())
    finally:
        connection.close()


def content_hash(body: bytes) -> str:
    """base64 of the SHA-256 of the body."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def signature(
    access_key: str, method: str, target: str, *, date: str, host: str, body: bytes
) -> str:
    """The HMAC-SHA256 of what the scheme signs, in base64."""
    to_sign = f"{method}\n{target}\n{date};{host};{content_hash(body)}"
    key = base64.b64decode(access_key)
    return base64.b64encode(hmac.new(key, to_sign.encode(), hashlib.sha256).digest()).decode()


def signed_headers(
    access_key: str,
    method: str,
    target: str,
    *,
    host: str,
    body: bytes = b"",
    date: str | None = None,
) -> dict[str, str]:
    """The headers of a signed request; `host` is what is signed and sent as Host."""
    date = date or formatdate(usegmt=True)
    signed = signature(access_key, method, target, date=date, host=host, body=body)
    return {
        "Host": host,
        "x-ms-date": date,
        "x-ms-content-sha256": content_hash(body),
        "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
        f"&Signature={signed}",
    }
