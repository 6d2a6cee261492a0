"""A small world to attack: alice and bob share a thread, and every row can be seen."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.test import Client

from identity.models import CommunicationUser
from identity.services import create_user, ensure_default_resource, issue_access_token

API_VERSION = "2025-03-15"
ROOMS = ("identity", "events", "threads", "messaging")


@dataclass(frozen=True)
class Answer:
    """What the server answered; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body; NaN and infinities are no JSON."""
        return json.loads(self.body, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


@dataclass
class Stage:
    """Alice's thread with bob in it, one message of each, and a receipt."""

    alice: CommunicationUser
    bob: CommunicationUser
    tokens: dict[int, str]
    client: Client = field(default_factory=Client)
    thread_id: str = ""
    message_id: str = ""

    @property
    def thread(self) -> str:
        """The thread's path, encoded as the SDKs encode it."""
        return f"/chat/threads/{quote(self.thread_id, safe='')}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: str = f"api-version={API_VERSION}",
        content_type: str = "application/json",
        user: CommunicationUser | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One request, by default of alice; the body goes out byte for byte."""
        token = self.tokens[(user or self.alice).pk]
        response = self.client.generic(
            method,
            f"{path}?{query}" if query else path,
            body,
            content_type,
            secure=True,
            headers={"authorization": f"Bearer {token}"} | (headers or {}),
        )
        names = {name.lower(): value for name, value in response.items()}
        return Answer(response.status_code, names, response.content)

    def post(self, path: str, body: Any) -> Any:
        """A well-formed POST of alice; the JSON of the answer, or None."""
        answer = self.send("POST", path, json.dumps(body).encode())
        assert 200 <= answer.status < 300, answer
        return answer.json() if answer.body else None


def set_stage() -> Stage:
    """Fresh users of the default resource, a thread and a message."""
    resource = ensure_default_resource()
    alice, bob = create_user(resource=resource), create_user(resource=resource)
    tokens = {
        user.pk: issue_access_token(user=user, scopes=["chat"]).token for user in (alice, bob)
    }
    stage = Stage(alice, bob, tokens)
    participant = {"communicationIdentifier": identifier(bob.raw_id), "displayName": "Bob"}
    body = {"topic": "Lunch", "participants": [participant]}
    stage.thread_id = stage.post("/chat/threads", body)["chatThread"]["id"]
    stage.message_id = stage.post(f"{stage.thread}/messages", {"content": "hello"})["id"]
    stage.post(f"{stage.thread}/readReceipts", {"chatMessageId": stage.message_id})
    return stage


def identifier(raw_id: str) -> dict[str, Any]:
    """A communication user as the SDKs write one."""
    return {"rawId": raw_id, "communicationUser": {"id": raw_id}}


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table of the rooms, to be compared with a later call."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values_list())
        for room in ROOMS
        for model in apps.get_app_config(room).get_models()
    }
