"""The cast of the SDK tests: people with a token and an official chat client."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field

from azure.communication.chat import (
    ChatClient,
    ChatParticipant,
    ChatThreadClient,
    CommunicationTokenCredential,
    CommunicationUserIdentifier,
)
from azure.communication.identity import CommunicationIdentityClient


@dataclass(frozen=True)
class Person:
    """Somebody who signs in with an access token of scope ``chat``."""

    identifier: CommunicationUserIdentifier
    token: str
    chat: ChatClient
    clients: ExitStack = field(repr=False)

    @property
    def id(self) -> str:
        """The raw id, ``8:acs:{resource}_{user}``."""
        return str(self.identifier.raw_id)

    def thread(self, thread_id: str) -> ChatThreadClient:
        """The official client of one thread, closed with the test."""
        client: ChatThreadClient = self.clients.enter_context(
            self.chat.get_chat_thread_client(thread_id)
        )
        return client

    def create_thread(self, *participants: ChatParticipant, topic: str = "Lunch") -> str:
        """Create a thread and return its id."""
        result = self.chat.create_chat_thread(topic, thread_participants=list(participants))
        assert result.errors == []
        return str(result.chat_thread.id)

    def as_participant(self, display_name: str | None = None) -> ChatParticipant:
        """What somebody else passes to add this person to a thread."""
        return ChatParticipant(identifier=self.identifier, display_name=display_name)


def invite(*, identity: CommunicationIdentityClient, endpoint: str, clients: ExitStack) -> Person:
    """Create a user with a token through the identity SDK, and open a chat client."""
    user, access_token = identity.create_user_and_token(["chat"])
    raw_id = user.properties["id"]
    chat = clients.enter_context(
        ChatClient(endpoint, CommunicationTokenCredential(access_token.token))
    )
    identifier = CommunicationUserIdentifier(raw_id, raw_id=raw_id)
    return Person(identifier=identifier, token=access_token.token, chat=chat, clients=clients)


def stranger() -> ChatParticipant:
    """A well-formed user of a resource that no server knows."""
    raw_id = f"8:acs:{uuid.uuid4()}_{uuid.uuid4()}"
    return ChatParticipant(identifier=CommunicationUserIdentifier(raw_id, raw_id=raw_id))
