"""Users in the admin: created, given tokens, revoked, deleted; never edited."""

import re

from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from admin_toolkit.display import address_of
from identity.models import CommunicationUser, Resource
from identity.services import create_user
from tests.admin.conftest import MakeOperator
from tests.cast import Person

LIST = "/admin/identity/communicationuser/"


def listed(client: Client, query: str) -> list[str]:
    """The raw ids in the list."""
    answer = client.get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return [user.raw_id for user in answer.context["cl"].result_list]


def test_users_are_found_by_raw_id_or_a_part_of_it(
    olga: Client, alice: Person, bob: Person
) -> None:
    assert listed(olga, f"q={alice.id}") == [alice.id]
    assert listed(olga, f"q={bob.id[-12:]}") == [bob.id]
    assert listed(olga, "q=nobody") == []


def test_users_are_filtered_by_resource_state_and_age(
    olga: Client, alice: Person, bob: Person, mallory: Person
) -> None:
    other = mallory.user.resource_id
    assert listed(olga, f"resource__id__exact={other}") == [mallory.id]
    olga.post(operation(bob, "delete"), {"confirmed": "yes"})
    assert listed(olga, "state=deleted") == [bob.id]
    assert listed(olga, "state=active") == [mallory.id, alice.id]
    CommunicationUser.objects.filter(pk=alice.user.pk).update(created_at="2020-01-01T00:00:00Z")
    assert listed(olga, "created=day") == [mallory.id, bob.id]


def operation(person: Person, name: str) -> str:
    return address_of(CommunicationUser, "operation", person.user.pk, name)


def test_the_list_counts_current_threads_in_a_fixed_number_of_statements(
    olga: Client, alice: Person, bob: Person, carol: Person
) -> None:
    for topic in ("one", "two"):
        alice.create_thread(bob, topic=topic)
    left = alice.create_thread(bob, carol, topic="three")
    alice.post(f"{left}/participants/:remove", carol.identifier)
    alice.delete(alice.create_thread(bob, topic="deleted"))

    olga.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as few:
        answer = olga.get(LIST)
    counts = {user.raw_id: user.current_threads for user in answer.context["cl"].result_list}
    assert counts == {alice.id: 3, bob.id: 3, carol.id: 0}

    for _ in range(30):
        create_user(resource=alice.user.resource)
    with CaptureQueriesContext(connection) as many:
        olga.get(LIST)
    assert len(many) == len(few)


def test_revoking_ends_all_tokens_of_one_user(
    olga: Client, alice: Person, bob: Person, thread: str
) -> None:
    page = olga.get(operation(bob, "revoke-tokens")).content.decode()
    assert "All access tokens issued so far become invalid immediately." in page
    assert bob.get(thread).status_code == 200
    olga.post(operation(bob, "revoke-tokens"), {"confirmed": "yes"})
    assert bob.get(thread).status_code == 401
    assert alice.get(thread).status_code == 200
    assert LogEntry.objects.get().get_change_message() == "Access tokens revoked."


def test_several_selected_users_are_revoked_at_once_after_one_question(
    olga: Client, alice: Person, bob: Person, carol: Person, thread: str
) -> None:
    selection = {"action": "revoke-tokens", "_selected_action": [alice.user.pk, bob.user.pk]}
    question = olga.post(LIST, {**selection, "index": "0"})
    assert "2 users" in question.content.decode()
    assert alice.get(thread).status_code == 200
    answer = olga.post(LIST, {**selection, "confirmed": "yes"}, follow=True)
    assert "2 users: access tokens revoked." in answer.content.decode()
    assert [p.get(thread).status_code for p in (alice, bob)] == [401, 401]
    assert carol.get("/chat/threads").status_code == 200


def test_deleting_an_identity_takes_it_out_of_its_threads(
    olga: Client, alice: Person, bob: Person, thread: str
) -> None:
    bob.send(thread, "still here")
    olga.post(operation(bob, "delete"), {"confirmed": "yes"})
    assert bob.get(thread).status_code == 401
    ids = [p["communicationIdentifier"]["rawId"] for p in participants(alice, thread)]
    assert ids == [alice.id]
    assert alice.messages(thread)[0]["type"] == "participantRemoved"
    assert alice.texts(thread) == ["still here"]


def participants(person: Person, thread: str) -> list[dict[str, dict[str, str]]]:
    return list(person.get(f"{thread}/participants").json()["value"])


def test_deleting_twice_changes_nothing_the_second_time(olga: Client, bob: Person) -> None:
    olga.post(operation(bob, "delete"), {"confirmed": "yes"})
    first = CommunicationUser.objects.get(pk=bob.user.pk)
    assert "There is nothing to do" in olga.get(operation(bob, "delete")).content.decode()
    olga.post(operation(bob, "delete"), {"confirmed": "yes"})
    again = CommunicationUser.objects.get(pk=bob.user.pk)
    assert again.deleted_at == first.deleted_at
    assert again.token_generation == first.token_generation
    page = olga.get(address_of(CommunicationUser, "change", bob.user.pk)).content.decode()
    assert "Issue a token" not in page and "Delete identity" not in page


