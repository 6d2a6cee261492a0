"""/chat/people (docs/api-extensions.md)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from identity.models import Resource
from identity.services import delete_user, issue_access_token
from people.services import create_person
from tests.cast import Person, error_of

MakePerson = Callable[..., Person]


@pytest.fixture
def with_account(resource: Resource) -> MakePerson:
    """Makes somebody with an account, who therefore is in the directory."""

    def make(name: str, tenant: Resource = resource, host: str = "testserver") -> Person:
        account = User.objects.create_user(name.replace(" ", "-"))
        user = create_person(account, tenant, name).user
        token = issue_access_token(user=user, scopes=["chat"]).token
        return Person(name, user, token, host=host)

    return make


def found(person: Person, search: str = "") -> list[str]:
    query = f"search={search}" if search else ""
    pages = person.walk("/chat/people", query)
    return [one["displayName"] for page in pages for one in page]


def test_people_with_an_account_find_each_other_by_name(with_account: MakePerson) -> None:
    anna, ben = with_account("Anna Müller"), with_account("Ben Äpfel")
    with_account("Carl Benson")
    assert found(anna) == ["Ben Äpfel", "Carl Benson"]
    answer = anna.get("/chat/people", "search=%C3%84pf").json()
    assert answer == {
        "value": [{"communicationIdentifier": ben.identifier, "displayName": "Ben Äpfel"}]
    }


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("ben", ["Ben Äpfel", "Carl Benson"]),
        ("BEN ä", ["Ben Äpfel"]),
        ("enson", []),
        ("%25", []),
        ("_", []),
    ],
)
def test_a_search_meets_beginnings_of_words_in_any_case(
    search: str, names: list[str], with_account: MakePerson
) -> None:
    anna = with_account("Anna Müller")
    with_account("Ben Äpfel")
    with_account("Carl Benson")
    assert found(anna, search) == names


def test_eve_without_an_account_finds_nobody(with_account: MakePerson, eve: Person) -> None:
    with_account("Anna Müller")
    assert found(eve) == []


def test_another_tenant_is_another_directory(
    with_account: MakePerson, other_resource: Resource, mallory: Person
) -> None:
    with_account("Anna Müller")
    stranger = with_account("Zoe", other_resource, "other.localhost")
    assert found(stranger) == []
    assert found(mallory) == []


def test_everybody_sees_the_people_of_shared_threads(
    alice: Person, bob: Person, carol: Person, eve: Person
) -> None:
    thread = alice.create_thread(bob, carol)
    assert found(bob) == ["Carol"]
    assert found(alice, "ca") == ["Carol"]
    assert found(eve) == []
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    assert found(bob) == []


def test_an_account_that_was_closed_or_an_identity_that_was_deleted_is_not_found(
    with_account: MakePerson,
) -> None:
    anna, ben, carl = with_account("Anna"), with_account("Ben"), with_account("Carl")
    User.objects.filter(username="Ben").update(is_active=False)
    delete_user(user=carl.user)
    assert found(anna) == []
    assert ben.get("/chat/people").status_code == 200
    assert carl.get("/chat/people").status_code == 401


def test_a_site_can_keep_people_from_finding_each_other(
    with_account: MakePerson, settings: Any
) -> None:
    settings.CHATSITE_DIRECTORY = "threads"
    anna, ben = with_account("Anna"), with_account("Ben")
    assert found(anna) == []
    anna.create_thread(ben)
    assert found(anna) == ["Ben"]


def test_pages_have_the_size_asked_for(with_account: MakePerson) -> None:
    anna = with_account("Anna")
    for number in range(5):
        with_account(f"Ben {number}")
    pages = anna.walk("/chat/people", "search=ben&maxPageSize=2")
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({one["displayName"] for page in pages for one in page}) == 5


def test_it_is_part_of_the_api(with_account: MakePerson) -> None:
    anna = with_account("Anna")
    assert anna.get("/chat/people", version="1999-01-01").status_code == 400
    assert error_of(anna.get("/chat/people", f"search={'x' * 101}"))[0] == 400
    assert anna.post("/chat/people").status_code == 405
    assert anna.get("/chat/people", headers={"authorization": "Bearer nobody"}).status_code == 401
    assert anna.client.get("/chat/people").status_code == 401


def test_people_change_the_name_that_others_see(with_account: MakePerson, eve: Person) -> None:
    anna, ben, carl = with_account("Anna Berg"), with_account("Ben"), with_account("Carl")
    known = {"communicationIdentifier": anna.identifier, "displayName": "Anna Berg"}
    assert anna.get("/chat/people/me").json() == known
    shared = anna.create_thread(ben)
    nickname = carl.create_thread()
    other_name = {"communicationIdentifier": anna.identifier, "displayName": "Annie"}
    carl.post(f"{nickname}/participants/:add", {"participants": [other_name]})
    ben.post(f"{shared}/participants/:remove", anna.identifier)
    ben.post(f"{shared}/participants/:add", {"participants": [known]})
    answer = anna.patch("/chat/people/me", {"displayName": "  Anna   Sommer "})
    assert (answer.status_code, answer.json()) == (200, known | {"displayName": "Anna Sommer"})
    assert anna.get("/chat/people/me").json()["displayName"] == "Anna Sommer"
    assert found(ben, "sommer") == ["Anna Sommer"]

    def names(reader: Person, thread: str) -> set[str | None]:
        listed = reader.get(f"{thread}/participants").json()["value"]
        return {one.get("displayName") for one in listed}

    assert "Anna Sommer" in names(ben, shared)
    # What somebody else calls her there is theirs.
    assert "Annie" in names(carl, nickname)
    assert found(eve) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"displayName": None},
        {"displayName": 7},
        {"displayName": " "},
        {"displayName": "x" * 101},
    ],
)
def test_a_bad_name_is_refused(body: dict[str, Any], with_account: MakePerson) -> None:
    anna = with_account("Anna")
    assert error_of(anna.patch("/chat/people/me", body))[0] == 400
    assert anna.get("/chat/people/me").json()["displayName"] == "Anna"


def test_eve_without_an_account_has_no_entry(eve: Person) -> None:
    assert eve.get("/chat/people/me").status_code == 404
    assert eve.patch("/chat/people/me", {"displayName": "Anna"}).status_code == 404
    assert eve.client.patch("/chat/people/me").status_code == 401
