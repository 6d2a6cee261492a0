"""Resources are tenants: one host each, keys of their own, nothing shared."""

from typing import Any

import pytest

from identity.models import Resource
from identity.services import ensure_default_resource, regenerate_key
from tests.cast import NO_SUCH_THREAD, Person, error_of, make_person
from tests.service import call


def test_there_is_one_default_resource_however_often_it_is_asked_for(resource: Resource) -> None:
    assert ensure_default_resource() == resource
    assert Resource.objects.count() == 1


def test_a_host_has_its_own_resource_and_others_the_default_one(
    resource: Resource, other_resource: Resource
) -> None:
    for host, owner in (
        ("other.localhost", other_resource),
        ("OTHER.localhost:8443", other_resource),
        ("localhost:8443", resource),
    ):
        answer = call(owner, "POST", "/identities", host=host)
        assert answer.status_code == 201
        assert f":{owner.id}_" in answer.json()["identity"]["id"]


def test_a_key_opens_its_own_resource_only(resource: Resource, other_resource: Resource) -> None:
    key = other_resource.primary_key
    assert call(resource, "POST", "/identities", key=key).status_code == 401


def test_a_token_is_good_for_its_own_resources_host_only(mallory: Person, alice: Person) -> None:
    assert mallory.get("/chat/threads").status_code == 200
    mallory.host, alice.host = "testserver", "other.localhost"
    assert mallory.get("/chat/threads").status_code == 401
    assert alice.get("/chat/threads").status_code == 401


def test_threads_of_another_resource_do_not_exist(
    alice: Person, bob: Person, mallory: Person
) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    calls: list[tuple[str, str, Any]] = [
        ("GET", thread, None),
        ("PATCH", thread, {"topic": "x"}),
        ("DELETE", thread, None),
        ("GET", f"{thread}/participants", None),
        ("POST", f"{thread}/participants/:add", {"participants": [mallory.as_participant()]}),
        ("GET", f"{thread}/messages", None),
        ("POST", f"{thread}/messages", {"content": "x"}),
        ("GET", f"{thread}/messages/{message}", None),
        ("PATCH", f"{thread}/messages/{message}", {"content": "x"}),
        ("DELETE", f"{thread}/messages/{message}", None),
        ("GET", f"{thread}/readReceipts", None),
        ("POST", f"{thread}/readReceipts", {"chatMessageId": message}),
        ("POST", f"{thread}/typing", None),
        ("POST", f"{thread}/participants/:remove", alice.identifier),
    ]
    for method, path, body in calls:
        assert error_of(mallory.request(method, path, body)) == NO_SUCH_THREAD
    assert alice.texts(thread) == ["hello"]


def test_a_user_of_another_resource_cannot_take_part(alice: Person, mallory: Person) -> None:
    answer = alice.post("/chat/threads", {"topic": "t", "participants": [mallory.as_participant()]})
    assert answer.status_code == 201
    assert answer.json()["invalidParticipants"] == [
        {"code": "403", "message": "Permissions check failed", "target": mallory.id}
    ]
    assert mallory.get("/chat/threads").json() == {"value": []}


@pytest.mark.parametrize("which", ["primary", "secondary"])
def test_a_regenerated_key_dies_with_its_tokens_and_the_other_lives(
    resource: Resource, which: Any
) -> None:
    keys = {"primary": resource.primary_key, "secondary": resource.secondary_key}
    people = {name: make_person(name, resource) for name in keys}
    for name, person in people.items():
        answer = call(
            resource,
            "POST",
            f"/identities/{person.id}/:issueAccessToken",
            {"scopes": ["chat"]},
            key=keys[name],
        )
        person.token = answer.json()["token"]
    regenerate_key(resource=resource, key_type=which)
    for name, person in people.items():
        alive = name != which
        assert (person.get("/chat/threads").status_code == 200) is alive
        answer = call(resource, "POST", "/identities", key=keys[name])
        assert (answer.status_code == 201) is alive
    resource.refresh_from_db()
    new_key = getattr(resource, f"{which}_key")
    assert call(resource, "POST", "/identities", key=new_key).status_code == 201


def test_a_connection_string_holds_endpoint_and_key(resource: Resource) -> None:
    text = resource.connection_string("https://localhost:8443")
    assert text == f"endpoint=https://localhost:8443/;accesskey={resource.primary_key}"
    second = resource.connection_string("https://localhost:8443/", secondary=True)
    assert second.endswith(f"8443/;accesskey={resource.secondary_key}")
