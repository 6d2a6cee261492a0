"""`GET /chat/people` (docs/api-extensions.md)."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from identity.models import Resource
from identity.services import delete_user
from people.tests.conftest import MakePerson, found
from tests.cast import Person, error_of


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


def test_it_checks_version_method_and_token_like_the_rest_of_the_api(
    with_account: MakePerson,
) -> None:
    anna = with_account("Anna")
    assert anna.get("/chat/people", version="1999-01-01").status_code == 400
    assert error_of(anna.get("/chat/people", f"search={'x' * 101}"))[0] == 400
    assert anna.post("/chat/people").status_code == 405
    assert anna.get("/chat/people", headers={"authorization": "Bearer nobody"}).status_code == 401
    assert anna.client.get("/chat/people").status_code == 401
