"""Text messages in the form in which they go over a WebSocket."""


class Frame:
    """A text message and its encoding as an unmasked WebSocket frame, made once for all clients."""

    __slots__ = ("_wire", "payload")

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The frame's bytes, header included (RFC 6455, section 5.2)."""
        if self._wire is None:
            self._wire = text_header(len(self.payload)) + self.payload
        return self._wire


def text_header(length: int) -> bytes:
    """The header of a final, unmasked text frame."""
    if length < 126:
        return bytes((0x81, length))
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big")
    return b"\x81\x7f" + length.to_bytes(8, "big")
