"""Engines for tests of the dialects: what they answer can be told from what they are asked."""

from collections.abc import Sequence

from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineBusy,
    Quality,
    SentimentScores,
    Translation,
)


class FirstWordDetector:
    """Knows a few greetings."""

    name = "first-word"
    version = "1"
    languages = frozenset({"en", "es", "ja"})
    greetings = {"hello": "en", "hola": "es", "konnichiwa": "ja"}

    def detect(self, text: str) -> DetectedLanguage:
        if text == "hey":
            # Likely Japanese, which nothing here translates, perhaps French, less so English.
            others = (DetectedLanguage("fr", 0.3), DetectedLanguage("en", 0.2))
            return DetectedLanguage("ja", 0.4, others)
        language = self.greetings.get(text.lower().split()[0].strip("!.,"))
        return DetectedLanguage(language, 0.987) if language else DetectedLanguage(UNDETERMINED, 0)


class ShoutingTranslator:
    """Says everything louder; English with Spanish and French, Brazilian apart."""

    name = "shouting"
    version = "1"
    languages = frozenset({"en", "es", "fr", "ar"})
    pairs = frozenset(
        {("en", "es"), ("es", "en"), ("en", "fr"), ("en", "ar"), ("en", "pt-BR"), ("en", "pt")}
    )
    calls: list[tuple[tuple[str, ...], str, str]] = []

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        self.calls.append((tuple(texts), source, target))
        return [Translation(f"{target}:{text.upper()}", Quality.GIST) for text in texts]


class GoodAndBad:
    """Likes texts with `good` in them and dislikes those with `bad`."""

    name = "good-and-bad"
    version = "1"
    languages = frozenset({"en", "es"})
    asked_in: list[str] = []

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        self.asked_in.append(language)
        return [self._judge(sentence) for sentence in sentences]

    def _judge(self, sentence: str) -> SentimentScores:
        if "good" in sentence:
            return SentimentScores(0.979, 0.0105, 0.0105)
        if "bad" in sentence:
            return SentimentScores(0.01, 0.29, 0.70)
        return SentimentScores(0.333, 0.334, 0.333)


class BusyDetector(FirstWordDetector):
    """Has no time."""

    def detect(self, text: str) -> DetectedLanguage:
        raise EngineBusy("All of it is in use.")


class BrokenAnalyser(GoodAndBad):
    """Falls over."""

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        raise ZeroDivisionError(f"while reading {sentences[0]}")
