"""The HMAC-SHA256 scheme of the identity data plane (identity contract 4)."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import quote

SCHEME = "HMAC-SHA256"
# How much the date of a request may differ from the server's clock, in seconds.
ALLOWED_SKEW = 15 * 60

_REQUIRED = {"host", "x-ms-content-sha256"}
_DATES = ("x-ms-date", "date")
_VERB = re.compile(r"(^|/)%3A(?=[A-Za-z]+$)")


@dataclass(frozen=True)
class Signature:
    """The parts of an `Authorization: HMAC-SHA256 …` header."""

    signed_headers: tuple[str, ...]
    signature: str

    @classmethod
    def parse(cls, authorization: str) -> "Signature | None":
        """None if the header has another scheme or lacks a required part."""
        scheme, _, rest = authorization.partition(" ")
        if scheme.upper() != SCHEME:
            return None
        # Split at the first "=" only: signatures end in "=".
        parts = dict(part.partition("=")[::2] for part in rest.strip().split("&"))
        names = tuple(parts.get("SignedHeaders", "").lower().split(";"))
        signature = parts.get("Signature", "")
        if not signature or not _REQUIRED.issubset(names) or not set(_DATES) & set(names):
            return None
        return cls(names, signature)


def content_hash(body: bytes) -> str:
    """base64 of the SHA-256 of `body`, as x-ms-content-sha256 carries it."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()


def sign(access_key: str, string_to_sign: str) -> str:
    """The signature of `string_to_sign`. Raises ValueError if the key is not base64."""
    try:
        key = base64.b64decode(access_key, validate=True)
    except binascii.Error as error:
        raise ValueError("the access key is not base64") from error
    return base64.b64encode(
        hmac.new(key, string_to_sign.encode(), hashlib.sha256).digest()
    ).decode()


def verify(
    authorization: str,
    *,
    method: str,
    targets: Iterable[str],
    hosts: Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    keys: Mapping[str, str],
    now: float,
) -> str | None:
    """The id of the key that signed the request, or None.

    `targets` are the forms of path and query that a client may have signed, `hosts` those of the
    host. `headers` are by lower-case name, `keys` are access keys by id, `now` is in epoch seconds.
    """
    signature = Signature.parse(authorization)
    if signature is None or not _is_fresh(signature, headers, now):
        return None
    sent_hash = headers.get("x-ms-content-sha256", "")
    if not hmac.compare_digest(sent_hash.encode(), content_hash(body).encode()):
        return None
    sent = [headers.get(name, "") for name in signature.signed_headers]
    position = signature.signed_headers.index("host")
    candidates = [
        f"{method}\n{target}\n{';'.join([*sent[:position], host, *sent[position + 1 :]])}"
        for target in dict.fromkeys(targets)
        for host in dict.fromkeys(hosts)
    ]
    for key_id, access_key in keys.items():
        for string_to_sign in candidates:
            expected = sign(access_key, string_to_sign)
            if hmac.compare_digest(expected.encode(), signature.signature.encode()):
                return key_id
    return None


def _is_fresh(signature: Signature, headers: Mapping[str, str], now: float) -> bool:
    name = next(name for name in _DATES if name in signature.signed_headers)
    try:
        date = parsedate_to_datetime(headers.get(name, ""))
        return abs(date.timestamp() - now) <= ALLOWED_SKEW
    except (TypeError, ValueError, OverflowError):
        return False


def spellings(raw_path: str, path: str, query: str) -> list[str]:
    """The forms of the request target that an SDK may have signed.

    `raw_path` is the path as received ("" if unknown), `path` the decoded one. A proxy may have
    changed the encoding, so encoded forms of `path` are included.
    """
    quoted = "/".join(quote(segment, safe="") for segment in path.split("/"))
    paths = [raw_path, _VERB.sub(r"\1:", quoted), quote(path, safe="/:@"), path]
    suffix = f"?{query}" if query else ""
    return [f"{spelling}{suffix}" for spelling in paths if spelling]
