"""Sound: what a WAV header says, and how any of it becomes what engines take.

Engines take 16-bit samples, one channel, 16 kHz. That is also what microphones are recorded with
by the SDKs, so most streams pass through untouched.
"""

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cognitive.abilities import EngineUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

ENGINE_RATE_HZ = 16_000
_LOWEST_HZ, _HIGHEST_HZ = 8_000, 96_000
_MOST_CHANNELS = 8
_PCM, _EXTENSIBLE = 1, 0xFFFE
# A header with more than this before its samples is none that a recorder writes.
_LONGEST_HEADER = 64 * 1024
# Samples on each side that have a say in a resampled one.
_REACH = 16


class UnsupportedSound(Exception):
    """Sound that cannot be understood; the text tells the client what would be."""


@dataclass(frozen=True)
class SoundFormat:
    """Uncompressed 16-bit little-endian samples."""

    rate_hz: int = ENGINE_RATE_HZ
    channels: int = 1

    @property
    def bytes_per_second(self) -> int:
        """How many bytes a second of sound has."""
        return self.rate_hz * self.channels * 2

    def milliseconds(self, size: int) -> int:
        """How long so many bytes of sound last."""
        return size * 1000 // self.bytes_per_second


def read_wav_header(data: bytes) -> tuple[SoundFormat, int] | None:
    """The format of a WAV file that begins with `data`, and where its samples begin.

    None when the header goes on after `data`. Raises UnsupportedSound for anything else than
    16-bit PCM. The lengths in the header are not believed: streams write zero.
    """
    if len(data) < 12:
        return None
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnsupportedSound("The sound must be a WAV file (RIFF) with 16-bit PCM samples.")
    sound = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            if sound is None:
                raise UnsupportedSound("The WAV header has no format before its samples.")
            return sound, at + 8
        if name == b"fmt ":
            if at + 8 + 16 > len(data):
                return None
            sound = _read_format(data[at + 8 : at + 8 + min(size, 40)])
        at += 8 + size + size % 2
        if at > _LONGEST_HEADER:
            raise UnsupportedSound("The WAV header is too long.")
    return None


def _read_format(chunk: bytes) -> SoundFormat:
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    if tag != _PCM or bits != 16:
        raise UnsupportedSound("The samples of the WAV file must be 16-bit PCM.")
    if not 1 <= channels <= _MOST_CHANNELS or not _LOWEST_HZ <= rate <= _HIGHEST_HZ:
        raise UnsupportedSound(
            f"The sound must have 1 to {_MOST_CHANNELS} channels"
            f" and {_LOWEST_HZ} to {_HIGHEST_HZ} samples a second."
        )
    return SoundFormat(rate, channels)


class Converter:
    """Makes one channel of 16 kHz of a stream, piece by piece, whatever the pieces' sizes."""

    def __init__(self, sound: SoundFormat) -> None:
        self._frame_bytes = 2 * sound.channels
        self._channels = sound.channels
        self._rest = b""
        self._passes = sound == SoundFormat()
        if not self._passes:
            self._np = _numpy()
            self._resampler = _Resampler(self._np, sound.rate_hz)

    def convert(self, pcm: bytes) -> bytes:
        """The next piece of the stream in the engines' format."""
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame_bytes * self._frame_bytes
        pcm, self._rest = pcm[:whole], pcm[whole:]
        if self._passes or not pcm:
            return pcm
        samples = self._np.frombuffer(pcm, "<i2").astype(self._np.float32)
        mono = samples.reshape(-1, self._channels).mean(axis=1)
        return self._as_bytes(self._resampler.feed(mono))

    def finish(self) -> bytes:
        """What was held back until more sound would come."""
        return b"" if self._passes else self._as_bytes(self._resampler.finish())

    def _as_bytes(self, samples: "Samples") -> bytes:
        pcm: bytes = self._np.clip(self._np.rint(samples), -32768, 32767).astype("<i2").tobytes()
        return pcm


class _Resampler:
    """From any rate to 16 kHz, by a windowed sinc that lets nothing above the lower rate's half."""

    def __init__(self, np: Any, rate_hz: int) -> None:
        self._np = np
        common = math.gcd(rate_hz, ENGINE_RATE_HZ)
        # Output sample n lies at the input's n * step / phases.
        self._step, self._phases = rate_hz // common, ENGINE_RATE_HZ // common
        self._is_same = rate_hz == ENGINE_RATE_HZ
        cutoff = min(1.0, ENGINE_RATE_HZ / rate_hz) * 0.95
        self._half = math.ceil(_REACH / cutoff)
        offsets = np.arange(-self._half + 1, self._half + 1)
        distance = np.arange(self._phases)[:, None] / self._phases - offsets[None, :]
        window = np.cos(np.clip(distance / self._half, -1, 1) * math.pi / 2) ** 2
        weights = np.sinc(distance * cutoff) * window
        self._weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        # Silence before the beginning.
        self._held: Samples = np.zeros(self._half - 1, np.float32)
        # Of the next output sample: which of the held samples it follows, and its phase.
        self._base, self._phase = self._half - 1, 0

    def feed(self, samples: "Samples") -> "Samples":
        np = self._np
        if self._is_same:
            return samples
        held = np.concatenate([self._held, samples])
        last = len(held) - 1 - self._half
        if last < self._base:
            self._held = held
            return held[:0]
        count = ((last - self._base + 1) * self._phases - 1 - self._phase) // self._step + 1
        ticks = self._phase + np.arange(count) * self._step
        bases, phases = self._base + ticks // self._phases, ticks % self._phases
        reach = np.arange(-self._half + 1, self._half + 1)
        result: Samples = np.einsum("ij,ij->i", held[bases[:, None] + reach], self._weights[phases])
        after = self._phase + count * self._step
        base = self._base + after // self._phases
        self._phase = after % self._phases
        gone = base - self._half + 1
        self._held, self._base = held[gone:], base - gone
        return result

    def finish(self) -> "Samples":
        silence = self._np.zeros(0 if self._is_same else self._half, self._np.float32)
        return self.feed(silence)


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise EngineUnavailable(
            "numpy is needed for sound that is not 16 kHz mono (make cognitive)."
        ) from None
    return numpy
