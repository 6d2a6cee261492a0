"""What is stored about messages (cognitive contract 8): read at once, written at once."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from cognitive.abilities import Ability, Engine
from cognitive.access import Readable
from cognitive.models import CognitiveResult
from messaging.models import ChatMessage
from wire.times import now_ms

_Key = tuple[int, str, str, str, str, str]
# The languages of a result that is no translation.
NO_PAIR = ("", "")


class Results:
    """What is known about the current versions of some messages, and what is newly found.

    With `keeps` false nothing is read, and nothing written.
    """

    def __init__(self, messages: Iterable[Readable], *, keeps: bool) -> None:
        self._keeps = keeps
        self._versions = {message.key: message.version for message in messages}
        self._new: list[CognitiveResult] = []
        self._known: dict[_Key, Any] = {}
        if keeps and self._versions:
            rows = CognitiveResult.objects.filter(message__in=self._versions)
            for row in rows:
                if row.message_version == self._versions[row.message_id]:
                    self._known[
                        row.message_id,
                        row.kind,
                        row.engine,
                        row.engine_version,
                        row.source,
                        row.target,
                    ] = row.value

    def find(
        self, message: Readable, kind: Ability, engine: Engine, pair: tuple[str, str] = NO_PAIR
    ) -> Any:
        """What this engine, in its present version, said before; None when it was not asked."""
        source, target = pair
        return self._known.get((message.key, kind, engine.name, engine.version, source, target))

    def add(
        self,
        message: Readable,
        kind: Ability,
        engine: Engine,
        value: Any,
        pair: tuple[str, str] = NO_PAIR,
    ) -> None:
        """Notes what an engine said; `save` writes it."""
        source, target = pair
        self._new.append(
            CognitiveResult(
                message_id=message.key,
                message_version=message.version,
                kind=kind,
                source=source,
                target=target,
                engine=engine.name,
                engine_version=engine.version,
                value=value,
                created_ms=now_ms(),
            )
        )

    def save(self) -> None:
        """Stores what is new, but nothing of messages that were changed or deleted meanwhile."""
        if not self._new or not self._keeps:
            return
        with transaction.atomic():
            current = dict(
                # Whoever edits a message meanwhile waits, and then removes what is stored here.
                ChatMessage.objects.select_for_update(of=("self",))
                .filter(
                    pk__in={row.message_id for row in self._new},
                    deleted_ms=None,
                    thread__deleted_ms=None,
                )
                .order_by("pk")
                .values_list("pk", "version")
            )
            rows = [row for row in self._new if current.get(row.message_id) == row.message_version]
            # Somebody else may have asked the same at the same time.
            CognitiveResult.objects.bulk_create(rows, ignore_conflicts=True)
        self._new = []
