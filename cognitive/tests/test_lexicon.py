"""Sentiment by words: the fallback that is always there, and the table of emoji."""

import pytest

from cognitive.abilities import UNDETERMINED
from cognitive.providers.lexicon import Lexicon
from cognitive.sentences import sentence_label
from cognitive.sentiment import lexicon
from cognitive.sentiment.emoji import emoji_scores
from tools.sentiment import material


@pytest.fixture(params=[True, False], ids=["as installed", "without VADER"])
def engine(request: pytest.FixtureRequest) -> Lexicon:
    """The engine, also as it is where vaderSentiment is not installed."""
    made = Lexicon()
    made.has_vader = made.has_vader and request.param
    return made


def label(engine: Lexicon, text: str, language: str) -> str:
    [scores] = engine.analyze([text], language)
    assert scores.positive + scores.neutral + scores.negative == pytest.approx(1)
    return sentence_label(scores)


@pytest.mark.parametrize(
    ("text", "language", "wanted"),
    [
        ("What a wonderful day", "en", "positive"),
        ("What a terrible day", "en-GB", "negative"),
        ("See you on Monday", "en", "neutral"),
        ("What a wonderful day", UNDETERMINED, "positive"),
        ("Das ist wunderbar", "de", "positive"),
        ("Das ist nicht gut", "de-AT", "negative"),
        ("Je n'aime pas ça", "fr", "negative"),
        ("det er dårlig", "nb", "negative"),
        ("das ist so schrecklich 😀😀😀😀", "de", "positive"),
        ("what is this", "tlh", "neutral"),
        ("😀", "xx", "positive"),
    ],
)
def test_words_decide(engine: Lexicon, text: str, language: str, wanted: str) -> None:
    assert label(engine, text, language) == wanted


def test_chat_in_six_languages() -> None:
    engine = Lexicon()
    for language, rows in material.chat_rows().items():
        labels = [material.LABELS.index(label(engine, text, language)) for text, _ in rows]
        hits = sum(found == wanted for found, (_, wanted) in zip(labels, rows, strict=True))
        assert hits >= 19, language


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("👍", "positive"),
        ("❤️", "positive"),
        ("👍🏽 🎉", "positive"),
        ("😡", "negative"),
        ("💔💔👍", "negative"),
        ("🚂", "neutral"),
        ("👍👎", "neutral"),
        ("!!!", "neutral"),
    ],
)
def test_emoji_speak_for_themselves(text: str, wanted: str) -> None:
    scores = emoji_scores(text)
    assert scores is not None
    assert scores.positive + scores.neutral + scores.negative == pytest.approx(1)
    assert sentence_label(scores) == wanted


@pytest.mark.parametrize("text", ["ok 👍", "👍 1", "はい👍", "", "  "])
def test_where_there_is_something_to_read_emoji_do_not_decide(text: str) -> None:
    assert emoji_scores(text) is None


def test_every_list_can_be_read() -> None:
    languages = lexicon.languages()
    assert len(languages) > 40
    for language in languages:
        words = lexicon.word_list(language)
        assert words is not None
        assert len(words.words) > 1_500
        assert set(words.words.values()) <= set(range(-5, 6))
    assert lexicon.word_list("../head") is None
