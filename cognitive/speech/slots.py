"""How many streams of speech there may be at a time, and whose."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.conf import settings


@dataclass(frozen=True)
class Owner:
    """Whose stream it is; `user_id` is None for an application."""

    resource_id: UUID
    user_id: int | None


class Slots:
    """Who may have a stream now. For the event loop alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[Owner] = Counter()

    def take(self, owner: Owner, *, most: int) -> bool:
        """Takes one for an owner, unless all are taken or `most` by this one."""
        if self._taken.total() >= self._most or self._taken[owner] >= most:
            return False
        self._taken[owner] += 1
        return True

    def give_back(self, owner: Owner) -> None:
        """Frees one."""
        self._taken[owner] -= 1
        if not self._taken[owner]:
            del self._taken[owner]

    @property
    def taken(self) -> int:
        """How many are taken."""
        return self._taken.total()


@cache
def slots() -> Slots:
    """Those of this process."""
    return Slots(settings.CHATSITE_COGNITIVE_STREAMS)
