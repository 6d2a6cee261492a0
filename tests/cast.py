"""The users of the tests, who call the server over HTTP like any client.

alice makes threads, bob is in them, carol comes and goes, and eve is in none of them: she must
never see anything. mallory belongs to another resource.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from identity.models import CommunicationUser, Resource
from identity.services import create_user, ensure_default_resource, issue_access_token

NEWEST = "2025-03-15"


@dataclass
class Person:
    """A user with a token, and a client that sends it."""

    name: str
    user: CommunicationUser
    token: str
    version: str = NEWEST
    host: str = "testserver"
    client: Client = field(default_factory=Client)

    @property
    def id(self) -> str:
        return self.user.raw_id

    @property
    def identifier(self) -> dict[str, Any]:
        """The communication identifier, as requests and answers carry it."""
        return {"rawId": self.id, "communicationUser": {"id": self.id}}

    def as_participant(self, **more: Any) -> dict[str, Any]:
        """A participant model that names this person."""
        return {"communicationIdentifier": self.identifier, **more}

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        version: str | None = None,
        query: str = "",
        headers: dict[str, str] | None = None,
    ) -> Any:
        """The response; `body` is sent as JSON unless it is bytes, `query` precedes api-version."""
        content = body if isinstance(body, bytes) else b"" if body is None else _json(body)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        separator = f"?{query}&" if query else "?"
        if "api-version=" not in path:
            path = f"{path}{separator}api-version={version or self.version}"
        return self.client.generic(
            method,
            path,
            content,
            content_type=kind if content else "",
            headers={"authorization": f"Bearer {self.token}", "host": self.host, **(headers or {})},
        )

    def get(self, path: str, query: str = "", **options: Any) -> Any:
        return self.request("GET", path, query=query, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.request("POST", path, body, **options)

    def patch(self, path: str, body: Any, **options: Any) -> Any:
        return self.request("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Any:
        return self.request("DELETE", path, **options)

    # Operations that nearly every test needs; each asserts success.

    def create_thread(self, *others: "Person", topic: str = "Lunch", **members: Any) -> str:
        """The path of a new thread with `others` in it."""
        participants = [other.as_participant(displayName=other.name) for other in others]
        body = {"topic": topic, "participants": participants, **members}
        answer = self.post("/chat/threads", body)
        assert answer.status_code == 201, answer.content
        return f"/chat/threads/{answer.json()['chatThread']['id']}"

    def send(self, thread: str, content: str = "hello", **members: Any) -> str:
        """The id of a new message in the thread with this path."""
        answer = self.post(f"{thread}/messages", {"content": content, **members})
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def messages(self, thread: str, query: str = "maxPageSize=200") -> list[dict[str, Any]]:
        """The first page of messages."""
        answer = self.get(f"{thread}/messages", query)
        assert answer.status_code == 200, answer.content
        return list(answer.json()["value"])

    def texts(self, thread: str) -> list[str]:
        """The contents of the messages, newest first, without system messages."""
        return [
            message["content"]["message"]
            for message in self.messages(thread)
            if "message" in message["content"]
        ]

    def follow(self, answer: Any) -> Any:
        """The response to the next link."""
        link = answer.json()["nextLink"]
        assert link.startswith(f"http://{self.host}/")
        return self.get(link.removeprefix(f"http://{self.host}"))

    def walk(self, path: str, query: str = "") -> list[list[dict[str, Any]]]:
        """All pages of a list."""
        answer = self.get(path, query)
        pages = [answer.json()["value"]]
        while "nextLink" in answer.json():
            answer = self.follow(answer)
            assert answer.status_code == 200, answer.content
            pages.append(answer.json()["value"])
            assert len(pages) < 1000
        return pages


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def make_person(name: str, resource: Resource, *scopes: str, host: str = "testserver") -> Person:
    """A new user of `resource` with a token for `scopes` (default: chat)."""
    user = create_user(resource=resource)
    token = issue_access_token(user=user, scopes=scopes or ["chat"]).token
    return Person(name, user, token, host=host)


def error_of(answer: Any) -> tuple[int, str, str | None]:
    """Status, code and message of an error; asserts that both members of the body agree."""
    body = answer.json()
    assert answer["content-type"] == "application/json"
    recorded, specified = body["CommunicationError"], body["error"]
    assert list(body) == ["CommunicationError", "error"]
    assert recorded["Code"] == specified["code"]
    assert recorded["Details"] == []
    assert specified["message"] == recorded.get("Message", recorded["Code"])
    return answer.status_code, recorded["Code"], recorded.get("Message")


NOT_A_MEMBER = (
    403,
    "Forbidden",
    "The initiator doesn't have the permission to perform the requested operation.",
)
NO_SUCH_THREAD = (404, "NotFound", "The specified thread id was not found.")


@pytest.fixture
def resource(transactional_db: None) -> Resource:
    """The default resource. Services need real transactions, so each test gets them."""
    return ensure_default_resource()


@pytest.fixture
def alice(resource: Resource) -> Person:
    return make_person("Alice", resource)


@pytest.fixture
def bob(resource: Resource) -> Person:
    return make_person("Bob", resource)


@pytest.fixture
def carol(resource: Resource) -> Person:
    return make_person("Carol", resource)


@pytest.fixture
def eve(resource: Resource) -> Person:
    return make_person("Eve", resource)


@pytest.fixture
def other_resource(resource: Resource) -> Resource:
    """A second tenant with its own host name."""
    return Resource.objects.create(name="other", hostname="other.localhost")


@pytest.fixture
def mallory(other_resource: Resource) -> Person:
    return make_person("Mallory", other_resource, host="other.localhost")
