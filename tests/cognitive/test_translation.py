"""Apertium and py3langid themselves, on sentences that ship with the tests and with Django.

`everyday.json` holds 40 sentences in three languages, written for these tests. The longer
evaluation is `python -m bench --only cognitive`.
"""

import json
import shutil
from functools import cache
from pathlib import Path

import pytest

from bench.chrf import chrf
from bench.sample_texts import LANGUAGES, beginnings
from cognitive.abilities import UNDETERMINED, Quality
from cognitive.providers.apertium import Apertium
from cognitive.providers.py3langid import Py3langid

pytestmark = pytest.mark.cognitive

FOLDER = Path(__file__).parent


@pytest.fixture(scope="module")
def apertium() -> Apertium:
    """The installed one, or skip."""
    if shutil.which("apertium") is None:
        pytest.skip("Apertium is not installed (make cognitive)")
    return Apertium()


@pytest.fixture(scope="module")
def detector() -> Py3langid:
    """The installed one, or skip."""
    pytest.importorskip("py3langid", reason="py3langid is not installed (make cognitive)")
    return Py3langid()


@cache
def everyday(language: str) -> list[str]:
    material = json.loads((FOLDER / "everyday.json").read_text())
    return [sentence[language] for sentence in material["sentences"]]


@pytest.mark.parametrize(
    ("source", "target", "least"),
    [("en", "es", 55), ("es", "en", 55), ("en", "fr", 48), ("fr", "en", 46)],
)
def test_everyday_sentences_keep_their_gist(
    apertium: Apertium, source: str, target: str, least: float
) -> None:
    found = apertium.translate(everyday(source), source, target)
    assert all(one.text.strip() for one in found)
    score = chrf([one.text for one in found], everyday(target))
    # Copying the source would get this far.
    assert chrf(everyday(source), everyday(target)) < 35
    assert score >= least


def test_many_texts_are_translated_as_each_alone(apertium: Apertium) -> None:
    texts = everyday("en")[:2]
    together = apertium.translate(texts, "en", "es")
    assert together == [apertium.translate([text], "en", "es")[0] for text in texts]


def test_lines_blanks_names_addresses_and_signs_stay(apertium: Apertium) -> None:
    text = "Hello @bob!\n\n  The house: https://example.org/a_b?c=1 😀\r\n*really* #2 {x} 3*4\n"
    (found,) = apertium.translate([text], "en", "es")
    assert found.text.startswith("Hola @bob!\n\n  La casa: https://example.org/a_b?c=1 😀\r\n*")
    assert found.text.endswith("* #2 {x} 3*4\n")
    assert found.quality == Quality.GIST


def test_texts_without_words_come_back(apertium: Apertium) -> None:
    texts = ["", " ", "\n", "😀", "12:30", "---"]
    assert [one.text for one in apertium.translate(texts, "en", "es")] == texts


def test_what_the_dictionary_does_not_know_lowers_the_quality(apertium: Apertium) -> None:
    known, unknown = apertium.translate(["The house is big", "Frobnicate zorgle blorp"], "en", "es")
    assert known.quality == Quality.GIST
    assert unknown.quality == Quality.LOW
    assert unknown.text == "Frobnicate zorgle blorp"


def test_what_means_something_to_shells_and_to_apertium_is_text(apertium: Apertium) -> None:
    signs = ["$(touch x); `id`", "^house<n>$", "[<b>]", "\\", "\0", "-u", "^$", "\u2217*\uff03#"]
    found = apertium.translate([f"house {text} house" for text in signs], "en", "es")
    for text, one in zip(signs, found, strict=True):
        assert one.text.lower().startswith("casa"), text
        assert one.text.lower().endswith("casa"), text


def test_the_first_words_tell_the_language(detector: Py3langid) -> None:
    asked = [(one, text) for one in LANGUAGES for text in beginnings(one, 4, 20)]
    right = [language for language, text in asked if detector.detect(text).language == language]
    assert len(asked) == 500
    assert len(right) / len(asked) >= 0.93


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_everyday_sentences_tell_their_language(detector: Py3langid, language: str) -> None:
    found = [detector.detect(text).language for text in everyday(language)]
    assert found.count(language) >= 0.92 * len(found)


@pytest.mark.parametrize(
    "text", ["", "ok", "😀😀", "12:30", "@bob https://example.org/le/chat", "k"]
)
def test_what_tells_nothing_is_undetermined(detector: Py3langid, text: str) -> None:
    assert detector.detect(text).language == UNDETERMINED


@pytest.mark.parametrize(("text", "language"), [("最悪です", "ja"), ("谢谢", "zh"), ("안녕", "ko")])
def test_two_signs_tell_the_languages_that_write_so(
    detector: Py3langid, text: str, language: str
) -> None:
    assert detector.detect(text).language == language
