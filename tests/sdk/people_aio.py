"""The same people behind the asynchronous chat SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from azure.communication.chat import ChatParticipant
from azure.communication.chat.aio import (
    ChatClient,
    ChatThreadClient,
    CommunicationTokenCredential,
)

from tests.sdk.people import Person


@dataclass(frozen=True)
class AsyncPerson:
    """A person with an open asynchronous client."""

    person: Person
    chat: ChatClient
    clients: AsyncExitStack = field(repr=False)
    ca_file: str = field(repr=False)

    @property
    def id(self) -> str:
        """The raw id."""
        return self.person.id

    async def thread(self, thread_id: str) -> ChatThreadClient:
        """The official client of one thread, closed with the test."""
        client: ChatThreadClient = await self.clients.enter_async_context(
            self.chat.get_chat_thread_client(thread_id, connection_verify=self.ca_file)
        )
        return client

    async def create_thread(self, *participants: ChatParticipant) -> ChatThreadClient:
        """Create a thread named Lunch and open its client."""
        result = await self.chat.create_chat_thread("Lunch", thread_participants=list(participants))
        assert result.errors == []
        return await self.thread(result.chat_thread.id)


Connect = Callable[[Person], Awaitable[AsyncPerson]]


@asynccontextmanager
async def connections(*, endpoint: str, ca_file: str) -> AsyncIterator[Connect]:
    """Give out asynchronous clients that trust ``ca_file``, and close them at the end."""
    async with AsyncExitStack() as clients:

        async def connect(person: Person) -> AsyncPerson:
            credential = await clients.enter_async_context(
                CommunicationTokenCredential(person.token)
            )
            chat = await clients.enter_async_context(
                ChatClient(endpoint, credential, connection_verify=ca_file)
            )
            return AsyncPerson(person=person, chat=chat, clients=clients, ca_file=ca_file)

        yield connect
