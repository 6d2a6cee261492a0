"""Stored results for messages (cognitive contract 8), read and written in one query each."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from cognitive.abilities import Ability
from cognitive.access import ReadableMessage, allows_storing
from cognitive.models import CognitiveResult
from messaging.models import ChatMessage
from threads.models import ChatThread
from wire.times import now_ms

# The languages of a result that is not a translation.
NO_PAIR = ("", "")


@dataclass(frozen=True)
class ResultKey:
    """The kind of a result, its engine and version, and the languages of a translation."""

    kind: Ability
    engine: str
    engine_version: str
    pair: tuple[str, str] = NO_PAIR


class Results:
    """The stored results for the current versions of a thread's messages, and new ones.

    Without `enabled`, nothing is read or written.
    """

    def __init__(
        self, thread_pk: int, messages: Iterable[ReadableMessage], *, enabled: bool
    ) -> None:
        self._thread_pk, self._enabled = thread_pk, enabled
        self._versions = {message.key: message.version for message in messages}
        self._new: list[CognitiveResult] = []
        self._known: dict[tuple[int, ResultKey], Any] = {}
        if enabled and self._versions:
            rows = CognitiveResult.objects.filter(message__in=self._versions)
            for row in rows:
                if row.message_version == self._versions[row.message_id]:
                    pair = (row.source, row.target)
                    key = ResultKey(Ability(row.kind), row.engine, row.engine_version, pair)
                    self._known[row.message_id, key] = row.value

    def find(self, message: ReadableMessage, key: ResultKey) -> Any:
        """The stored result of this version of the engine; None if there is none."""
        return self._known.get((message.key, key))

    def add(self, message: ReadableMessage, key: ResultKey, value: Any) -> None:
        """Adds a new result, which `save` writes."""
        source, target = key.pair
        self._new.append(
            CognitiveResult(
                message_id=message.key,
                message_version=message.version,
                kind=key.kind,
                source=source,
                target=target,
                engine=key.engine,
                engine_version=key.engine_version,
                value=value,
                created_ms=now_ms(),
            )
        )

    def save(self) -> None:
        """Writes the new results, except for messages that have changed or been deleted meanwhile.

        Writes nothing if the thread has opted out meanwhile.
        """
        if not self._new or not self._enabled:
            return
        with transaction.atomic():
            # The lock makes changes of the thread and its messages wait for this transaction.
            threads = ChatThread.objects.select_for_update(no_key=True)
            thread = threads.filter(pk=self._thread_pk, deleted_ms=None).first()
            if thread is not None and allows_storing(thread.metadata):
                self._write()
        self._new = []

    def _write(self) -> None:
        keys = {row.message_id for row in self._new}
        messages = ChatMessage.objects.filter(pk__in=keys, deleted_ms=None)
        current = dict(messages.values_list("pk", "version"))
        rows = [row for row in self._new if current.get(row.message_id) == row.message_version]
        # A concurrent request may have stored the same result.
        CognitiveResult.objects.bulk_create(rows, ignore_conflicts=True)
