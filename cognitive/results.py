"""What is stored about messages (cognitive contract 8): read at once, written at once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from cognitive.abilities import Ability
from cognitive.access import Readable, opts_in
from cognitive.models import CognitiveResult
from messaging.models import ChatMessage
from threads.models import ChatThread
from wire.times import now_ms

# The languages of a result that is no translation.
NO_PAIR = ("", "")


@dataclass(frozen=True)
class Origin:
    """Who found out what: the engine by its name and version, the languages of a translation."""

    kind: Ability
    engine: str
    engine_version: str
    pair: tuple[str, str] = NO_PAIR


class Results:
    """What is known about the current versions of a thread's messages, and what is newly found.

    With `keeps` false nothing is read, and nothing written.
    """

    def __init__(self, thread_pk: int, messages: Iterable[Readable], *, keeps: bool) -> None:
        self._thread_pk, self._keeps = thread_pk, keeps
        self._versions = {message.key: message.version for message in messages}
        self._new: list[CognitiveResult] = []
        self._known: dict[tuple[int, Origin], Any] = {}
        if keeps and self._versions:
            rows = CognitiveResult.objects.filter(message__in=self._versions)
            for row in rows:
                if row.message_version == self._versions[row.message_id]:
                    pair = (row.source, row.target)
                    origin = Origin(Ability(row.kind), row.engine, row.engine_version, pair)
                    self._known[row.message_id, origin] = row.value

    def find(self, message: Readable, origin: Origin) -> Any:
        """What this engine, in its present version, said before; None when it was not asked."""
        return self._known.get((message.key, origin))

    def add(self, message: Readable, origin: Origin, value: Any) -> None:
        """Notes what an engine said; `save` writes it."""
        source, target = origin.pair
        self._new.append(
            CognitiveResult(
                message_id=message.key,
                message_version=message.version,
                kind=origin.kind,
                source=source,
                target=target,
                engine=origin.engine,
                engine_version=origin.engine_version,
                value=value,
                created_ms=now_ms(),
            )
        )

    def save(self) -> None:
        """Stores what is new, but nothing of messages that were changed or deleted meanwhile, nor
        of a thread that has opted out meanwhile.
        """
        if not self._new or not self._keeps:
            return
        with transaction.atomic():
            # Whoever edits a message, or changes the thread, waits for this, or did it before.
            threads = ChatThread.objects.select_for_update(no_key=True)
            thread = threads.filter(pk=self._thread_pk, deleted_ms=None).first()
            if thread is not None and opts_in(thread.metadata):
                self._write()
        self._new = []

    def _write(self) -> None:
        keys = {row.message_id for row in self._new}
        messages = ChatMessage.objects.filter(pk__in=keys, deleted_ms=None)
        current = dict(messages.values_list("pk", "version"))
        rows = [row for row in self._new if current.get(row.message_id) == row.message_version]
        # Somebody else may have asked the same at the same time.
        CognitiveResult.objects.bulk_create(rows, ignore_conflicts=True)
