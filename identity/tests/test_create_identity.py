"""POST /identities."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from identity.models import CommunicationUser, Resource
from tests.service import call, error_of


def test_an_empty_body_makes_a_user_without_a_token(resource: Resource) -> None:
    answer = call(resource, "POST", "/identities")
    assert answer.status_code == 201
    assert list(answer.json()) == ["identity"]
    raw_id = answer.json()["identity"]["id"]
    guid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"8:acs:{resource.id}_{guid}", raw_id)
    assert CommunicationUser.objects.get().raw_id == raw_id


def test_scopes_bring_a_token_for_a_day(resource: Resource) -> None:
    answer = call(resource, "POST", "/identities", {"createTokenWithScopes": ["chat", "voip"]})
    token = answer.json()["accessToken"]
    expires = datetime.fromisoformat(token["expiresOn"][:26] + "+00:00")
    assert token["expiresOn"].endswith("+00:00")
    assert timedelta(minutes=1439) < expires - datetime.now(UTC) <= timedelta(minutes=1440)


def test_no_scopes_bring_no_token(resource: Resource) -> None:
    answer = call(resource, "POST", "/identities", {"createTokenWithScopes": []})
    assert answer.status_code == 201
    assert "accessToken" not in answer.json()


def test_two_users_differ_and_the_later_one_sorts_after(resource: Resource) -> None:
    first = call(resource, "POST", "/identities").json()["identity"]["id"]
    for _ in range(3):
        later = call(resource, "POST", "/identities").json()["identity"]["id"]
        assert later[:60] >= first[:60] and later != first


@pytest.mark.parametrize(
    "body",
    [
        {"createTokenWithScopes": ["chat"], "expiresInMinutes": 59},
        {"createTokenWithScopes": ["chat"], "expiresInMinutes": 1441},
        {"createTokenWithScopes": ["chat"], "expiresInMinutes": "60"},
        {"createTokenWithScopes": ["chat"], "expiresInMinutes": True},
        {"createTokenWithScopes": ["fly"]},
        {"createTokenWithScopes": [7]},
        {"createTokenWithScopes": "chat"},
    ],
)
def test_a_refused_request_makes_no_user(resource: Resource, body: object) -> None:
    assert error_of(call(resource, "POST", "/identities", body)) == (400, "BadRequest")
    assert not CommunicationUser.objects.exists()


@pytest.mark.parametrize("version", ["2021-03-07", "2022-10-01", "2023-10-01", "2026-07-22"])
def test_every_version_since_the_first_is_served(resource: Resource, version: str) -> None:
    assert call(resource, "POST", "/identities", version=version).status_code == 201


@pytest.mark.parametrize(
    "version", ["", "2020-07-20-preview1", "soon", "2026garbage", "9999", "2024", "2024-13-01"]
)
def test_an_older_or_missing_version_is_refused(resource: Resource, version: str) -> None:
    answer = call(resource, "POST", "/identities", version=version)
    assert error_of(answer) == (400, "InvalidApiVersion")


def test_the_request_id_comes_back_when_asked_for(resource: Resource) -> None:
    headers = {"x-ms-client-request-id": "abc", "x-ms-return-client-request-id": "true"}
    assert call(resource, "POST", "/identities", **headers)["x-ms-client-request-id"] == "abc"
    del headers["x-ms-return-client-request-id"]
    assert "x-ms-client-request-id" not in call(resource, "POST", "/identities", **headers)
