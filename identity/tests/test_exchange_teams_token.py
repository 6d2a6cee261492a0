"""POST /teamsUser/:exchangeAccessToken."""

import pytest

from identity.models import Resource
from tests.service import call, error_of

PATH = "/teamsUser/:exchangeAccessToken"


@pytest.mark.parametrize("token", ["", "anything"])
def test_no_teams_token_is_known_here(resource: Resource, token: str) -> None:
    body = {"token": token, "appId": "a", "userId": "u"}
    assert error_of(call(resource, "POST", PATH, body)) == (401, "Unauthorized")


@pytest.mark.parametrize("missing", ["token", "appId", "userId"])
def test_every_member_is_required(resource: Resource, missing: str) -> None:
    body = {"token": "t", "appId": "a", "userId": "u"}
    del body[missing]
    assert error_of(call(resource, "POST", PATH, body)) == (400, "BadRequest")
