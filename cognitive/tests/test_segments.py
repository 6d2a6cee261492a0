"""Splitting audio into phrases by loudness."""

import math
from array import array

from cognitive.speech.segments import PhraseRecognition, Segmenter

SECOND = 16_000


def tone(seconds: float, loudness: int = 8_000) -> bytes:
    """A loud tone."""
    count = int(seconds * SECOND)
    return array("h", (int(loudness * math.sin(n / 5)) for n in range(count))).tobytes()


def hum(seconds: float, loudness: int = 60) -> bytes:
    """The noise of a quiet room."""
    return tone(seconds, loudness)


def seconds(size: int) -> float:
    return size / 2 / SECOND


def test_phrases_are_what_is_between_silences() -> None:
    sound = hum(1) + tone(1) + hum(1) + tone(2) + hum(0.3)
    segmenter = Segmenter()
    found = [
        phrase
        for at in range(0, len(sound), 3_200)
        for phrase in segmenter.feed(sound[at : at + 3_200])
    ]
    assert len(found) == 1
    found += segmenter.finish()
    (first_ms, first), (second_ms, second) = found
    # A little before and after belongs to each.
    assert 600 <= first_ms <= 1_000 and 1 <= seconds(len(first)) <= 2
    assert 2_600 <= second_ms <= 3_000 and 2 <= seconds(len(second)) <= 2.8
    assert segmenter.finish() == []


def test_a_click_is_no_phrase() -> None:
    segmenter = Segmenter()
    assert segmenter.feed(hum(1) + tone(0.05) + hum(2)) == []
    assert segmenter.finish() == []


def test_a_loud_room_is_not_speech_for_ever() -> None:
    segmenter = Segmenter()
    found = segmenter.feed(tone(60, 4_000))
    assert found, "it was taken for speech at first"
    assert all(seconds(len(phrase)) < 20 for _, phrase in found)


def test_somebody_who_never_pauses_is_cut() -> None:
    segmenter = Segmenter()
    talk = b"".join(tone(0.4) + hum(0.1) for _ in range(60))
    assert seconds(len(segmenter.feed(talk)[0][1])) < 20


def test_the_text_of_a_phrase_comes_with_its_place() -> None:
    asked: list[int] = []

    def transcribe(pcm: bytes) -> str:
        asked.append(len(pcm))
        return " hello "

    stream = PhraseRecognition(transcribe)
    (heard,) = stream.feed(hum(1) + tone(1) + hum(1))
    assert (heard.text, heard.is_final) == ("hello", True)
    assert 600 <= heard.offset_ms <= 1_000
    assert 1_000 <= heard.duration_ms <= 2_000
    assert len(asked) == 1
    assert stream.finish() == []
