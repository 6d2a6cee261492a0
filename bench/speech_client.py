"""The sentences and audio for measurements, and a client of the speech protocol."""

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

TEST_WAV = Path(__file__).resolve().parent.parent / "tests" / "cognitive" / "meeting.wav"
TEST_SENTENCE = "Let's meet at three o'clock in the conference thread."
BYTES_PER_SECOND = 32_000
PIECE = 3_200
PAUSE = bytes(BYTES_PER_SECOND)
PATH = "/speech/recognition/conversation/cognitiveservices/v1?language=en-US"
_NUMBERS = {"3:00": "three", "10": "ten", "4": "four", "6:30": "half past six", "2": "two"}


@dataclass(frozen=True)
class Utterance:
    """A sentence and its audio, 16 kHz mono."""

    text: str
    pcm: bytes


@dataclass
class Transcript:
    """The results of a stream, with the time of each hypothesis and phrase (`time.monotonic`)."""

    hypotheses: list[float] = field(default_factory=list)
    phrases: list[tuple[float, str]] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of all phrases."""
        return " ".join(text for _, text in self.phrases)


def load(folder: Path | None) -> list[Utterance]:
    """The sentences in a folder, or the one of the tests."""
    if folder is None:
        return [Utterance(TEST_SENTENCE, read_audio(TEST_WAV))]
    texts = json.loads((folder / "sentences.json").read_text())
    return [Utterance(text, read_audio(folder / f"{n:02}.wav")) for n, text in enumerate(texts)]


def read_audio(file: Path) -> bytes:
    """The samples of a WAV file in the engines' format."""
    data = file.read_bytes()
    header = read_wav_header(data)
    assert header is not None
    audio_format, start = header
    converter = Converter(audio_format)
    return converter.convert(data[start:]) + converter.finish()


def with_noise(pcm: bytes, decibels: float) -> bytes:
    """The audio with white noise at this signal-to-noise ratio."""
    samples = array("h", pcm)
    power = sum(x * x for x in samples) / len(samples)
    width = (power / 10 ** (decibels / 10)) ** 0.5
    source = random.Random(7)  # noqa: S311
    noisy = (int(x + source.gauss(0, width)) for x in samples)
    return array("h", (max(-32768, min(32767, x)) for x in noisy)).tobytes()


# --- client --------------------------------------------------------------------------------------


class Speaker:
    """A WebSocket of the speech protocol, with the token of a user."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._request = uuid.uuid4().hex
        self.transcript = Transcript()

    @classmethod
    async def open(cls, port: int, token: str) -> "Speaker":
        headers = {"Authorization": f"Bearer {token}"}
        return cls(await connect(f"ws://{HOST}:{port}{PATH}", additional_headers=headers))

    async def speak(self, pcm: bytes, *, paced: bool) -> Transcript:
        """Sends audio and returns all results; `paced` sends it in real time."""
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
        transcript, self.transcript = self.transcript, Transcript()
        return transcript

    async def close(self) -> None:
        await self._socket.close()

    async def _send(self, audio: bytes) -> None:
        head = f"Path: audio\r\nX-RequestId: {self._request}\r\n".encode()
        await self._socket.send(len(head).to_bytes(2, "big") + head + audio)

    async def _listen(self) -> None:
        async for message in self._socket:
            head, _, text = str(message).partition("\r\n\r\n")
            now, body = time.monotonic(), json.loads(text)
            if "Path:speech.hypothesis" in head:
                self.transcript.hypotheses.append(now)
            elif "Path:speech.phrase" in head:
                self.transcript.statuses.append(body["RecognitionStatus"])
                if body["RecognitionStatus"] == "Success":
                    self.transcript.phrases.append((now, body["DisplayText"]))
            elif "Path:turn.end" in head:
                return


def words(text: str) -> list[str]:
    """The words in lower case, without punctuation and with numbers spelled out."""
    spelled = " ".join(_NUMBERS.get(word.strip(".,?!"), word) for word in text.lower().split())
    return re.sub(r"[^a-z' ]", " ", spelled).split()


def word_errors(expected: Sequence[str], actual: Sequence[str]) -> int:
    """The number of insertions, deletions and substitutions."""
    row = list(range(len(actual) + 1))
    for i, one in enumerate(expected, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(actual, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]
