"""The ids of a recording and the ids that this server gave instead."""

from __future__ import annotations

import re

from .recordings import RAW_ID, THREAD_ID


class IdMap:
    """A one-to-one map from recorded ids (threads, messages, users) to the ids of the replay."""

    def __init__(self) -> None:
        self._actual: dict[str, str] = {}
        self._recorded: dict[str, str] = {}

    def bind(self, recorded: str, actual: str) -> bool:
        """Pair the two. False when either already belongs to another one."""
        if recorded not in self._actual and actual not in self._recorded:
            self._actual[recorded] = actual
            self._recorded[actual] = recorded
        return self._actual.get(recorded) == actual

    def get(self, recorded: str) -> str | None:
        """The replay's id for a recorded one, if it is known yet."""
        return self._actual.get(recorded)

    def matches(self, recorded: str, actual: str) -> bool:
        """Whether two sentences are the same but for the ids in them; unknown ids are paired."""
        ids = re.compile(f"{RAW_ID.pattern}|{THREAD_ID.pattern}")
        pattern = "(.+)".join(re.escape(part) for part in ids.split(recorded))
        found = re.fullmatch(pattern, actual)
        if found is None:
            return False
        pairs = zip(ids.findall(recorded), found.groups(), strict=True)
        return all([self.bind(before, after) or before == after for before, after in pairs])
