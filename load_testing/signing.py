"""Requests signed with an access key, as the SDKs sign them."""

from email.utils import formatdate

from identity import signatures


def signed_headers(
    method: str,
    target: str,
    body: bytes,
    access_key: str,
    *,
    host: str = "testserver",
    date: str | None = None,
) -> dict[str, str]:
    """The headers of a signed request; `target` is path and query as they go over the wire."""
    date = date or formatdate(usegmt=True)
    content_hash = signatures.content_hash(body)
    signature = signatures.sign(access_key, f"{method}\n{target}\n{date};{host};{content_hash}")
    return {
        "host": host,
        "x-ms-date": date,
        "x-ms-content-sha256": content_hash,
        "authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
        f"&Signature={signature}",
    }
