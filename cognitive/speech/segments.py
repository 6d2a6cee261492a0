"""Cuts speech into phrases by its loudness, for engines that take whole phrases only."""

import sys
from array import array
from collections import deque
from collections.abc import Callable
from operator import mul

from cognitive.abilities import Heard
from cognitive.speech.sound import SoundFormat

_FRAME_MS = 30
_FRAME_BYTES = SoundFormat().bytes_per_second * _FRAME_MS // 1000
# Louder than that, and so many times louder than the room, is speech.
_QUIETEST = 250.0
_ABOVE_ROOM = 3.0
# How much the room may seem louder from frame to frame.
_ROOM_RISE = 1.01
# In frames: how much speech begins a phrase, how much silence ends it, what is kept of the time
# before it, and how long it may be.
_BEGIN, _END, _BEFORE, _LONGEST = 4, 22, 10, 660


class Segmenter:
    """Takes 16 kHz mono and gives back phrases: where each began (ms), and its sound."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._room = _QUIETEST
        self._before: deque[bytes] = deque(maxlen=_BEFORE)
        self._phrase: list[bytes] = []
        self._loud = self._quiet = 0

    def feed(self, pcm: bytes) -> list[tuple[int, bytes]]:
        """The phrases that this sound ends."""
        pcm = self._rest + pcm
        whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = pcm[whole:]
        ended = []
        for at in range(0, whole, _FRAME_BYTES):
            ended += self._take(pcm[at : at + _FRAME_BYTES])
        return ended

    def finish(self) -> list[tuple[int, bytes]]:
        """The phrase that was being said."""
        return self._cut() if self._phrase else []

    def _take(self, frame: bytes) -> list[tuple[int, bytes]]:
        self._frames += 1
        loudness = _loudness(frame)
        is_speech = loudness > max(_QUIETEST, self._room * _ABOVE_ROOM)
        self._room = max(1.0, min(loudness, self._room * _ROOM_RISE))
        self._loud = self._loud + 1 if is_speech else 0
        if not self._phrase:
            self._before.append(frame)
            if self._loud >= _BEGIN:
                self._phrase = list(self._before)
                self._before.clear()
                self._quiet = 0
            return []
        self._phrase.append(frame)
        self._quiet = 0 if is_speech else self._quiet + 1
        return self._cut() if self._quiet >= _END or len(self._phrase) >= _LONGEST else []

    def _cut(self) -> list[tuple[int, bytes]]:
        start = (self._frames - len(self._phrase)) * _FRAME_MS
        phrase = b"".join(self._phrase)
        self._phrase = []
        self._loud = 0
        return [(start, phrase)]


def _loudness(frame: bytes) -> float:
    samples = array("h", frame)
    if sys.byteorder == "big":
        samples.byteswap()
    power: float = sum(map(mul, samples, samples)) / len(samples)
    return power**0.5


class PhraseRecognition:
    """A stream that asks for the text of one phrase after the other, and so has no hypotheses."""

    def __init__(self, transcribe: Callable[[bytes], str]) -> None:
        self._transcribe = transcribe
        self._segmenter = Segmenter()

    def feed(self, pcm: bytes) -> list[Heard]:
        """The phrases that have ended."""
        return self._texts(self._segmenter.feed(pcm))

    def finish(self) -> list[Heard]:
        """The last one."""
        return self._texts(self._segmenter.finish())

    def close(self) -> None:
        """Nothing is held."""

    def _texts(self, phrases: list[tuple[int, bytes]]) -> list[Heard]:
        milliseconds = SoundFormat().milliseconds
        return [
            Heard(self._transcribe(pcm).strip(), start, milliseconds(len(pcm)), is_final=True)
            for start, pcm in phrases
        ]
