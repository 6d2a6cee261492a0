"""Headers of WAV files, and sound of other rates than the engines'."""

import pytest

from cognitive.speech.audio import AudioFormat, Converter, UnsupportedAudio, read_wav_header
from cognitive.tests.speech import wav_header

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]


def test_a_header_tells_rate_channels_and_where_the_sound_begins() -> None:
    header = wav_header(rate=44_100, channels=2)
    assert read_wav_header(header + b"..") == (AudioFormat(44_100, 2), 44)
    listed = header[:36] + b"LIST\x03\0\0\0abc\0" + header[36:]
    assert read_wav_header(listed) == (AudioFormat(44_100, 2), 56)


def test_an_extensible_header_of_pcm_is_pcm() -> None:
    plain = wav_header(tag=0xFFFE)
    more = b"\x16\0\x10\0\x04\0\0\0\x01\0\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"
    header = plain[:16] + (16 + len(more)).to_bytes(4, "little") + plain[20:36] + more
    assert read_wav_header(header + plain[36:]) == (AudioFormat(), 44 + len(more))


def test_a_header_that_goes_on_is_waited_for() -> None:
    header = wav_header()
    assert all(read_wav_header(header[:size]) is None for size in range(len(header)))


@pytest.mark.parametrize(
    "header",
    [
        wav_header(bits=24),
        wav_header(tag=3),
        wav_header(channels=9),
        wav_header(rate=200_000),
        wav_header()[:12] + wav_header()[36:],
        wav_header()[:12] + b"junk\xff\xff\xff\x7f" + bytes(100),
    ],
)
def test_other_formats_are_unsupported(header: bytes) -> None:
    with pytest.raises(UnsupportedAudio):
        read_wav_header(header)


def test_sound_in_the_engines_format_is_passed_on_as_it_is() -> None:
    converter = Converter(AudioFormat())
    assert converter.convert(b"abc") == b"ab"
    assert converter.convert(b"def") == b"cdef"
    assert converter.finish() == b""


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_a_tone_keeps_pitch_and_loudness_at_any_rate(rate: int, channels: int) -> None:
    np = pytest.importorskip("numpy", reason="make cognitive")
    tone = (10_000 * np.sin(np.arange(rate) * 2 * np.pi * 440 / rate)).astype("<i2")
    pcm = np.repeat(tone[:, None], channels, axis=1).tobytes()
    whole = Converter(AudioFormat(rate, channels))
    converted = whole.convert(pcm) + whole.finish()
    samples = np.frombuffer(converted, "<i2").astype(float)
    assert len(samples) == pytest.approx(16_000, abs=2)
    expected = 10_000 * np.sin(np.arange(len(samples)) * 2 * np.pi * 440 / 16_000)
    middle = slice(200, -200)
    assert np.abs(samples - expected)[middle].max() < 120
    pieces = Converter(AudioFormat(rate, channels))
    parts = [pieces.convert(pcm[at : at + 1_001]) for at in range(0, len(pcm), 1_001)]
    assert b"".join(parts) + pieces.finish() == converted


def test_what_16_khz_cannot_hold_is_taken_out() -> None:
    np = pytest.importorskip("numpy", reason="make cognitive")
    tone = (10_000 * np.sin(np.arange(48_000) * 2 * np.pi * 12_000 / 48_000)).astype("<i2")
    samples = np.frombuffer(Converter(AudioFormat(48_000)).convert(tone.tobytes()), "<i2")
    assert np.abs(samples[200:-200]).max() < 100
