"""Splitting into sentences, and what their sentiments say about the whole."""

import time

import pytest

from cognitive.abilities import SentimentScores
from cognitive.sentences import (
    MAX_SENTENCES,
    SentimentLabel,
    document_sentiment,
    sentence_label,
    split_sentences,
)

GLAD = SentimentScores(0.8, 0.1, 0.1)
SAD = SentimentScores(0.1, 0.1, 0.8)
PLAIN = SentimentScores(0.2, 0.6, 0.2)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("Ask Dr. Smith at 3.30 p.m. or so", ["Ask Dr. Smith at 3.30 p.m. or so"]),
        ("今日は最悪です。でも明日は！", ["今日は最悪です。", "でも明日は！"]),
        ("first line\nsecond line", ["first line", "second line"]),
        ("Well... fine", ["Well...", "fine"]),
        ("  see example.com/a.b  ", ["see example.com/a.b"]),
        ("👍", ["👍"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    found = split_sentences(text)
    assert [sentence for _, sentence in found] == sentences
    assert all(text[at:].startswith(sentence) for at, sentence in found)


def test_a_thousand_sentences_are_put_together() -> None:
    text = "aa. bb! " * 1000
    found = split_sentences(text)
    assert MAX_SENTENCES // 2 <= len(found) <= MAX_SENTENCES + 1
    assert " ".join(sentence for _, sentence in found) == text.strip()
    assert all(text[at:].startswith(sentence) for at, sentence in found)
    assert len(split_sentences(text, limit=None)) == 2000


@pytest.mark.parametrize("piece", ["a.", ".", "\n", "。", "e.g.", "!\"'", "(" * 9, "… "])
def test_splitting_takes_no_longer_than_the_text(piece: str) -> None:
    started = time.perf_counter()
    split_sentences(piece * 50_000)
    # A tenth of this on a quiet machine; hours if it were squared.
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize(
    ("sentences", "label"),
    [
        ([GLAD], SentimentLabel.POSITIVE),
        ([GLAD, PLAIN], SentimentLabel.POSITIVE),
        ([SAD, PLAIN, PLAIN], SentimentLabel.NEGATIVE),
        ([GLAD, SAD], SentimentLabel.MIXED),
        ([PLAIN, PLAIN], SentimentLabel.NEUTRAL),
    ],
)
def test_the_label_of_a_document(sentences: list[SentimentScores], label: SentimentLabel) -> None:
    found, scores = document_sentiment(sentences)
    assert found == label
    assert scores.positive + scores.neutral + scores.negative == pytest.approx(1)


def test_a_draw_is_neutral() -> None:
    assert sentence_label(SentimentScores(0.5, 0.0, 0.5)) == SentimentLabel.NEUTRAL
    assert sentence_label(SentimentScores(0.4, 0.4, 0.2)) == SentimentLabel.NEUTRAL
