"""Clients of the speech protocol within the test process, and audio for them."""

import json
import struct
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from channels.testing import ApplicationCommunicator, WebsocketCommunicator
from pytest_django import Settings

from chatsite.asgi import application
from cognitive import engines
from cognitive.speech.stream_limits import stream_limiter
from cognitive.tests import speech_engines

SECONDS = 5.0
CONVERSATION = "/speech/recognition/conversation/cognitiveservices/v1?language=en-US"
INTERACTIVE = "/speech/recognition/interactive/cognitiveservices/v1?language=en-US"
SECOND = 32_000


def wav_header(*, rate: int = 16_000, channels: int = 1, bits: int = 16, tag: int = 1) -> bytes:
    """44 bytes, with lengths of zero as the SDKs write them."""
    block = channels * bits // 8
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + fmt + b"data\0\0\0\0"


def audio_frame(request_id: str, body: bytes) -> bytes:
    """A binary frame."""
    head = f"Path: audio\r\nX-RequestId: {request_id}\r\nContent-Type: audio/x-wav\r\n".encode()
    return len(head).to_bytes(2, "big") + head + body


class Speaker:
    """A WebSocket client of the protocol."""

    def __init__(
        self,
        path: str = CONVERSATION,
        headers: dict[str, str] | None = None,
        subprotocols: list[str] | None = None,
    ) -> None:
        given = {"host": "testserver", **(headers or {})}
        pairs = [(name.encode(), value.encode()) for name, value in given.items()]
        self.communicator = WebsocketCommunicator(application, path, pairs, subprotocols)
        self.request_id = uuid.uuid4().hex

    async def open(self) -> tuple[bool, Any]:
        """Whether the server accepted the connection, and the subprotocol."""
        return await self.communicator.connect(timeout=SECONDS)

    async def send_audio(self, audio: bytes, *, request_id: str = "") -> None:
        """Sends an audio frame; a sample has two bytes."""
        frame = audio_frame(request_id or self.request_id, audio)
        await self.communicator.send_to(bytes_data=frame)

    async def send_text(self, path: str, body: object) -> None:
        """Sends a text frame."""
        text = body if isinstance(body, str) else json.dumps(body)
        frame = f"Path: {path}\r\nX-RequestId: {self.request_id}\r\n\r\n{text}"
        await self.communicator.send_to(text_data=frame)

    async def end(self) -> None:
        """Ends the audio."""
        await self.send_audio(b"")

    async def receive(self) -> tuple[str, dict[str, Any]]:
        """The next frame about the current request: its path and body."""
        text = await self.communicator.receive_from(timeout=SECONDS)
        head, _, body = text.partition("\r\n\r\n")
        headers = dict(line.split(":", 1) for line in head.split("\r\n"))
        assert headers["X-RequestId"] == self.request_id
        assert headers["Content-Type"] == "application/json; charset=utf-8"
        return headers["Path"], json.loads(body)

    async def receive_turn(self) -> list[tuple[str, dict[str, Any]]]:
        """All frames until the turn ends; audio after it belongs to a new request."""
        frames = [await self.receive()]
        while frames[-1][0] != "turn.end":
            frames.append(await self.receive())
        self.request_id = uuid.uuid4().hex
        return frames

    async def turn(self, audio: bytes) -> list[tuple[str, dict[str, Any]]]:
        """The frames in response to audio, which is sent with a header."""
        await self.send_audio(wav_header() + audio + bytes(len(audio) % 2))
        await self.end()
        return await self.receive_turn()

    async def close_code(self) -> int:
        """The close code; other frames are ignored."""
        while True:
            message = await self.communicator.receive_output(timeout=SECONDS)
            if message["type"] == "websocket.close":
                return int(message.get("code", 1000))

    async def close(self) -> None:
        """Closes the socket."""
        await self.communicator.disconnect(timeout=SECONDS)


def statuses(frames: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The recognition statuses of a turn."""
    return [body["RecognitionStatus"] for path, body in frames if path == "speech.phrase"]


def texts(frames: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The phrases of a turn."""
    phrases = [body for path, body in frames if path == "speech.phrase"]
    return [b["DisplayText"] for b in phrases if b["RecognitionStatus"] == "Success"]


async def post(
    path: str, body: bytes, headers: dict[str, str], *, method: str = "POST", pieces: int = 1
) -> tuple[int, dict[str, str], bytes]:
    """An HTTP request to the application: status, headers and body."""
    given = {"host": "testserver", **headers}
    target, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": target,
        "raw_path": target.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in given.items()],
    }
    communicator = ApplicationCommunicator(application, scope)
    size = max(1, -(-len(body) // pieces))
    parts = [body[at : at + size] for at in range(0, len(body), size)] or [b""]
    for number, part in enumerate(parts):
        more = number + 1 < len(parts)
        await communicator.send_input({"type": "http.request", "body": part, "more_body": more})
    start = await communicator.receive_output(SECONDS)
    rest = await communicator.receive_output(SECONDS)
    await communicator.wait(SECONDS)
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, rest["body"]


@pytest.fixture
def engine(settings: Settings) -> Iterator[Settings]:
    """The text engine, with four streams; tests may change the settings that it returns."""
    here = "cognitive.tests.speech_engines."
    settings.COGNITIVE_PROVIDERS = {
        **settings.COGNITIVE_PROVIDERS,
        "speech": {"text": f"{here}Text", "absent": f"{here}Absent", "full": f"{here}Full"},
    }
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "speech": ["absent", "text"]}
    settings.CHATSITE_COGNITIVE_STREAMS = 4
    speech_engines.released.clear()
    _reset()
    yield settings
    speech_engines.released.set()
    _reset()


def _reset() -> None:
    engines.reset_engines()
    stream_limiter.cache_clear()
