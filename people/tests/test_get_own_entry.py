"""`GET /chat/people/me` (docs/api-extensions.md)."""

from people.tests.conftest import MakePerson
from tests.cast import Person


def test_people_see_their_own_entry(with_account: MakePerson) -> None:
    anna = with_account("Anna Berg")
    with_account("Ben")
    answer = anna.get("/chat/people/me")
    entry = {"communicationIdentifier": anna.identifier, "displayName": "Anna Berg"}
    assert (answer.status_code, answer.json()) == (200, entry)


def test_eve_without_an_account_has_no_entry(eve: Person) -> None:
    assert eve.get("/chat/people/me").status_code == 404
    assert eve.client.get("/chat/people/me").status_code == 401
