"""The accuracy of the engine e5 on a small sample of what tools/sentiment/README.md measures.

The sentences are our own, in tools/sentiment/chat_sentences.json.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from cognitive.abilities import UNDETERMINED
from cognitive.providers.e5 import E5
from cognitive.sentences import sentence_label
from tools.sentiment import material
from tools.sentiment.evaluate import count_correct, durations_ms

pytestmark = [pytest.mark.cognitive, pytest.mark.usefixtures("text_engines")]


@pytest.fixture(scope="module")
def e5() -> E5:
    """The engine, loaded once."""
    return E5()


@pytest.mark.parametrize("language", sorted(material.chat_rows()))
def test_everyday_chat_is_judged_right_in_six_languages(e5: E5, language: str) -> None:
    rows = material.chat_rows()[language]
    assert len(rows) == 24
    assert count_correct(e5, rows, language) >= 20


def test_the_scores_add_up_whatever_is_sent(e5: E5) -> None:
    texts = ["", " ", "k", "\x00", "a" * 5000, "\U0001f44d", "最悪です", "<b>", "\ufffd" * 600]
    for scores in e5.analyze(texts, UNDETERMINED):
        assert scores.positive + scores.neutral + scores.negative == pytest.approx(1, abs=1e-5)
    assert e5.analyze([], UNDETERMINED) == []


def test_emoji_are_judged_by_the_table(e5: E5) -> None:
    [glad, sad] = e5.analyze(["\U0001f389", "\U0001f62d"], UNDETERMINED)
    assert (sentence_label(glad), sentence_label(sad)) == ("positive", "negative")


def test_a_long_text_takes_no_longer_than_its_beginning(e5: E5) -> None:
    long = [("word " * 100_000, 0)]
    # Without a cap it would be minutes.
    assert durations_ms(e5, long)[0] < 20_000


def test_other_engines_keep_their_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    E5().analyze(["hello"], UNDETERMINED)
    assert os.environ["OMP_NUM_THREADS"] == "7"
    monkeypatch.delenv("OMP_NUM_THREADS")
    E5().analyze(["hello"], UNDETERMINED)
    assert "OMP_NUM_THREADS" not in os.environ


def test_threads_that_ask_at_once_get_what_one_gets(e5: E5) -> None:
    texts = [text for rows in material.chat_rows().values() for text, _ in rows[:4]]
    alone = e5.analyze(texts, UNDETERMINED)
    with ThreadPoolExecutor(4) as threads:
        for together in threads.map(lambda _: e5.analyze(texts, UNDETERMINED), range(4)):
            assert together == alone
