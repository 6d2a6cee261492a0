"""Resources in the admin: keys stay hidden until asked for, and can be regenerated."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.test import Client

from admin_toolkit.display import address_of
from events.models import Event
from identity.models import CommunicationUser, Resource
from messaging.models import ChatMessage
from tests.admin.conftest import MakeOperator, signed_in
from tests.cast import Person
from threads.models import ChatThread


def secrets_of(resource: Resource) -> list[str]:
    return [resource.primary_key, resource.secondary_key]


def assert_hidden(resource: Resource, text: str) -> None:
    for secret in secrets_of(resource):
        assert secret not in text


def test_the_list_and_the_page_of_a_resource_hold_no_keys(olga: Client, resource: Resource) -> None:
    for address in (
        address_of(Resource, "changelist"),
        address_of(Resource, "change", resource.pk),
        address_of(Resource, "history", resource.pk),
        address_of(Resource, "keys", resource.pk),
        address_of(Resource, "operation", resource.pk, "regenerate-primary-key"),
    ):
        answer = olga.get(address)
        assert answer.status_code == 200
        assert_hidden(resource, answer.content.decode())


def test_keys_are_shown_after_a_confirmation_and_that_is_logged(
    olga: Client, resource: Resource
) -> None:
    answer = olga.post(address_of(Resource, "keys", resource.pk))
    page = answer.content.decode()
    for key in secrets_of(resource):
        assert f">{key}</code>" in page
        assert f"endpoint=https://localhost:8443/;accesskey={key}</code>" in page
    assert "no-store" in answer["cache-control"]
    entry = LogEntry.objects.get()
    assert entry.user.username == "olga"
    assert entry.object_repr == resource.name
    assert entry.get_change_message() == "Access keys shown."


def test_a_resource_with_a_host_of_its_own_has_it_in_its_connection_string(
    olga: Client, other_resource: Resource
) -> None:
    page = olga.post(address_of(Resource, "keys", other_resource.pk)).content.decode()
    assert f"endpoint=https://other.localhost:8443/;accesskey={other_resource.primary_key}" in page


@pytest.mark.parametrize("key_type", ["primary", "secondary"])
def test_regenerating_a_key_asks_first_and_then_kills_its_tokens_only(
    olga: Client, alice: Person, thread: str, key_type: str
) -> None:
    before = alice.user.resource
    address = address_of(Resource, "operation", before.pk, f"regenerate-{key_type}-key")
    page = olga.get(address).content.decode()
    assert "All access tokens issued with it become invalid immediately." in page
    assert Resource.objects.get(pk=before.pk).keys() == before.keys()

    answer = olga.post(address, {"confirmed": "yes"}, follow=True)

    after = Resource.objects.get(pk=before.pk)
    changed = {
        name
        for name in ("primary_key", "primary_key_id", "secondary_key", "secondary_key_id")
        if getattr(after, name) != getattr(before, name)
    }
    assert changed == {f"{key_type}_key", f"{key_type}_key_id"}
    # alice's token was issued under the primary key.
    assert alice.get(thread).status_code == (401 if key_type == "primary" else 200)
    assert f"{key_type} key regenerated" in answer.content.decode()
    for secret in (*secrets_of(before), *secrets_of(after)):
        assert secret not in answer.content.decode()
    assert LogEntry.objects.get().get_change_message() == f"{key_type.title()} key regenerated."


def test_keys_are_in_no_log_entry_no_log_line_and_no_address(
    olga: Client, resource: Resource, caplog: pytest.LogCaptureFixture
) -> None:
    addresses = []
    with caplog.at_level("DEBUG"):
        olga.post(address_of(Resource, "keys", resource.pk))
        regenerate = address_of(Resource, "operation", resource.pk, "regenerate-primary-key")
        answer = olga.post(regenerate, {"confirmed": "yes"})
        addresses.append(answer["location"])
    now = Resource.objects.get(pk=resource.pk)
    entries = [f"{e.object_repr} {e.change_message}" for e in LogEntry.objects.all()]
    # Statements, which Django logs at DEBUG while tests run, do carry what they store.
    lines = [r.getMessage() for r in caplog.records if r.name != "django.db.backends"]
    told = [str(message) for message in get_messages(answer.wsgi_request)]
    assert len(entries) == 2 and told
    for text in (*entries, *lines, *addresses, *told):
        assert_hidden(resource, text)
        assert_hidden(now, text)


def test_a_resource_can_be_added_with_a_host_name_in_lower_case(
    olga: Client, resource: Resource
) -> None:
    form = {"name": "contoso", "hostname": " Contoso.Example "}
    answer = olga.post(address_of(Resource, "add"), form, follow=True)
    added = Resource.objects.get(name="contoso")
    assert added.hostname == "contoso.example"
    assert len(set(added.keys().values()) | set(resource.keys().values())) == 4
    # The test server answers to .localhost only.
    assert "CHATSITE_ALLOWED_HOSTS" in answer.content.decode()


@pytest.mark.parametrize(
    "hostname", ["https://a.example", "a.example:443", "a b", "-a", "a..b", "ä.example", "a/b"]
)
def test_what_is_no_host_name_is_refused(olga: Client, resource: Resource, hostname: str) -> None:
    answer = olga.post(address_of(Resource, "add"), {"name": "x", "hostname": hostname})
    assert "Enter only a host name" in answer.content.decode()
    assert Resource.objects.count() == 1


def test_two_resources_cannot_share_a_host_name(olga: Client, other_resource: Resource) -> None:
    form = {"name": "x", "hostname": "OTHER.localhost"}
    answer = olga.post(address_of(Resource, "add"), form)
    assert "already exists" in answer.content.decode()


def test_renaming_a_resource_keeps_its_keys(olga: Client, resource: Resource) -> None:
    form = {"name": "renamed", "hostname": ""}
    olga.post(address_of(Resource, "change", resource.pk), form)
    now = Resource.objects.get(pk=resource.pk)
    assert (now.name, now.hostname, now.is_default) == ("renamed", None, True)
    assert now.keys() == resource.keys()


def test_the_default_resource_cannot_be_deleted(olga: Client, resource: Resource) -> None:
    page = olga.get(address_of(Resource, "change", resource.pk)).content.decode()
    assert "Delete resource" not in page
    delete = address_of(Resource, "operation", resource.pk, "delete")
    olga.post(delete, {"confirmed": "yes", "retyped": resource.name})
    assert (
        olga.post(address_of(Resource, "delete", resource.pk), {"post": "yes"}).status_code == 403
    )
    assert Resource.objects.filter(pk=resource.pk).exists()


def test_deleting_a_resource_tells_what_goes_with_it_and_wants_its_name(
    olga: Client, other_resource: Resource, mallory: Person, alice: Person, bob: Person
) -> None:
    theirs = mallory.create_thread(topic="Theirs")
    message = mallory.send(theirs, "hello")
    mallory.post(f"{theirs}/readReceipts", {"chatMessageId": message})
    ours = alice.create_thread(bob, topic="Ours")
    alice.send(ours, "hello")
    address = address_of(Resource, "operation", other_resource.pk, "delete")

    page = olga.get(address).content.decode()
    for part in ("1 thread,", "3 messages", "1 participant,", "1 user", "1 read receipt,"):
        assert part in page

    wrong = olga.post(address, {"confirmed": "yes", "retyped": "Other"})
    assert "The name does not match" in wrong.content.decode()
    assert Resource.objects.filter(pk=other_resource.pk).exists()

    answer = olga.post(address, {"confirmed": "yes", "retyped": "other"})
    assert answer["location"] == address_of(Resource, "changelist")
    assert not Resource.objects.filter(pk=other_resource.pk).exists()
    assert mallory.get(theirs).status_code == 401
    # Nothing of theirs is left, everything of ours is.
    assert [t.topic for t in ChatThread.objects.all()] == ["Ours"]
    assert alice.texts(ours) == ["hello"]
    assert set(CommunicationUser.objects.all()) == {alice.user, bob.user}
    assert ChatMessage.objects.count() == 3
    assert {e.resource_id for e in Event.objects.all()} == {alice.user.resource_id}
    entry = LogEntry.objects.get()
    assert entry.is_deletion() and entry.object_repr == "other"


def test_showing_and_regenerating_take_the_permission_to_change(
    make_operator: MakeOperator, resource: Resource
) -> None:
    looker = make_operator("identity.view_resource")
    page = looker.get(address_of(Resource, "change", resource.pk)).content.decode()
    assert "Show keys" not in page and "Regenerate" not in page
    for address in (
        address_of(Resource, "keys", resource.pk),
        address_of(Resource, "operation", resource.pk, "regenerate-primary-key"),
    ):
        for answer in (looker.get(address), looker.post(address, {"confirmed": "yes"})):
            assert answer.status_code == 403
            assert_hidden(resource, answer.content.decode())
    assert Resource.objects.get(pk=resource.pk).keys() == resource.keys()
    assert not LogEntry.objects.exists()


def test_showing_keys_without_a_csrf_token_is_refused(resource: Resource) -> None:
    client = signed_in(User.objects.create_superuser("olga"), enforce_csrf=True)
    for address in (
        address_of(Resource, "keys", resource.pk),
        address_of(Resource, "operation", resource.pk, "regenerate-primary-key"),
    ):
        answer = client.post(address, {"confirmed": "yes"})
        assert answer.status_code == 403
        assert_hidden(resource, answer.content.decode())
    assert Resource.objects.get(pk=resource.pk).keys() == resource.keys()


def test_pages_of_resources_that_do_not_exist_are_404(olga: Client, resource: Resource) -> None:
    for name in ("0", "00000000-0000-0000-0000-000000000000", "x/y"):
        for page in ("keys", "operations/delete"):
            address = f"{address_of(Resource, 'changelist')}{name}/{page}/"
            assert olga.get(address).status_code == 404
            assert olga.post(address, {"confirmed": "yes"}).status_code == 404
