"""Splits a text into sentences, and derives its sentiment from theirs."""

import re
from collections.abc import Sequence
from enum import StrEnum

from cognitive.abilities import SentimentScores

# The end of a sentence: punctuation with closing quotes and brackets, or the end of a line. Western
# punctuation must be followed by white space, Chinese and Japanese need not. Possessive quantifiers
# keep the time linear for long runs of punctuation.
_END = re.compile(
    r"""(?:(?<![.!?…])[.!?…]++["'”’»)\]]*+(?=\s)|(?<![。！？｡])[。！？｡]++[」』”’）]*+|\n)\s*+"""
)
# A period after these does not end a sentence: single letters (`p.m.`, `z. B.`), and some words.
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:(?:[^\W\d_]\.)*[^\W\d_]|mrs?|ms|dr|prof|st|vs|etc|approx|no|nr|bzw|ca|sra?|"
    r"p\.ex|cf|mme|dott)\.$",
    re.IGNORECASE,
)
# Characters before a period in which the longest abbreviation fits.
_ABBREVIATION_LENGTH = 8
# Each sentence costs an engine call. Typical messages have three; the maximum length of a message
# would allow thousands.
MAX_SENTENCES = 50


class SentimentLabel(StrEnum):
    """The sentiment of a sentence or a document; only documents are mixed."""

    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"
    MIXED = "mixed"


def split_sentences(text: str, limit: int | None = MAX_SENTENCES) -> list[tuple[int, str]]:
    """The sentences with their offsets in characters, without surrounding white space.

    If there are more than `limit`, adjacent sentences are merged.
    """
    sentences = _split(text)
    if limit is not None and len(sentences) > limit:
        sentences = _merge(text, sentences, limit)
    return sentences


def _merge(text: str, sentences: list[tuple[int, str]], limit: int) -> list[tuple[int, str]]:
    """Groups of adjacent sentences, each except the last at least 1/`limit` of the text long."""
    minimum = len(text) / limit
    groups = []
    first = sentences[0][0]
    for offset, sentence in sentences:
        end = offset + len(sentence)
        if end - first >= minimum or offset == sentences[-1][0]:
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
    """The likeliest of the three; neutral if positive and negative are equal."""
    likeliest = max(scores.positive, scores.neutral, scores.negative)
    if scores.neutral == likeliest or scores.positive == scores.negative:
        return SentimentLabel.NEUTRAL
    return SentimentLabel.POSITIVE if scores.positive == likeliest else SentimentLabel.NEGATIVE


def document_sentiment(
    sentences: Sequence[SentimentScores],
) -> tuple[SentimentLabel, SentimentScores]:
    """Label and scores of a document with at least one sentence (cognitive contract 5).

    Neutral sentences are ignored if there are others; positive and negative ones together make a
    document mixed. The scores are the means of the sentences' scores.
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
