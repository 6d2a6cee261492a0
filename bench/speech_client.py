"""Speech for the measurements: the sentences, their sound, and a client of the protocol."""

import asyncio
import json
import random
import re
import time
import uuid
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from bench.client import HOST
from cognitive.speech.audio import Converter, read_wav_header

SHIPPED = Path(__file__).resolve().parent.parent / "tests" / "cognitive" / "meeting.wav"
SHIPPED_SENTENCE = "Let's meet at three o'clock in the conference room."
BYTES_PER_SECOND = 32_000
PIECE = 3_200
PAUSE = bytes(BYTES_PER_SECOND)
PATH = "/speech/recognition/conversation/cognitiveservices/v1?language=en-US"
_NUMBERS = {"3:00": "three", "10": "ten", "4": "four", "6:30": "half past six", "2": "two"}


@dataclass(frozen=True)
class Spoken:
    """A sentence and its sound, 16 kHz mono."""

    text: str
    pcm: bytes


@dataclass
class Heard:
    """What came back: when each hypothesis and each phrase came, by `time.monotonic`."""

    hypotheses: list[float] = field(default_factory=list)
    phrases: list[tuple[float, str]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All phrases."""
        return " ".join(text for _, text in self.phrases)


def load(folder: Path | None) -> list[Spoken]:
    """The sentences of a folder, or the one that ships."""
    if folder is None:
        return [Spoken(SHIPPED_SENTENCE, read_sound(SHIPPED))]
    texts = json.loads((folder / "sentences.json").read_text())
    return [Spoken(text, read_sound(folder / f"{n:02}.wav")) for n, text in enumerate(texts)]


def read_sound(file: Path) -> bytes:
    """The samples of a WAV file."""
    data = file.read_bytes()
    found = read_wav_header(data)
    assert found is not None
    converter = Converter(found[0])
    return converter.convert(data[found[1] :]) + converter.finish()


def with_noise(pcm: bytes, decibels: float) -> bytes:
    """The sound with white noise so far below it."""
    samples = array("h", pcm)
    power = sum(x * x for x in samples) / len(samples)
    width = (power / 10 ** (decibels / 10)) ** 0.5
    source = random.Random(7)  # noqa: S311
    noisy = (int(x + source.gauss(0, width)) for x in samples)
    return array("h", (max(-32768, min(32767, x)) for x in noisy)).tobytes()


# --- speaking ------------------------------------------------------------------------------------


class Speaker:
    """One socket of the speech protocol; `token` is a user's."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._request = uuid.uuid4().hex
        self.heard = Heard()

    @classmethod
    async def open(cls, port: int, token: str) -> "Speaker":
        """Connects."""
        headers = {"Authorization": f"Bearer {token}"}
        return cls(await connect(f"ws://{HOST}:{port}{PATH}", additional_headers=headers))

    async def speak(self, pcm: bytes, *, paced: bool) -> Heard:
        """Says it and hears all of it; `paced` takes as long as people would."""
        header = (
            b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80>\0\0\0}\0\0\x02\0\x10\0data\0\0\0\0"
        )
        listening = asyncio.create_task(self._listen())
        await self._send(header)
        started = time.monotonic()
        for at in range(0, len(pcm), PIECE):
            if paced:
                due = started + (at + PIECE) / BYTES_PER_SECOND
                await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._send(pcm[at : at + PIECE])
        await self._send(b"")
        await listening
        self._request = uuid.uuid4().hex
        heard, self.heard = self.heard, Heard()
        return heard

    async def close(self) -> None:
        """Leaves."""
        await self._socket.close()

    async def _send(self, sound: bytes) -> None:
        head = f"Path: audio\r\nX-RequestId: {self._request}\r\n".encode()
        await self._socket.send(len(head).to_bytes(2, "big") + head + sound)

    async def _listen(self) -> None:
        async for message in self._socket:
            head, _, text = str(message).partition("\r\n\r\n")
            now, body = time.monotonic(), json.loads(text)
            if "Path:speech.hypothesis" in head:
                self.heard.hypotheses.append(now)
            elif "Path:speech.phrase" in head:
                self.heard.statuses.append(body["RecognitionStatus"])
                if body["RecognitionStatus"] == "Success":
                    self.heard.phrases.append((now, body["DisplayText"]))
            elif "Path:turn.end" in head:
                return


def words(text: str) -> list[str]:
    """The words, without case, punctuation and the ways to write a number."""
    spelled = " ".join(_NUMBERS.get(word.strip(".,?!"), word) for word in text.lower().split())
    return re.sub(r"[^a-z' ]", " ", spelled).split()


def wrong_words(said: Sequence[str], heard: Sequence[str]) -> int:
    """How many words must be put in, taken out or changed."""
    row = list(range(len(heard) + 1))
    for i, one in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]
