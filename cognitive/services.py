"""What readers ask about messages (cognitive contract 8).

It is computed for whoever asks, never when a message is sent, and kept for the next reader.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from cognitive.access import Readable, keeps_results, readable_message, readable_messages
from cognitive.findings import Enriched, Work, judge, tell_languages, translate
from cognitive.results import Results
from threads.access import ThreadAccess
from wire.errors import ChatError


def translate_message(
    *, access: ThreadAccess, message_id: int, targets: Sequence[str], source: str | None = None
) -> Enriched:
    """A message in each of the target languages; without `source` its language is detected.

    Raises ChatError: 404 for a message that is not visible or deleted; 400 for one that cannot be
    translated, for a language that cannot be told, and for a pair of languages that no engine
    knows; 429 and 503 when no engine answers.
    """
    message = readable_message(access, message_id)
    one = Enriched(message_id, message.version)
    with _work(access, {message: one}) as work:
        if source is None:
            tell_languages(work)
        for target in targets:
            translate(work, target, source)
    return _or_refuse(one)


def analyze_sentiment(*, access: ThreadAccess, message_id: int) -> Enriched:
    """The sentiment of a message. Raises ChatError: 404 and 400 as above, 429 and 503."""
    message = readable_message(access, message_id)
    one = Enriched(message_id, message.version)
    with _work(access, {message: one}) as work:
        judge(work)
    return _or_refuse(one)


def enrich_messages(
    *,
    access: ThreadAccess,
    message_ids: Sequence[int],
    translate_to: str | None = None,
    sentiment: bool = False,
) -> list[Enriched]:
    """What can be found out about a page of messages, in the order of `message_ids`.

    What cannot be is said with each message. Raises ChatError 429 and 503 when engines could say
    nothing of any.
    """
    found = readable_messages(access, message_ids)
    enriched = {message_id: Enriched(message_id) for message_id in found}
    readable: dict[Readable, Enriched] = {}
    for message_id, message in found.items():
        one = enriched[message_id]
        if isinstance(message, ChatError):
            one.problems.append(message)
        else:
            one.version = message.version
            readable[message] = one
    with _work(access, readable) as work:
        if translate_to is not None:
            tell_languages(work)
            translate(work, translate_to)
        if sentiment:
            judge(work)
    _refuse_if_useless(list(readable.values()))
    return list(enriched.values())


@contextmanager
def _work(access: ThreadAccess, messages: dict[Readable, Enriched]) -> Iterator[Work]:
    results = Results(access.thread_pk, messages, keeps=keeps_results(access))
    yield Work(messages, results, access.caller.resource_id)
    results.save()


def _or_refuse(one: Enriched) -> Enriched:
    if one.problems:
        raise one.problems[0]
    return one


def _refuse_if_useless(enriched: Sequence[Enriched]) -> None:
    """Raises what the engines had to say if it was no answer for any message."""
    problems = [problem for one in enriched for problem in one.problems]
    answered = any(one.translations or one.sentiment for one in enriched)
    waiting = [problem for problem in problems if problem.status in (429, 503)]
    if enriched and not answered and waiting:
        raise waiting[0]
