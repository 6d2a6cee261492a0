"""`PATCH /chat/people/me` (docs/api-extensions.md)."""

from typing import Any

import pytest

from people.tests.conftest import MakePerson, found
from tests.cast import Person, error_of


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


def test_the_message_says_what_is_wrong_with_a_name(with_account: MakePerson) -> None:
    anna = with_account("Anna")
    for name, text in (("", "must be a string that is not blank"), ("x" * 101, "100 characters")):
        answer = anna.patch("/chat/people/me", {"displayName": name})
        assert text in answer.json()["error"]["message"]
        assert answer.json()["error"]["target"] == "displayName"


def test_eve_without_an_account_cannot_change_an_entry(eve: Person) -> None:
    assert eve.patch("/chat/people/me", {"displayName": "Anna"}).status_code == 404
    assert eve.client.patch("/chat/people/me").status_code == 401
