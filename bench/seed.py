"""Fills the database of a new chatsite for a run and prints its crowd.

Users, tokens and threads are made through the services, as any request makes them; the messages of
the long threads are inserted in bulk through the model.
"""

import sys
from typing import Any

import django

from bench.crowd import SMALL_HISTORY, THREADS, USERS, Crowd, Thread, members_of

BATCH = 5_000


def seed(history: int) -> Crowd:
    """Creates everything; the long thread gets `history` messages."""
    from identity import services

    resource = services.ensure_default_resource()
    users = [services.create_user(resource=resource) for _ in range(USERS)]
    tokens = {
        user.pk: services.issue_access_token(user=user, scopes=["chat"]).token for user in users
    }

    def create(number: int) -> Thread:
        members = members_of(number, users)
        return Thread(_create_thread(members), [tokens[member.pk] for member in members])

    busy = [create(number) for number in range(THREADS)]
    small, large = create(THREADS), create(THREADS + 1)
    _fill(small.id, SMALL_HISTORY)
    _fill(large.id, history)
    return Crowd(busy=busy, small=small, large=large, pragmas=_pragmas())


def _create_thread(members: list[Any]) -> str:
    """The id of a new thread of these users, created by the first one."""
    from identity.callers import Caller
    from threads.participants import NewParticipant
    from threads.services import create_chat_thread

    creator, *others = members
    caller = Caller(creator.resource_id, creator.pk, creator.raw_id, frozenset({"chat"}))
    created = create_chat_thread(
        caller=caller,
        topic="Bench",
        participants=[NewParticipant(raw_id=member.raw_id) for member in others],
    )
    return created.thread_id


def _fill(thread_id: str, count: int) -> None:
    """Inserts `count` messages, one each millisecond, the last one a moment ago.

    What the thread holds already is moved back in time to make room.
    """
    from django.db import transaction
    from django.db.models import F

    from messaging.models import ChatMessage
    from threads.models import ChatThread

    with transaction.atomic():
        thread = ChatThread.objects.get(thread_id=thread_id)
        first, position = thread.last_version - count, thread.last_message_sequence
        own = ChatMessage.objects.filter(thread=thread)
        own.update(message_id=F("message_id") - count, version=F("version") - count)
        messages = (
            ChatMessage(
                thread=thread,
                message_id=first + number,
                version=first + number,
                sequence=position + number,
                type="text",
                content=f"Message number {number}",
                sender_id=thread.created_by_id,
            )
            for number in range(1, count + 1)
        )
        ChatMessage.objects.bulk_create(messages, batch_size=BATCH)
        ChatThread.objects.filter(pk=thread.pk).update(last_message_sequence=position + count)


def _pragmas() -> list[str]:
    """The statements with which chatsite opens its database."""
    from django.conf import settings

    command: str = settings.DATABASES["default"]["OPTIONS"]["init_command"]
    return [pragma.strip() for pragma in command.split(";") if pragma.strip()]


def main() -> None:
    """`python -m bench.seed HISTORY`"""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(seed(int(sys.argv[1])).to_json())


if __name__ == "__main__":
    main()
