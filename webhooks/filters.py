"""Event Grid's filters: which events a subscription wants (events contract 5)."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from webhooks.eventgrid import (
    CLOUD_EVENTS_SCHEMA,
    EVENT_TYPES,
    OPT_IN_EVENT_TYPES,
    GridEvent,
    envelope,
)

MAXIMUM_FILTERS = 25
MAXIMUM_VALUES = 25
MAXIMUM_CHARACTERS = 512

_KNOWN_KEYS = {
    CLOUD_EVENTS_SCHEMA: ("id", "source", "subject", "type", "time", "specversion"),
    "": ("id", "topic", "subject", "eventtype", "dataversion", "metadataversion", "eventtime"),
}
_EXTENSION = re.compile(r"[a-z0-9]{1,20}")
# The value of a missing key; the operators treat it like null.
_MISSING = None

Test = Callable[[Any, Any], bool]


class InvalidFilter(ValueError):
    """An invalid filter; the text says why."""


def _is_number(value: Any) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        # A whole number of hundreds of digits.
        return False


def _is_range(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(map(_is_number, value))
        and value[0] <= value[1]
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MAXIMUM_CHARACTERS


@dataclass(frozen=True)
class Operator:
    """An operator: which values a filter may have, which values of events it applies to, its test.

    `negative` operators match when none of the values does. `without_key` is the
    result if the event has no such key, null, or a value of another type.
    """

    accepts: Callable[[Any], bool]
    applies_to: Callable[[Any], bool]
    test: Test
    negative: bool = False
    without_key: bool = False
    has_many: bool = True


def _inside(found: Any, bounds: Any) -> bool:
    return bool(bounds[0] <= found <= bounds[1])


def _equal(found: Any, value: Any) -> bool:
    return bool(found == value)


def _contains(found: str, value: str) -> bool:
    return value in found


def _number(test: Test, **more: bool) -> Operator:
    return Operator(_is_number, _is_number, test, **more)


def _text(test: Test, **more: bool) -> Operator:
    return Operator(_is_text, lambda found: isinstance(found, str), test, **more)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


OPERATORS: dict[str, Operator] = {
    "NumberIn": _number(_equal),
    "NumberNotIn": _number(_equal, negative=True, without_key=True),
    "NumberInRange": Operator(_is_range, _is_number, _inside),
    "NumberNotInRange": Operator(_is_range, _is_number, _inside, negative=True),
    "NumberLessThan": _number(lambda found, value: bool(found < value), has_many=False),
    "NumberGreaterThan": _number(lambda found, value: bool(found > value), has_many=False),
    "NumberLessThanOrEquals": _number(lambda found, value: bool(found <= value), has_many=False),
    "NumberGreaterThanOrEquals": _number(lambda found, value: bool(found >= value), has_many=False),
    "BoolEquals": Operator(_is_bool, _is_bool, _equal, has_many=False),
    "StringIn": _text(_equal),
    "StringNotIn": _text(_equal, negative=True, without_key=True),
    "StringContains": _text(_contains),
    "StringNotContains": _text(_contains, negative=True),
    "StringBeginsWith": _text(str.startswith),
    "StringNotBeginsWith": _text(str.startswith, negative=True),
    "StringEndsWith": _text(str.endswith),
    "StringNotEndsWith": _text(str.endswith, negative=True),
}
# The operators without values.
_PRESENCE = {"IsNullOrUndefined": False, "IsNotNull": True}
OPERATOR_NAMES = (*OPERATORS, *_PRESENCE)


# --- Reading -------------------------------------------------------------------------------------


def check_event_types(names: Any) -> list[str] | None:
    """The event types to include, spelled as in Event Grid; None includes all."""
    if names is None or names == [] or names == ["All"]:
        return None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidFilter("includedEventTypes must be a list of event types.")
    known = {name.lower(): name for name in (*EVENT_TYPES, *OPT_IN_EVENT_TYPES)}
    unknown = [name for name in names if name.lower() not in known]
    if unknown:
        raise InvalidFilter(f"Unknown event type {unknown[0][:100]!r}.")
    return [known[name.lower()] for name in dict.fromkeys(names)]


def check_advanced_filters(filters: Any, schema: str) -> list[dict[str, Any]]:
    """The filters reduced to known members. Raises InvalidFilter for the first invalid one."""
    if filters is None:
        return []
    if not isinstance(filters, list):
        raise InvalidFilter("advancedFilters must be a list.")
    if len(filters) > MAXIMUM_FILTERS:
        raise InvalidFilter(f"At most {MAXIMUM_FILTERS} advanced filters are allowed.")
    checked = [_checked(item, schema) for item in filters]
    count = sum(len(item.get("values", ())) + ("value" in item) for item in checked)
    if count > MAXIMUM_VALUES:
        raise InvalidFilter(
            f"The advanced filters must not have more than {MAXIMUM_VALUES} values in total."
        )
    return checked


def _checked(item: Any, schema: str) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise InvalidFilter("An advanced filter must be an object.")
    name, key = item.get("operatorType"), item.get("key")
    if name not in OPERATOR_NAMES:
        raise InvalidFilter(f"Unknown operatorType {str(name)[:100]!r}.")
    if not isinstance(key, str) or not is_key(key, schema):
        raise InvalidFilter(f"{str(key)[:100]!r} is not a key of events in this schema.")
    operator = OPERATORS.get(name)
    if operator is None:
        return {"operatorType": name, "key": key}
    member = "values" if operator.has_many else "value"
    given = item.get(member)
    values = given if operator.has_many else [given]
    if not isinstance(values, list) or not values:
        raise InvalidFilter(f"{name} needs {member}.")
    if not all(map(operator.accepts, values)):
        raise InvalidFilter(f"A value of the filter {name} on {key} is not valid.")
    return {"operatorType": name, "key": key, member: given}


def is_key(key: str, schema: str) -> bool:
    """Whether events of the schema can have that key."""
    top, dot, rest = key.partition(".")
    if not key or len(key) > MAXIMUM_CHARACTERS:
        return False
    if top.lower() == "data":
        return not dot or all(rest.split("."))
    known = _KNOWN_KEYS.get(schema, _KNOWN_KEYS[""])
    if not dot and key.lower() in known:
        return True
    return schema == CLOUD_EVENTS_SCHEMA and _EXTENSION.fullmatch(key) is not None


# --- Matching ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EventFilter:
    """Everything that decides whether a subscription gets an event."""

    topic: str
    schema: str
    included_event_types: Sequence[str] | None = None
    subject_begins_with: str = ""
    subject_ends_with: str = ""
    is_subject_case_sensitive: bool = False
    advanced_filters: Sequence[Mapping[str, Any]] = ()
    on_arrays: bool = False
    _wanted: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        included = self.included_event_types
        object.__setattr__(
            self, "_wanted", frozenset(EVENT_TYPES if included is None else included)
        )

    @property
    def event_types(self) -> frozenset[str]:
        """The types that can match at all."""
        return self._wanted

    def matches(self, event: GridEvent) -> bool:
        """Whether the event passes type, subject and every advanced filter."""
        return (
            event.type in self._wanted
            and self._matches_subject(event.subject)
            and self._matches_advanced(event)
        )

    def _matches_subject(self, subject: str) -> bool:
        begin, end = self.subject_begins_with, self.subject_ends_with
        if not self.is_subject_case_sensitive:
            subject, begin, end = subject.lower(), begin.lower(), end.lower()
        return subject.startswith(begin) and subject.endswith(end)

    def _matches_advanced(self, event: GridEvent) -> bool:
        if not self.advanced_filters:
            return True
        whole = envelope(event, topic=self.topic, schema=self.schema)
        return all(matches(item, whole, on_arrays=self.on_arrays) for item in self.advanced_filters)


def matches(item: Mapping[str, Any], event: Mapping[str, Any], *, on_arrays: bool) -> bool:
    """Whether one advanced filter lets an event pass."""
    found = look_up(event, item["key"])
    name = item["operatorType"]
    if name in _PRESENCE:
        return (found is not _MISSING) is _PRESENCE[name]
    operator = OPERATORS[name]
    values = [_folded(value) for value in item.get("values", [item.get("value")])]
    if isinstance(found, list) and on_arrays:
        candidates = [_folded(one) for one in found if operator.applies_to(one)]
    elif operator.applies_to(found):
        candidates = [_folded(found)]
    else:
        return operator.without_key
    hit = any(operator.test(one, value) for one in candidates for value in values)
    return hit is not operator.negative


def _folded(value: Any) -> Any:
    """Text is compared case-insensitively."""
    return value.lower() if isinstance(value, str) else value


def look_up(event: Mapping[str, Any], key: str) -> Any:
    """The value at a key such as `data.threadId`; None if the key is missing."""
    top, *rest = key.split(".")
    found: Any = next((value for name, value in event.items() if name.lower() == top.lower()), None)
    for name in rest:
        if not isinstance(found, Mapping):
            return _MISSING
        found = found.get(name, _MISSING)
    return found
