"""Engines for tests of the Azure APIs, with predictable results."""

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
    """Detects the language by a few greetings."""

    name = "first-word"
    version = "1"
    languages = frozenset({"en", "es", "ja"})
    greetings = {"hello": "en", "hola": "es", "konnichiwa": "ja"}

    def detect(self, text: str) -> DetectedLanguage:
        if text == "hey":
            # Most likely Japanese, which no engine translates, then French, then English.
            others = (DetectedLanguage("fr", 0.3), DetectedLanguage("en", 0.2))
            return DetectedLanguage("ja", 0.4, others)
        language = self.greetings.get(text.lower().split()[0].strip("!.,"))
        return DetectedLanguage(language, 0.987) if language else DetectedLanguage(UNDETERMINED, 0)


class ShoutingTranslator:
    """Translates to upper case; some pairs with English, among them Brazilian Portuguese."""

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
    """Scores texts with `good` as positive and with `bad` as negative."""

    name = "good-and-bad"
    version = "1"
    languages = frozenset({"en", "es"})
    languages_called: list[str] = []

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        self.languages_called.append(language)
        return [self._score(sentence) for sentence in sentences]

    def _score(self, sentence: str) -> SentimentScores:
        if "good" in sentence:
            return SentimentScores(0.979, 0.0105, 0.0105)
        if "bad" in sentence:
            return SentimentScores(0.01, 0.29, 0.70)
        return SentimentScores(0.333, 0.334, 0.333)


class BusyDetector(FirstWordDetector):
    """Is always busy."""

    def detect(self, text: str) -> DetectedLanguage:
        raise EngineBusy("All of it is in use.")


class BrokenAnalyzer(GoodAndBad):
    """Always raises an exception."""

    def analyze(self, sentences: Sequence[str], language: str) -> list[SentimentScores]:
        raise ZeroDivisionError(f"while reading {sentences[0]}")