def test_a_new_user_can_chat_with_the_token_that_is_shown_once(
    olga: Client, resource: Resource
) -> None:
    answer = olga.post(address_of(CommunicationUser, "add"), {"resource": resource.pk})
    user = CommunicationUser.objects.get()
    assert answer["location"] == address_of(CommunicationUser, "change", user.pk)
    assert user.raw_id.startswith(f"8:acs:{resource.pk}_")

    page = address_of(CommunicationUser, "token", user.pk)
    shown = olga.post(page, {"scopes": ["chat"], "minutes": "60"})
    assert "no-store" in shown["cache-control"]
    found = re.search(r'<code id="access-token">([^<]+)</code>', shown.content.decode())
    assert found
    person = Person("New", user, found[1])
    assert person.create_thread(topic="It works").startswith("/chat/threads/19:")
    entry = LogEntry.objects.get(action_flag=2)
    assert entry.get_change_message() == "Access token issued: chat, 60 minutes."
    assert found[1] not in olga.get(page).content.decode()


def test_the_scopes_of_an_issued_token_are_those_chosen(olga: Client, alice: Person) -> None:
    page = address_of(CommunicationUser, "token", alice.user.pk)
    shown = olga.post(page, {"scopes": ["chat.join"], "minutes": "60"}).content.decode()
    token = re.search(r'<code id="access-token">([^<]+)</code>', shown)
    assert token
    person = Person("Joiner", alice.user, token[1])
    assert person.post("/chat/threads", {"topic": "x"}).status_code == 403


def test_a_token_form_with_nonsense_issues_nothing(olga: Client, alice: Person) -> None:
    page = address_of(CommunicationUser, "token", alice.user.pk)
    for form in (
        {},
        {"scopes": [], "minutes": "60"},
        {"scopes": ["chat"], "minutes": "59"},
        {"scopes": ["chat"], "minutes": "1441"},
        {"scopes": ["admin"], "minutes": "60"},
    ):
        answer = olga.post(page, form)
        assert answer.status_code == 200
        assert "access-token" not in answer.content.decode()
    assert not LogEntry.objects.exists()


def test_nobody_gets_a_token_for_a_deleted_user(olga: Client, alice: Person) -> None:
    olga.post(operation(alice, "delete"), {"confirmed": "yes"})
    page = address_of(CommunicationUser, "token", alice.user.pk)
    assert olga.post(page, {"scopes": ["chat"], "minutes": "60"}).status_code == 403


def test_who_may_only_look_at_users_can_do_nothing_to_them(
    make_operator: MakeOperator, alice: Person, thread: str
) -> None:
    looker = make_operator("identity.view_communicationuser")
    page = looker.get(address_of(CommunicationUser, "change", alice.user.pk))
    assert page.status_code == 200
    for forbidden in ("Issue a token", "Revoke", "Delete", "Messages of this user"):
        assert forbidden not in page.content.decode()
    assert looker.get(address_of(CommunicationUser, "add")).status_code == 403
    for address in (
        operation(alice, "revoke-tokens"),
        operation(alice, "delete"),
        address_of(CommunicationUser, "token", alice.user.pk),
    ):
        form = {"confirmed": "yes", "scopes": ["chat"], "minutes": "60"}
        assert looker.post(address, form).status_code == 403
    selection = {"action": "delete", "_selected_action": [alice.user.pk], "confirmed": "yes"}
    looker.post(LIST, selection)
    assert alice.get(thread).status_code == 200


def test_users_cannot_be_edited_or_removed_through_djangos_own_forms(
    olga: Client, alice: Person, other_resource: Resource
) -> None:
    change = address_of(CommunicationUser, "change", alice.user.pk)
    assert olga.post(change, {"resource": other_resource.pk, "raw_id": "8:x"}).status_code == 403
    delete = address_of(CommunicationUser, "delete", alice.user.pk)
    assert olga.post(delete, {"post": "yes"}).status_code == 403
    assert CommunicationUser.objects.get(pk=alice.user.pk).raw_id == alice.id


def test_a_users_page_lists_current_and_former_threads(
    olga: Client, alice: Person, bob: Person, thread: str
) -> None:
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    alice.create_thread(bob, topic="Dinner")
    answer = olga.get(address_of(CommunicationUser, "change", bob.user.pk))
    [panel] = answer.context["panels"]
    assert ["Dinner" in row.cells[0] for row in panel.rows] == [True, False]
    assert [row.is_past for row in panel.rows] == [False, True]
