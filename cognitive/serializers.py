"""Request and response bodies of the operations on messages (docs/cognitive.md)."""

from typing import Any

from cognitive import limits
from cognitive.abilities import DetectedLanguage
from cognitive.enrichment import EnrichedMessage, MessageSentiment, MessageTranslation
from cognitive.languages import canonical, is_code
from wire import fields
from wire.errors import ChatError
from wire.identifiers import parse_message_id


class Language(fields.InputField):
    """A language code, in its usual case."""

    default_error_messages = {"invalid": "it must be a language code, such as 'es'."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not is_code(data):
            self.fail("invalid")
        return canonical(data)


class Languages(fields.InputField):
    """A list of language codes, without duplicates."""

    default_error_messages = {
        "invalid": "it must be a list of 1 to {most} language codes, such as ['es'].",
    }

    def to_internal_value(self, data: Any) -> list[str]:
        codes = data if isinstance(data, list) else []
        if not all(isinstance(code, str) and is_code(code) for code in codes):
            codes = []
        if not 1 <= len(codes) <= limits.TARGETS_PER_REQUEST:
            self.fail("invalid", most=limits.TARGETS_PER_REQUEST)
        return list(dict.fromkeys(map(canonical, codes)))


class MessageIds(fields.InputField):
    """A list of message ids, without duplicates."""

    default_error_messages = {
        "invalid": "it must be a list of 1 to {most} message ids.",
    }

    def to_internal_value(self, data: Any) -> list[int]:
        ids = data if isinstance(data, list) else []
        if (
            not all(isinstance(one, str) for one in ids)
            or not 1 <= len(ids) <= limits.MESSAGES_PER_REQUEST
        ):
            self.fail("invalid", most=limits.MESSAGES_PER_REQUEST)
        return list(dict.fromkeys(map(parse_message_id, ids)))


class Flag(fields.InputField):
    default_error_messages = {"invalid": "it must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class TranslateRequest(fields.WireSerializer):
    """`POST …/messages/{id}:translate`."""

    to = Languages(source="targets")

    def get_fields(self) -> dict[str, Any]:
        """Adds the member `from`, which is a Python keyword."""
        return {**super().get_fields(), "from": Language(source="source", required=False)}


class EnrichRequest(fields.WireSerializer):
    """`POST …/messages:enrich`."""

    ids = MessageIds(source="message_ids")
    translateTo = Language(source="translate_to", required=False)
    sentiment = Flag(required=False)


def _start(one: EnrichedMessage) -> dict[str, Any]:
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


def translated_message(one: EnrichedMessage) -> dict[str, Any]:
    """The response to `:translate`, with the language if it was detected."""
    body = _start(one)
    if one.language is not None:
        body["detectedLanguage"] = _language(one.language)
    body["translations"] = [_translation(translation) for translation in one.translations]
    return body


def analyzed_message(one: EnrichedMessage) -> dict[str, Any]:
    """The response to `:analyzeSentiment`."""
    assert one.sentiment is not None, "the service raises if there is none"
    return {**_start(one), **_sentiment(one.sentiment)}


def enriched_message(one: EnrichedMessage) -> dict[str, Any]:
    """An item of the response to `:enrich`; `errors` has the reasons for what is missing."""
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
