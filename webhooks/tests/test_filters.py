"""Every operator with a match, no match, a missing key, null, an array and a wrong type."""

from typing import Any

import pytest

from webhooks.eventgrid import CLOUD_EVENTS_SCHEMA, EVENT_GRID_SCHEMA, GridEvent
from webhooks.filters import (
    OPERATOR_NAMES,
    EventFilter,
    InvalidFilter,
    check_advanced_filters,
    check_event_types,
    matches,
)

TYPE = "Microsoft.Communication.ChatMessageReceived"

# Operator, its value or values; then values that match, that do not, the wrong type, arrays that
# match, arrays that do not, and whether a missing key matches.
TABLE: list[tuple[str, Any, list[Any], list[Any], list[Any], list[Any], bool]] = [
    ("NumberIn", [1, 2.5], [1, 2.5], [2, -1], [[1], [7, 2.5, "x"]], [[], [7], ["1"]], False),
    ("NumberNotIn", [1, 2], [3, 0.5], [1, 2], [[], [3], ["1"]], [[1], [3, 2]], True),
    ("NumberInRange", [[1, 2], [5, 6]], [1, 1.5, 6], [0, 3, 7], [[9, 5]], [[], [3]], False),
    ("NumberNotInRange", [[1, 2], [5, 6]], [0, 3], [1, 6], [[], [3, 9]], [[3, 5]], False),
    ("NumberLessThan", 3, [2, -1.5], [3, 4], [[5, 2]], [[], [3]], False),
    ("NumberGreaterThan", 3, [4], [3, 2], [[1, 4]], [[], [3]], False),
    ("NumberLessThanOrEquals", 3, [3, 2], [4], [[5, 3]], [[], [4]], False),
    ("NumberGreaterThanOrEquals", 3, [3, 4], [2], [[1, 3]], [[], [2]], False),
    ("BoolEquals", True, [True], [False], [[False, True]], [[], [False], [1]], False),
    ("StringIn", ["Red", "blue"], ["red", "BLUE"], ["redx"], [["x", "Red"]], [[], ["x"]], False),
    ("StringNotIn", ["Red"], ["blue"], ["RED"], [[], ["x"]], [["x", "red"]], True),
    ("StringContains", ["ed", "q"], ["RED", "edge"], ["blue"], [["a", "bed"]], [[], ["a"]], False),
    ("StringNotContains", ["ed"], ["blue"], ["bEd"], [[], ["a"]], [["a", "bed"]], False),
    ("StringBeginsWith", ["re"], ["RED"], ["bre"], [["x", "rex"]], [[], ["x"]], False),
    ("StringNotBeginsWith", ["re"], ["bre"], ["Red"], [[], ["x"]], [["x", "rex"]], False),
    ("StringEndsWith", ["ed"], ["RED"], ["edx"], [["x", "bed"]], [[], ["x"]], False),
    ("StringNotEndsWith", ["ed"], ["edx"], ["bED"], [[], ["x"]], [["x", "bed"]], False),
]
CASES = {row[0]: row for row in TABLE}


def item(name: str, value: Any, key: str = "data.key") -> dict[str, Any]:
    member = "values" if isinstance(value, list) else "value"
    return {"operatorType": name, "key": key, member: value}


def verdict(name: str, value: Any, found: Any, *, on_arrays: bool = False) -> bool:
    return matches(item(name, value), {"data": {"key": found}}, on_arrays=on_arrays)


def test_the_table_has_every_operator() -> None:
    assert {*CASES, "IsNullOrUndefined", "IsNotNull"} == set(OPERATOR_NAMES)
    assert len(OPERATOR_NAMES) == 19


@pytest.mark.parametrize("name", CASES)
def test_values_that_match_and_values_that_do_not(name: str) -> None:
    _, value, matching, others, *_ = CASES[name]
    assert [found for found in matching if not verdict(name, value, found)] == []
    assert [found for found in others if verdict(name, value, found)] == []


