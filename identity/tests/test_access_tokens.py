"""POST /identities/{id}/:issueAccessToken and :revokeAccessTokens; what tokens are."""

import base64
import json
from typing import Any

import jwt
import pytest
import time_machine

from identity.models import CommunicationUser, Resource
from identity.services import (
    create_user,
    issue_access_token,
    regenerate_key,
    revoke_access_tokens,
)
from identity.views import IdentityView
from tests.cast import Person, make_person
from tests.service import call, error_of


def issue(resource: Resource, raw_id: str, body: object = None) -> Any:
    body = {"scopes": ["chat"]} if body is None else body
    return call(resource, "POST", f"/identities/{raw_id}/:issueAccessToken", body)


def test_a_token_says_who_where_and_what_for(resource: Resource, alice: Person) -> None:
    answer = issue(resource, alice.id, {"scopes": ["chat", "voip"], "expiresInMinutes": 60})
    assert answer.status_code == 200
    assert list(answer.json()) == ["token", "expiresOn"]
    payload = jwt.decode(answer.json()["token"], options={"verify_signature": False})
    assert payload["skypeid"] == alice.id.removeprefix("8:")
    assert payload["resourceId"] == str(resource.id)
    assert payload["acsScope"] == "chat,voip"
    assert payload["exp"] - payload["iat"] == 3600
    assert payload["csi"] == str(payload["iat"])


def test_an_issued_token_opens_the_chat(resource: Resource, alice: Person) -> None:
    alice.token = issue(resource, alice.id).json()["token"]
    assert alice.get("/chat/threads").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"scopes": []},
        {"scopes": ["chat", "fly"]},
        {"scopes": None},
        {"scopes": ["chat"], "expiresInMinutes": 59},
        {"scopes": ["chat"], "expiresInMinutes": 1441},
        {"scopes": ["chat"], "expiresInMinutes": 60.5},
        {"scopes": [{}]},
    ],
)
def test_a_token_needs_known_scopes_and_a_life_of_hours(
    resource: Resource, alice: Person, body: object
) -> None:
    assert error_of(issue(resource, alice.id, body)) == (400, "BadRequest")


def test_the_payload_never_holds_what_the_python_sdk_cannot_read(resource: Resource) -> None:
    for _ in range(200):
        token = issue_access_token(user=create_user(resource=resource), scopes=["chat"]).token
        payload = token.split(".")[1]
        assert "-" not in payload and "_" not in payload
        json.loads(base64.b64decode(payload + "==").decode("ascii"))


def test_a_revoked_token_is_dead_at_once_and_a_new_one_lives(
    resource: Resource, alice: Person, bob: Person
) -> None:
    assert alice.get("/chat/threads").status_code == 200
    answer = call(resource, "POST", f"/identities/{alice.id}/:revokeAccessTokens")
    assert (answer.status_code, answer.content) == (204, b"")
    assert alice.get("/chat/threads").status_code == 401
    assert bob.get("/chat/threads").status_code == 200
    alice.token = issue(resource, alice.id).json()["token"]
    assert alice.get("/chat/threads").status_code == 200


def test_all_tokens_of_a_user_are_revoked_together(resource: Resource, alice: Person) -> None:
    second = issue(resource, alice.id).json()["token"]
    revoke_access_tokens(user=alice.user)
    for token in (alice.token, second):
        alice.token = token
        assert alice.get("/chat/threads").status_code == 401


def test_an_expired_token_is_refused_to_the_second(resource: Resource) -> None:
    with time_machine.travel("2026-11-25T10:00:00Z", tick=False) as clock:
        alice = make_person("Alice", resource)
        clock.shift(24 * 3600 - 1)
        assert alice.get("/chat/threads").status_code == 200
        clock.shift(1)
        assert alice.get("/chat/threads").status_code == 401


def with_payload(token: str, payload: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{base64.urlsafe_b64encode(payload.encode()).decode().rstrip('=')}.{signature}"


def tampered(token: str, **claims: object) -> str:
    payload = jwt.decode(token, options={"verify_signature": False})
    return with_payload(token, json.dumps({**payload, **claims}))


def test_a_forged_token_is_refused(alice: Person, eve: Person) -> None:
    unsigned = jwt.encode(
        jwt.decode(alice.token, options={"verify_signature": False}), "", algorithm="none"
    )
    stolen = tampered(eve.token, skypeid=alice.id.removeprefix("8:"))
    prolonged = tampered(eve.token, exp=99999999999)
    for payload in (
        '"skypeid": "acs:\\ud800", "exp": 99999999999',
        '"skypeid": "acs:\\u0000", "exp": 99999999999',
        f'"skypeid": "{alice.id[2:]}", "exp": 1e999',
        f'"skypeid": "{alice.id[2:]}", "exp": {"9" * 400}',
        f'"skypeid": "{alice.id[2:]}", "exp": 99999999999, "gen": "x"',
    ):
        eve.token = with_payload(eve.token, f'{{{payload}, "resourceId": "r", "acsScope": "chat"}}')
        assert eve.get("/chat/threads").status_code == 401
        authorization = f"Bearer {eve.token}"
        answer = call(alice.user.resource, "POST", "/identities", authorization=authorization)
        assert answer.status_code == 401
    broken = ["", "x", "a.b.c", eve.token[:-2], eve.token + "x", "ä" * 50, "a" * 15_000]
    for token in [unsigned, stolen, prolonged, *broken]:
        eve.token = token
        answer = eve.get("/chat/threads")
        assert (answer.status_code, answer.content) == (401, b"")


def test_a_refused_credential_gets_an_empty_answer(alice: Person) -> None:
    for headers in ({"authorization": ""}, {"authorization": "Basic x"}):
        answer = alice.get("/chat/threads", headers=headers)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer["Content-Length"] == "0"
        assert "Content-Type" not in answer
        assert "api-supported-versions" not in answer


def test_an_unknown_user_has_no_tokens(resource: Resource) -> None:
    unknown = f"8:acs:{resource.id}_00000000-0000-0000-0000-000000000000"
    for verb in (":issueAccessToken", ":revokeAccessTokens"):
        answer = call(resource, "POST", f"/identities/{unknown}/{verb}", {"scopes": ["chat"]})
        assert error_of(answer) == (404, "IdentityNotFound")
    assert not CommunicationUser.objects.filter(raw_id=unknown).exists()


def test_a_key_that_is_regenerated_meanwhile_issues_nothing(
    resource: Resource, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = IdentityView.user

    def regenerate_first(view: IdentityView, raw_id: str) -> CommunicationUser:
        regenerate_key(resource=resource, key_type="primary")
        return real(view, raw_id)

    monkeypatch.setattr(IdentityView, "user", regenerate_first)
    assert error_of(issue(resource, alice.id)) == (401, "Unauthorized")


@pytest.mark.parametrize("raw_id", ["%00", "x", "8%3Aacs%3Ax"])
def test_an_id_that_is_none_is_unknown(resource: Resource, raw_id: str) -> None:
    assert error_of(issue(resource, raw_id))[0] == 404
    assert error_of(call(resource, "DELETE", f"/identities/{raw_id}"))[0] == 404
