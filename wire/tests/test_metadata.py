"""The rules of a metadata patch."""

import pytest

from wire.errors import ChatError
from wire.fields import merge_metadata


@pytest.mark.parametrize(
    ("stored", "patch", "merged"),
    [
        ({}, {}, {}),
        ({"a": "1"}, {}, {"a": "1"}),
        ({"a": "1"}, {"a": "2"}, {"a": "2"}),
        ({"a": "1"}, {"b": "2"}, {"a": "1", "b": "2"}),
        ({"a": "1", "b": "2"}, {"a": ""}, {"b": "2"}),
        ({"a": "1", "b": "2"}, {"a": None}, {"b": "2"}),
        ({"a": ""}, {"b": "2"}, {"a": "", "b": "2"}),
        ({}, {"a": ""}, {}),
    ],
)
def test_a_value_sets_an_empty_one_removes_and_the_rest_stays(
    stored: dict[str, str], patch: dict[str, str | None], merged: dict[str, str]
) -> None:
    assert merge_metadata(stored, patch) == merged


def test_the_result_must_fit() -> None:
    assert merge_metadata({"a": "x" * 500}, {"b": "x" * 522})
    with pytest.raises(ChatError):
        merge_metadata({"a": "x" * 500}, {"b": "x" * 523})