@pytest.mark.parametrize("name", CASES)
def test_a_missing_key_null_and_another_type_match_only_where_documented(name: str) -> None:
    _, value, *_, without_key = CASES[name]
    wrong: list[Any] = [{}, {"a": 1}]
    wrong += ["1", True] if name.startswith("Number") else [1, False] if "String" in name else [1]
    assert matches(item(name, value), {"data": {}}, on_arrays=False) is without_key
    assert matches(item(name, value), {"data": 1}, on_arrays=True) is without_key
    for found in [None, *wrong]:
        assert verdict(name, value, found) is without_key
        assert verdict(name, value, found, on_arrays=True) is without_key


@pytest.mark.parametrize("name", CASES)
def test_arrays_count_only_when_the_subscription_says_so(name: str) -> None:
    _, value, _, _, matching, others, without_key = CASES[name]
    assert [found for found in matching if not verdict(name, value, found, on_arrays=True)] == []
    assert [found for found in others if verdict(name, value, found, on_arrays=True)] == []
    for found in [*matching, *others]:
        assert verdict(name, value, found) is without_key


@pytest.mark.parametrize(
    ("data", "is_null"),
    [({}, True), ({"key": None}, True), ({"key": 0}, False), ({"key": ""}, False),
     ({"key": []}, False), ({"key": {}}, False)],
)  # fmt: skip
def test_presence_looks_at_nothing_but_the_key(data: Any, is_null: bool) -> None:
    for on_arrays in (False, True):
        for name, expected in (("IsNullOrUndefined", is_null), ("IsNotNull", not is_null)):
            found = {"operatorType": name, "key": "data.key"}
            assert matches(found, {"data": data}, on_arrays=on_arrays) is expected


def test_keys_reach_into_the_data_and_the_envelope() -> None:
    event = {"id": "1", "eventType": TYPE, "data": {"a": {"b": "deep"}}}
    for key, value in (
        ("data.a.b", "deep"),
        ("ID", "1"),
        ("EventType", TYPE),
        ("Data.a.b", "DEEP"),
    ):
        assert matches(item("StringIn", [value], key), event, on_arrays=False)
    assert not matches(item("StringIn", ["deep"], "data.a"), event, on_arrays=False)
    assert not matches(item("StringIn", ["deep"], "data.a.b.c"), event, on_arrays=False)


# --- Whole filters -------------------------------------------------------------------------------


def event(**data: Any) -> GridEvent:
    return GridEvent("id", TYPE, "thread/19:X@thread.v2/sender/8:acs:Alice", 0, data)


def passes(**fields: Any) -> bool:
    schema = fields.pop("schema", EVENT_GRID_SCHEMA)
    data = fields.pop("data", {})
    return EventFilter(topic="/topic", schema=schema, **fields).matches(event(**data))


def test_an_empty_filter_lets_every_published_type_pass() -> None:
    assert passes()
    assert passes(included_event_types=None)
    typing = "Microsoft.Communication.ChatTypingIndicatorReceivedInThread"
    everything = EventFilter(topic="", schema=EVENT_GRID_SCHEMA)
    assert not everything.matches(GridEvent("id", typing, "thread/x", 0, {}))


def test_only_included_types_pass() -> None:
    assert passes(included_event_types=[TYPE])
    assert not passes(included_event_types=["Microsoft.Communication.ChatThreadCreated"])


def test_subjects_are_compared_without_regard_to_case_unless_asked_for() -> None:
    assert passes(subject_begins_with="THREAD/19:x")
    assert not passes(subject_begins_with="THREAD/19:x", is_subject_case_sensitive=True)
    assert passes(subject_begins_with="thread/19:X", is_subject_case_sensitive=True)
    assert passes(subject_ends_with="ALICE")
    assert not passes(subject_ends_with="ALICE", is_subject_case_sensitive=True)
    assert not passes(subject_ends_with="bob")


