"""Splits audio into phrases by loudness, for engines that recognize whole phrases only."""

import sys
from array import array
from collections import deque
from collections.abc import Callable
from operator import mul

from cognitive.abilities import RecognizedPhrase
from cognitive.speech.audio import AudioFormat

_FRAME_MS = 30
_FRAME_BYTES = AudioFormat().bytes_per_second * _FRAME_MS // 1000
# Speech is louder than this, and louder than the noise floor by this factor.
_MIN_LOUDNESS = 250.0
_ABOVE_NOISE = 3.0
# The factor by which the noise floor may rise per frame.
_NOISE_RISE = 1.01
# In frames: the speech that starts a phrase, the silence that ends it, the audio before the start
# that is included, and the maximum length.
_START_FRAMES, _END_FRAMES, _LEAD_FRAMES, _MAX_FRAMES = 4, 22, 10, 660


class Segmenter:
    """Splits 16 kHz mono audio into phrases: the start of each (ms), and its audio."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._noise = _MIN_LOUDNESS
        self._lead: deque[bytes] = deque(maxlen=_LEAD_FRAMES)
        self._phrase: list[bytes] = []
        self._loud = self._quiet = 0

    def feed(self, pcm: bytes) -> list[tuple[int, bytes]]:
        """The phrases that end in this audio."""
        pcm = self._rest + pcm
        whole = len(pcm) // _FRAME_BYTES * _FRAME_BYTES
        self._rest = pcm[whole:]
        ended = []
        for at in range(0, whole, _FRAME_BYTES):
            ended += self._take(pcm[at : at + _FRAME_BYTES])
        return ended

    def finish(self) -> list[tuple[int, bytes]]:
        """The phrase that has not ended yet."""
        return self._cut() if self._phrase else []

    def _take(self, frame: bytes) -> list[tuple[int, bytes]]:
        self._frames += 1
        loudness = _loudness(frame)
        is_speech = loudness > max(_MIN_LOUDNESS, self._noise * _ABOVE_NOISE)
        self._noise = max(1.0, min(loudness, self._noise * _NOISE_RISE))
        self._loud = self._loud + 1 if is_speech else 0
        if not self._phrase:
            self._lead.append(frame)
            if self._loud >= _START_FRAMES:
                self._phrase = list(self._lead)
                self._lead.clear()
                self._quiet = 0
            return []
        self._phrase.append(frame)
        self._quiet = 0 if is_speech else self._quiet + 1
        return self._cut() if self._quiet >= _END_FRAMES or len(self._phrase) >= _MAX_FRAMES else []

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
    """A stream that transcribes phrase by phrase, and so returns no hypotheses."""

    def __init__(self, transcribe: Callable[[bytes], str]) -> None:
        self._transcribe = transcribe
        self._segmenter = Segmenter()

    def feed(self, pcm: bytes) -> list[RecognizedPhrase]:
        """The phrases that end in this audio."""
        return self._texts(self._segmenter.feed(pcm))

    def finish(self) -> list[RecognizedPhrase]:
        """The last phrase."""
        return self._texts(self._segmenter.finish())

    def close(self) -> None:
        """Does nothing: there are no resources to release."""

    def _texts(self, phrases: list[tuple[int, bytes]]) -> list[RecognizedPhrase]:
        milliseconds = AudioFormat().milliseconds
        return [
            RecognizedPhrase(
                self._transcribe(pcm).strip(), start, milliseconds(len(pcm)), is_final=True
            )
            for start, pcm in phrases
        ]
