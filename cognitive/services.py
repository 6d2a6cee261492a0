"""Translation and sentiment of messages (cognitive contract 8).

Results are computed when a reader requests them, never when a message is sent, and stored for the
next reader.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cognitive.access import ReadableMessage, may_store_results, readable_message, readable_messages
from cognitive.enrichment import (
    EnrichedMessage,
    Job,
    analyze_sentiments,
    detect_languages,
    translate,
)
from cognitive.results import Results
from threads.access import ThreadAccess
from wire.errors import ChatError


def translate_message(
    *, access: ThreadAccess, message_id: int, targets: Sequence[str], source: str | None = None
) -> EnrichedMessage:
    """Translates a message to each target language; without `source` its language is detected.

    Raises ChatError: 404 if the message is deleted or not visible; 400 if it cannot be translated,
    if its language cannot be detected, and if the pair of languages is not supported; 429 or 503 if
    no engine answers.
    """
    message = readable_message(access, message_id)
    one = EnrichedMessage(message_id, message.version)
    with _job(access, {message: one}) as job:
        if source is None:
            detect_languages(job)
        for target in targets:
            translate(job, target, source)
    return _or_raise(one)


def analyze_sentiment(*, access: ThreadAccess, message_id: int) -> EnrichedMessage:
    """The sentiment of a message. Raises ChatError like `translate_message`."""
    message = readable_message(access, message_id)
    one = EnrichedMessage(message_id, message.version)
    with _job(access, {message: one}) as job:
        analyze_sentiments(job)
    return _or_raise(one)


def enrich_messages(
    *,
    access: ThreadAccess,
    message_ids: Sequence[int],
    translate_to: str | None = None,
    sentiment: bool = False,
) -> list[EnrichedMessage]:
    """Translations and sentiments of a page of messages, in the order of `message_ids`.

    Errors are returned with the message. Raises ChatError 429 or 503 if the engines returned no
    result for any message.
    """
    enriched, readable = _to_enrich(readable_messages(access, message_ids))
    with _job(access, readable) as job:
        if translate_to is not None:
            detect_languages(job)
            translate(job, translate_to)
        if sentiment:
            analyze_sentiments(job)
    _raise_if_no_result(list(readable.values()))
    return enriched


def _to_enrich(
    messages: dict[int, ReadableMessage | ChatError],
) -> tuple[list[EnrichedMessage], dict[ReadableMessage, EnrichedMessage]]:
    """All items of the result, and the items of readable messages by message."""
    enriched: list[EnrichedMessage] = []
    readable: dict[ReadableMessage, EnrichedMessage] = {}
    for message_id, message in messages.items():
        if isinstance(message, ChatError):
            enriched.append(EnrichedMessage(message_id, problems=[message]))
        else:
            readable[message] = EnrichedMessage(message_id, message.version)
            enriched.append(readable[message])
    return enriched, readable


@contextmanager
def _job(access: ThreadAccess, messages: dict[ReadableMessage, EnrichedMessage]) -> Iterator[Job]:
    results = Results(access.thread_pk, messages, enabled=may_store_results(access))
    yield Job(messages, results, access.caller.resource_id)
    results.save()


def _or_raise(one: EnrichedMessage) -> EnrichedMessage:
    if one.problems:
        raise one.problems[0]
    return one


def _raise_if_no_result(enriched: Sequence[EnrichedMessage]) -> None:
    """Raises the first temporary error if no message has a result."""
    problems = [problem for one in enriched for problem in one.problems]
    answered = any(one.translations or one.sentiment for one in enriched)
    temporary = [problem for problem in problems if problem.status in (429, 503)]
    if enriched and not answered and temporary:
        raise temporary[0]
