"""What the three chat scopes of a token allow, operation by operation."""

from typing import Any

import pytest

from identity.models import Resource
from identity.services import issue_access_token
from tests.cast import Person, error_of, make_person

# operation: method, path below the thread, body, the scopes that allow it
ALL = {"chat", "chat.join", "chat.join.limited"}
JOIN = {"chat", "chat.join"}
OPERATIONS: dict[str, tuple[str, str, Any, set[str]]] = {
    "update": ("PATCH", "", {"topic": "x"}, {"chat"}),
    "get": ("GET", "", None, ALL),
    "participants": ("GET", "/participants", None, ALL),
    "add": ("POST", "/participants/:add", "bob", JOIN),
    "remove": ("POST", "/participants/:remove", "bob", JOIN),
    "send": ("POST", "/messages", {"content": "x"}, ALL),
    "list": ("GET", "/messages", None, ALL),
    "message": ("GET", "/messages/{own}", None, ALL),
    "edit": ("PATCH", "/messages/{own}", {"content": "y"}, ALL),
    "unsend": ("DELETE", "/messages/{own}", None, ALL),
    "receipt": ("POST", "/readReceipts", {"chatMessageId": "{own}"}, ALL),
    "receipts": ("GET", "/readReceipts", None, ALL),
    "typing": ("POST", "/typing", None, ALL),
    "delete": ("DELETE", "", None, {"chat"}),
}


@pytest.mark.parametrize("scope", sorted(ALL | {"voip"}))
def test_each_scope_allows_what_it_should_and_no_more(
    resource: Resource, alice: Person, bob: Person, scope: str
) -> None:
    guest = make_person("Guest", resource, scope)
    thread = alice.create_thread(guest)
    as_member = make_person("x", resource)
    as_member.token, scoped = _full_token(guest), guest.token
    own = as_member.send(thread, "mine")
    guest.token = scoped
    for name, (method, path, body, scopes) in OPERATIONS.items():
        if body == "bob":
            body = bob.identifier
            if name == "add":
                body = {"participants": [bob.as_participant()]}
        if name == "receipt":
            body = {"chatMessageId": own}
        answer = guest.request(method, thread + path.format(own=own), body)
        if scope in scopes:
            assert answer.status_code < 300, (name, answer.content)
        else:
            assert error_of(answer)[:2] == (403, "Forbidden"), name


def _full_token(person: Person) -> str:
    return issue_access_token(user=person.user, scopes=["chat"]).token


@pytest.mark.parametrize(
    ("scope", "creates", "lists"),
    [("chat", 201, 200), ("chat.join", 403, 200), ("chat.join.limited", 403, 200)]
    + [("voip", 403, 403), ("voip.join", 403, 403)],
)
def test_only_chat_creates_threads(
    resource: Resource, scope: str, creates: int, lists: int
) -> None:
    guest = make_person("Guest", resource, scope)
    assert guest.post("/chat/threads", {"topic": "t"}).status_code == creates
    assert guest.get("/chat/threads").status_code == lists