def test_every_advanced_filter_must_pass() -> None:
    text = item("StringIn", ["Text"], "data.type")
    high = item("StringIn", ["high"], "data.metadata.priority")
    data = {"type": "Text", "metadata": {"priority": "high"}}
    assert passes(advanced_filters=[text, high], data=data)
    assert not passes(advanced_filters=[text, high], data={"type": "Text"})


def test_the_envelope_of_the_own_schema_is_filtered() -> None:
    source = item("StringIn", ["/topic"], "source")
    assert passes(advanced_filters=[source], schema=CLOUD_EVENTS_SCHEMA)
    assert not passes(advanced_filters=[source])
    assert passes(advanced_filters=[item("StringIn", ["/topic"], "topic")])


# --- What is refused -----------------------------------------------------------------------------

BAD: list[tuple[Any, str]] = [
    ("x", "must be a list"),
    (["x"], "must be an object"),
    ([{"operatorType": "StringLike", "key": "data.a", "values": ["x"]}], "Unknown operatorType"),
    ([{"key": "data.a", "values": ["x"]}], "Unknown operatorType"),
    ([item("StringIn", ["x"], "")], "is not a key of events"),
    ([item("StringIn", ["x"], "source")], "is not a key of events"),
    ([item("StringIn", ["x"], "data..a")], "is not a key of events"),
    ([item("StringIn", ["x"], "body.a")], "is not a key of events"),
    ([{"operatorType": "StringIn", "key": 5, "values": ["x"]}], "is not a key of events"),
    ([item("StringIn", [])], "needs values"),
    ([{"operatorType": "StringIn", "key": "data.a"}], "needs values"),
    ([item("StringIn", [5])], "not valid"),
    ([item("StringIn", ["x" * 513])], "not valid"),
    ([item("NumberIn", ["5"])], "not valid"),
    ([item("NumberIn", [True])], "not valid"),
    ([item("NumberIn", [10**400])], "not valid"),
    ([item("NumberInRange", [[0, 10**400]])], "not valid"),
    ([item("NumberInRange", [[2, 1]])], "not valid"),
    ([item("NumberInRange", [[1]])], "not valid"),
    ([item("NumberInRange", [5])], "not valid"),
    ([{"operatorType": "NumberLessThan", "key": "data.a"}], "not valid"),
    ([{"operatorType": "BoolEquals", "key": "data.a", "value": "true"}], "not valid"),
    ([item("StringIn", ["x"])] * 26, "At most 25 advanced filters"),
    ([item("StringIn", ["x"] * 26)], "must not have more than 25"),
    ([item("StringIn", ["x"] * 13), item("StringNotIn", ["x"] * 13)], "must not have more than 25"),
]  # fmt: skip


@pytest.mark.parametrize(("filters", "problem"), BAD)
def test_an_invalid_filter_is_refused(filters: Any, problem: str) -> None:
    with pytest.raises(InvalidFilter, match=problem):
        check_advanced_filters(filters, EVENT_GRID_SCHEMA)


def test_what_is_allowed_is_kept_and_nothing_else() -> None:
    given = [
        {**item("StringIn", ["x"]), "more": 1},
        {"operatorType": "IsNotNull", "key": "data.a", "values": ["?"]},
        item("NumberLessThan", 5, "data.version"),
    ]
    assert check_advanced_filters(given, EVENT_GRID_SCHEMA) == [
        item("StringIn", ["x"]),
        {"operatorType": "IsNotNull", "key": "data.a"},
        item("NumberLessThan", 5, "data.version"),
    ]
    assert check_advanced_filters([item("StringIn", ["x"] * 25)], EVENT_GRID_SCHEMA)
    assert check_advanced_filters([item("StringIn", ["x"], "myextension")], CLOUD_EVENTS_SCHEMA)


def test_event_types_are_spelt_as_event_grid_spells_them() -> None:
    assert check_event_types([TYPE.lower()]) == [TYPE]
    assert check_event_types(None) is check_event_types(["All"]) is check_event_types([]) is None
    for bad in (["Microsoft.Communication.SMSReceived"], "x", [5]):
        with pytest.raises(InvalidFilter):
            check_event_types(bad)
