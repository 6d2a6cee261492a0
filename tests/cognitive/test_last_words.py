"""Words in the audio after Moonshine's last transcription are recognized too."""

import wave
from array import array
from pathlib import Path

import pytest

from tests.cognitive.test_speech_sdks import WAV, is_what_was_said

pytestmark = [pytest.mark.cognitive, pytest.mark.usefixtures("speech_engine")]

BYTES_PER_MS = 32


def until_the_last_word(path: Path) -> bytes:
    """The samples up to where the speaker falls silent."""
    with wave.open(str(path)) as file:
        samples = array("h", file.readframes(file.getnframes()))
    loud = (at for at in range(len(samples), 0, -160) if max(samples[at - 160 : at]) > 500)
    return samples[: next(loud)].tobytes()


@pytest.mark.parametrize("tail_ms", [100, 480])
def test_the_last_word_is_heard_however_the_pieces_fall(tail_ms: int) -> None:
    from cognitive.providers.moonshine import MoonshineModel

    sound = until_the_last_word(WAV)
    # The second piece triggers a transcription; the third is too short for one.
    cuts = [0, -(tail_ms + 520) * BYTES_PER_MS, -tail_ms * BYTES_PER_MS, len(sound)]
    stream = MoonshineModel().open("en", 16_000)
    heard = [one for a, b in zip(cuts, cuts[1:], strict=False) for one in stream.feed(sound[a:b])]
    heard += stream.finish()
    stream.close()
    (said,) = [one.text for one in heard if one.is_final]
    assert is_what_was_said(said), said
