"""Splitting a text into sentences, and what the sentiments of sentences say about their text."""

import re
from collections.abc import Sequence
from enum import StrEnum

from cognitive.abilities import SentimentScores

# The end of a sentence: closing marks with what closes behind them, or the end of a line. A full
# stop counts before white space only; those of Chinese and Japanese need none.
# No mark is looked at twice, however many stand in a row.
_END = re.compile(
    r"""(?:(?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s)|(?<![。！？｡])[。！？｡]++[」』”’）]*+|\n)\s*+"""
)
# After these a full stop ends nothing: single letters (`p.m.`, `z. B.`), and some words.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:(?:[^\W\d_]\.)*[^\W\d_]|mrs?|ms|dr|prof|st|vs|etc|approx|no|nr|bzw|ca|sra?|"
    r"p\.ex|cf|mme|dott)\.$",
    re.IGNORECASE,
)
# How far before a full stop the longest abbreviation begins.
_ABBREVIATION_LENGTH = 8
# Each is a question to an engine. A message of everyday chat has three; the limit of a message's
# length allows thousands of one letter.
MOST_SENTENCES = 50


class SentimentLabel(StrEnum):
    """The sentiment of a sentence or a document; only documents are mixed."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MIXED = "mixed"


def split_sentences(text: str, most: int | None = MOST_SENTENCES) -> list[tuple[int, str]]:
    """The sentences, each with its offset in characters, without the white space around them.

    Where there are more than `most`, neighbors are put together.
    """
    sentences = _split(text)
    if most is not None and len(sentences) > most:
        sentences = _put_together(text, sentences, most)
    return sentences


def _put_together(text: str, sentences: list[tuple[int, str]], most: int) -> list[tuple[int, str]]:
    """Groups of neighbors, each as long as the text divided by `most`, but for the last."""
    least = len(text) / most
    groups = []
    first = sentences[0][0]
    for offset, sentence in sentences:
        end = offset + len(sentence)
        if end - first >= least or offset == sentences[-1][0]:
            groups.append((first, text[first:end]))
            first = end
    return [(at + len(part) - len(part.lstrip()), part.strip()) for at, part in groups]


def _split(text: str) -> list[tuple[int, str]]:
    sentences = []
    start = 0
    for end in _END.finditer(text):
        before = text[max(start, end.start() - _ABBREVIATION_LENGTH) : end.start() + 1]
        if before.endswith(".") and _ABBREVIATION.search(before):
            continue
        sentences.append((start, text[start : end.end()]))
        start = end.end()
    sentences.append((start, text[start:]))
    return [
        (offset + len(piece) - len(piece.lstrip()), piece.strip())
        for offset, piece in sentences
        if piece.strip()
    ]


def sentence_label(scores: SentimentScores) -> SentimentLabel:
    """The likeliest of the three; neutral where two are equally likely."""
    likeliest = max(scores.positive, scores.neutral, scores.negative)
    if scores.neutral == likeliest or scores.positive == scores.negative:
        return SentimentLabel.NEUTRAL
    return SentimentLabel.POSITIVE if scores.positive == likeliest else SentimentLabel.NEGATIVE


def document_sentiment(
    sentences: Sequence[SentimentScores],
) -> tuple[SentimentLabel, SentimentScores]:
    """Label and scores of a document of at least one sentence (cognitive contract 5).

    Neutral sentences do not count beside others; positive and negative ones together are mixed.
    The scores are the means of the sentences' scores.
    """
    labels = {sentence_label(scores) for scores in sentences} - {SentimentLabel.NEUTRAL}
    count = len(sentences)
    mean = SentimentScores(
        positive=sum(scores.positive for scores in sentences) / count,
        neutral=sum(scores.neutral for scores in sentences) / count,
        negative=sum(scores.negative for scores in sentences) / count,
    )
    match list(labels):
        case []:
            return SentimentLabel.NEUTRAL, mean
        case [label]:
            return label, mean
    return SentimentLabel.MIXED, mean
