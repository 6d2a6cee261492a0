"""Bodies of the own operations on messages (docs/cognitive.md)."""

from typing import Any

from cognitive import limits
from cognitive.abilities import DetectedLanguage
from cognitive.findings import Enriched, MessageSentiment, MessageTranslation
from cognitive.languages import canonical, is_code
from wire import fields
from wire.errors import ChatError
from wire.identifiers import parse_message_id


class Language(fields.InputField):
    """The code of a language, in its usual spelling."""

    default_error_messages = {"invalid": "it must be the code of a language, such as 'es'."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not is_code(data):
            self.fail("invalid")
        return canonical(data)


class Languages(fields.InputField):
    """Some languages, each once."""

    default_error_messages = {
        "invalid": "it must be a list of 1 to {most} codes of languages, such as ['es'].",
    }

    def to_internal_value(self, data: Any) -> list[str]:
        codes = data if isinstance(data, list) else []
        if not all(isinstance(code, str) and is_code(code) for code in codes):
            codes = []
        if not 1 <= len(codes) <= limits.TARGETS:
            self.fail("invalid", most=limits.TARGETS)
        return list(dict.fromkeys(map(canonical, codes)))


class MessageIds(fields.InputField):
    """The ids of a page of messages, each once."""

    default_error_messages = {
        "invalid": "it must be a list of 1 to {most} ids of messages.",
    }

    def to_internal_value(self, data: Any) -> list[int]:
        ids = data if isinstance(data, list) else []
        if not all(isinstance(one, str) for one in ids) or not 1 <= len(ids) <= limits.MESSAGES:
            self.fail("invalid", most=limits.MESSAGES)
        return list(dict.fromkeys(map(parse_message_id, ids)))


class Flag(fields.InputField):
    """True or false."""

    default_error_messages = {"invalid": "it must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class TranslateRequest(fields.WireSerializer):
    """`POST …/messages/{id}:translate`."""

    to = Languages(source="targets")

    def get_fields(self) -> dict[str, Any]:
        """With the member whose name Python keeps for itself."""
        return {**super().get_fields(), "from": Language(source="source", required=False)}


class EnrichRequest(fields.WireSerializer):
    """`POST …/messages:enrich`."""

    ids = MessageIds(source="message_ids")
    translateTo = Language(source="translate_to", required=False)
    sentiment = Flag(required=False)


def _start(one: Enriched) -> dict[str, Any]:
    body: dict[str, Any] = {"messageId": str(one.message_id)}
    if one.version is not None:
        body["version"] = str(one.version)
    return body


def _language(language: DetectedLanguage) -> dict[str, Any]:
    return {"language": language.language, "score": language.score}


def _translation(translation: MessageTranslation) -> dict[str, Any]:
    return {
        "to": translation.target,
        "text": translation.text,
        "engine": translation.engine,
        "quality": translation.quality,
        "cached": translation.is_cached,
    }


def _sentiment(sentiment: MessageSentiment) -> dict[str, Any]:
    scores = sentiment.scores
    return {
        "sentiment": sentiment.label,
        "confidenceScores": {
            "positive": scores.positive,
            "neutral": scores.neutral,
            "negative": scores.negative,
        },
        "engine": sentiment.engine,
        "cached": sentiment.is_cached,
    }


def _problem(problem: ChatError) -> dict[str, Any]:
    return {"code": problem.code, "message": problem.message or "The message was not found."}


def translated_message(one: Enriched) -> dict[str, Any]:
    """The answer to `:translate`; the language is there when it was detected."""
    body = _start(one)
    if one.language is not None:
        body["detectedLanguage"] = _language(one.language)
    body["translations"] = [_translation(translation) for translation in one.translations]
    return body


def analyzed_message(one: Enriched) -> dict[str, Any]:
    """The answer to `:analyzeSentiment`."""
    assert one.sentiment is not None, "the service refuses where there is none"
    return {**_start(one), **_sentiment(one.sentiment)}


def enriched_message(one: Enriched) -> dict[str, Any]:
    """An item of the answer to `:enrich`; `errors` says what is missing."""
    body = _start(one)
    if one.language is not None:
        body["detectedLanguage"] = _language(one.language)
    if one.translations:
        body["translation"] = _translation(one.translations[0])
    if one.sentiment is not None:
        body["sentiment"] = _sentiment(one.sentiment)
    if one.problems:
        body["errors"] = [_problem(problem) for problem in one.problems]
    return body
