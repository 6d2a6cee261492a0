"""People in the admin."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from identity.callers import Caller
from identity.models import Resource
from people.models import Person
from threads.models import Participant
from threads.participants import NewParticipant
from threads.services import create_chat_thread

LIST = "/admin/pages/person/"


@pytest.fixture
def olga(resource: Resource, client: Client) -> Client:
    """A superuser, signed in."""
    client.force_login(User.objects.create_superuser("olga"))
    return client


def add(olga: Client, account: User, resource: Resource) -> Person:
    fields = {"account": account.pk, "display_name": "Anna Berg", "resource": resource.pk}
    answer = olga.post(f"{LIST}add/", fields)
    assert answer.status_code == 302, answer.content.decode()
    return Person.objects.get(account=account)


def test_an_operator_makes_an_account_a_person_of_any_tenant(
    olga: Client, other_resource: Resource
) -> None:
    assert olga.get(f"{LIST}add/").status_code == 200
    person = add(olga, User.objects.create_user("anna"), other_resource)
    assert person.user.resource == other_resource
    page = olga.get(f"{LIST}?q=anna+berg").content.decode()
    assert "Anna Berg" in page and "other" in page
    assert "Chat page" in olga.get("/admin/").content.decode()


def test_an_operator_renames_a_person_and_changes_nothing_else(
    olga: Client, resource: Resource
) -> None:
    person = add(olga, User.objects.create_user("anna"), resource)
    page = f"{LIST}{person.pk}/change/"
    assert person.user.raw_id in olga.get(page).content.decode()
    fields = {"display_name": "Anna Sommer", "account": "999", "resource": "999"}
    caller = Caller(resource.id, person.user.pk, person.user.raw_id, frozenset({"chat"}))
    known = NewParticipant(raw_id=person.user.raw_id, display_name="Anna Berg")
    create_chat_thread(caller=caller, topic="Lunch", participants=[known])
    assert olga.post(page, fields).status_code == 302
    assert Participant.objects.get().display_name == "Anna Sommer"
    renamed = Person.objects.get()
    assert (renamed.display_name, renamed.search_name) == ("Anna Sommer", " anna sommer")
    assert (renamed.account, renamed.user) == (person.account, person.user)
    assert olga.post(f"{LIST}{person.pk}/delete/", {"post": "yes"}).status_code == 403


def test_eve_of_the_staff_sees_no_people(resource: Resource, client: Client) -> None:
    client.force_login(User.objects.create_user("eve", is_staff=True))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
