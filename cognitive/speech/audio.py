"""Parses WAV headers, and converts audio to the format of the engines.

The engines' format is 16-bit PCM, mono, 16 kHz. The SDKs record microphones in this format, so that
most streams need no conversion.
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
_MIN_HZ, _MAX_HZ = 8_000, 96_000
_MAX_CHANNELS = 8
_PCM, _EXTENSIBLE = 1, 0xFFFE
# Recorders write shorter headers.
_MAX_HEADER_BYTES = 64 * 1024
# The samples on each side that contribute to a resampled one.
_KERNEL_RADIUS = 16


class UnsupportedAudio(Exception):
    """Audio in an unsupported format; the text describes the supported one to the client."""


@dataclass(frozen=True)
class AudioFormat:
    """Uncompressed 16-bit little-endian samples."""

    rate_hz: int = ENGINE_RATE_HZ
    channels: int = 1

    @property
    def bytes_per_second(self) -> int:
        """The bytes per second of audio."""
        return self.rate_hz * self.channels * 2

    def milliseconds(self, size: int) -> int:
        """The duration of `size` bytes of audio."""
        return size * 1000 // self.bytes_per_second


def read_wav_header(data: bytes) -> tuple[AudioFormat, int] | None:
    """The format of a WAV file that starts with `data`, and the offset of its samples.

    None if the header is incomplete. Raises UnsupportedAudio for anything but 16-bit PCM. The
    length of the samples in the header is ignored, because it is zero in streams.
    """
    if len(data) < 12:
        return None
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise UnsupportedAudio("The audio must be a WAV file (RIFF) with 16-bit PCM samples.")
    audio_format = None
    at = 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if name == b"data":
            if audio_format is None:
                raise UnsupportedAudio("The WAV header has no format chunk before the samples.")
            return audio_format, at + 8
        if name == b"fmt ":
            if at + 8 + 16 > len(data):
                return None
            audio_format = _read_format(data[at + 8 : at + 8 + min(size, 40)])
        at += 8 + size + size % 2
        if at > _MAX_HEADER_BYTES:
            raise UnsupportedAudio("The WAV header is too long.")
    return None


def _read_format(chunk: bytes) -> AudioFormat:
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", chunk[:16])
    if tag == _EXTENSIBLE and len(chunk) >= 26:
        tag = int.from_bytes(chunk[24:26], "little")
    if tag != _PCM or bits != 16:
        raise UnsupportedAudio("The samples of the WAV file must be 16-bit PCM.")
    if not 1 <= channels <= _MAX_CHANNELS or not _MIN_HZ <= rate <= _MAX_HZ:
        raise UnsupportedAudio(
            f"The audio must have 1 to {_MAX_CHANNELS} channels"
            f" and {_MIN_HZ} to {_MAX_HZ} samples per second."
        )
    return AudioFormat(rate, channels)


class Converter:
    """Converts a stream to 16 kHz mono, in pieces of any size."""

    def __init__(self, audio_format: AudioFormat) -> None:
        self._frame_bytes = 2 * audio_format.channels
        self._channels = audio_format.channels
        self._rest = b""
        self._is_unchanged = audio_format == AudioFormat()
        if not self._is_unchanged:
            self._np = _numpy()
            self._resampler = _Resampler(self._np, audio_format.rate_hz)

    def convert(self, pcm: bytes) -> bytes:
        """Converts the next piece of the stream."""
        pcm = self._rest + pcm
        whole = len(pcm) // self._frame_bytes * self._frame_bytes
        pcm, self._rest = pcm[:whole], pcm[whole:]
        if self._is_unchanged or not pcm:
            return pcm
        samples = self._np.frombuffer(pcm, "<i2").astype(self._np.float32)
        mono = samples.reshape(-1, self._channels).mean(axis=1)
        return self._as_bytes(self._resampler.feed(mono))

    def finish(self) -> bytes:
        """The end of the audio, which was held back for resampling."""
        return b"" if self._is_unchanged else self._as_bytes(self._resampler.finish())

    def _as_bytes(self, samples: "Samples") -> bytes:
        pcm: bytes = self._np.clip(self._np.rint(samples), -32768, 32767).astype("<i2").tobytes()
        return pcm


class _Resampler:
    """Resamples to 16 kHz with a windowed-sinc low-pass filter."""

    def __init__(self, np: Any, rate_hz: int) -> None:
        self._np = np
        common = math.gcd(rate_hz, ENGINE_RATE_HZ)
        # Output sample n is at position n * step / phases of the input.
        self._step, self._phases = rate_hz // common, ENGINE_RATE_HZ // common
        self._is_same = rate_hz == ENGINE_RATE_HZ
        cutoff = min(1.0, ENGINE_RATE_HZ / rate_hz) * 0.95
        self._half = math.ceil(_KERNEL_RADIUS / cutoff)
        offsets = np.arange(-self._half + 1, self._half + 1)
        distance = np.arange(self._phases)[:, None] / self._phases - offsets[None, :]
        window = np.cos(np.clip(distance / self._half, -1, 1) * math.pi / 2) ** 2
        weights = np.sinc(distance * cutoff) * window
        self._weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        # Silence before the first sample.
        self._held: Samples = np.zeros(self._half - 1, np.float32)
        # The held sample that the next output sample follows, and the phase of the latter.
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
        offsets = np.arange(-self._half + 1, self._half + 1)
        windows = held[bases[:, None] + offsets]
        result: Samples = np.einsum("ij,ij->i", windows, self._weights[phases])
        after = self._phase + count * self._step
        base = self._base + after // self._phases
        self._phase = after % self._phases
        used = base - self._half + 1
        self._held, self._base = held[used:], base - used
        return result

    def finish(self) -> "Samples":
        silence = self._np.zeros(0 if self._is_same else self._half, self._np.float32)
        return self.feed(silence)


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise EngineUnavailable(
            "numpy is required for audio that is not 16 kHz mono. Run `make cognitive`."
        ) from None
    return numpy
