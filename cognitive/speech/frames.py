"""The frames of the speech protocol: headers and a body in one WebSocket message.

Text: lines `Name:value`, a blank line, JSON. Binary: the length of the headers in two bytes, the
headers, audio (cognitive contract 6.3).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

# Configurations have a few kilobytes, with phrase lists more.
MAX_TEXT_LENGTH = 256 * 1024
MAX_BINARY_BYTES = 1024 * 1024
_REQUEST_ID = re.compile(r"[0-9A-Za-z-]{1,64}")


class MalformedFrame(Exception):
    """A message that is not a valid frame; the text gives the reason."""


class FrameTooLarge(Exception):
    """A message that exceeds the maximum size."""


@dataclass(frozen=True)
class Frame:
    """A frame from a client. `body` is str in text frames, and bytes (audio) in binary ones."""

    path: str
    request_id: str
    body: str | bytes

    def json_object(self) -> dict[str, Any]:
        """The body of a text frame as JSON. Raises MalformedFrame."""
        try:
            found = json.loads(self.body or "{}")
        except (ValueError, RecursionError):
            raise MalformedFrame(f"The body of {self.path} is not JSON.") from None
        if not isinstance(found, dict):
            raise MalformedFrame(f"The body of {self.path} is not an object.")
        return found


def read_frame(message: dict[str, Any]) -> Frame:
    """Parses the frame in an ASGI message. Raises MalformedFrame, FrameTooLarge."""
    binary = message.get("bytes")
    return _read_text(message.get("text") or "") if binary is None else _read_binary(binary)


def _read_text(text: str) -> Frame:
    if len(text) > MAX_TEXT_LENGTH:
        raise FrameTooLarge
    head, _, body = text.partition("\r\n\r\n")
    return _frame(head, body)


def _read_binary(data: bytes) -> Frame:
    if len(data) > MAX_BINARY_BYTES:
        raise FrameTooLarge
    start = 2 + int.from_bytes(data[:2], "big")
    if len(data) < start:
        raise MalformedFrame("A binary frame is shorter than its headers.")
    return _frame(data[2:start].decode("latin-1"), data[start:])


def _frame(head: str, body: str | bytes) -> Frame:
    headers: dict[str, str] = {}
    for line in head.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    path, request_id = headers.get("path", "").lower(), headers.get("x-requestid", "")
    if not path:
        raise MalformedFrame("A frame must have the header Path.")
    if request_id and not _REQUEST_ID.fullmatch(request_id):
        raise MalformedFrame("X-RequestId must consist of letters, digits and hyphens.")
    return Frame(path, request_id, body)


def text_frame(request_id: str, path: str, body: dict[str, object]) -> str:
    """A frame to a client. Clients ignore frames with another id than that of their request."""
    return (
        f"X-RequestId:{request_id}\r\n"
        f"Content-Type:application/json; charset=utf-8\r\n"
        f"Path:{path}\r\n\r\n" + json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    )
