"""Identifiers: how they are read, and what new ones look like."""

from typing import Any

import pytest

from wire.errors import ChatError
from wire.identifiers import new_user_suffix, parse_identifier

USER = "8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-222222222222"


@pytest.mark.parametrize(
    ("model", "raw_id"),
    [
        ({"rawId": USER}, USER),
        ({"communicationUser": {"id": USER}}, USER),
        ({"rawId": "8:x", "communicationUser": {"id": USER}}, USER),
        ({"rawId": USER, "communicationUser": {}}, USER),
        ({"rawId": USER, "kind": "communicationUser", "extra": []}, USER),
        ({"rawId": USER, "microsoftTeamsUser": None}, USER),
        ({"microsoftTeamsUser": {"userId": "u-1"}}, "8:orgid:u-1"),
        ({"microsoftTeamsUser": {"userId": "u-1", "cloud": "gcch"}}, "8:gcch:u-1"),
        ({"microsoftTeamsUser": {"userId": "u-1", "isAnonymous": True}}, "8:teamsvisitor:u-1"),
        ({"rawId": "8:orgid:u-2", "microsoftTeamsUser": {"userId": "u-1"}}, "8:orgid:u-2"),
    ],
)
def test_a_model_names_one_raw_id(model: Any, raw_id: str) -> None:
    assert parse_identifier(model) == raw_id


@pytest.mark.parametrize(
    "model",
    [None, [], "8:acs:a_b", {}, {"rawId": 1}, {"rawId": ""}, {"rawId": "x"}]
    + [{"communicationUser": []}, {"communicationUser": {"id": 1}}, {"communicationUser": USER}]
    + [{"communicationUser": {"id": USER}, "phoneNumber": {"value": "+1"}}]
    + [{"phoneNumber": {"value": "+14255550123"}}, {"microsoftTeamsApp": {"appId": "a"}}]
    + [{"microsoftTeamsUser": {}}, {"rawId": USER + "\n"}, {"rawId": "4:"}],
)
def test_a_model_that_names_nobody_or_too_many_is_refused(model: Any) -> None:
    with pytest.raises(ChatError) as refusal:
        parse_identifier(model)
    assert (refusal.value.status, refusal.value.code) == (400, "BadRequest")


def test_user_ids_grow_with_time() -> None:
    suffixes = [new_user_suffix() for _ in range(50)]
    stamps = [suffix.replace("-", "")[:16] for suffix in suffixes]
    assert stamps == sorted(stamps)
    assert len(set(suffixes)) == 50
    assert {len(suffix) for suffix in suffixes} == {36}
