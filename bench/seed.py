"""Seeds the database of a new chatsite and prints the seed data.

Users, tokens and threads are created with the services, like in a request. The messages of the long
threads are inserted in bulk.
"""

import sys
from collections.abc import Iterator
from typing import Any

import django

from bench.seed_data import SMALL_HISTORY, THREADS, USERS, SeedData, Thread, members_of

BATCH = 5_000


def seed(history: int) -> SeedData:
    """Creates users and threads; the long thread gets `history` messages."""
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
    return SeedData(busy=busy, small=small, large=large, pragmas=_pragmas())


def _create_thread(members: list[Any]) -> str:
    """Creates a thread of these users, as the first of them; returns its id."""
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
    """Inserts `count` messages, one per millisecond up to now.

    Existing messages are moved back in time.
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
        messages = _messages(thread, first, position, count)
        ChatMessage.objects.bulk_create(messages, batch_size=BATCH)
        ChatThread.objects.filter(pk=thread.pk).update(last_message_sequence=position + count)


def _messages(thread: Any, first: int, position: int, count: int) -> Iterator[Any]:
    from messaging.models import ChatMessage

    for number in range(1, count + 1):
        yield ChatMessage(
            thread=thread,
            message_id=first + number,
            version=first + number,
            sequence=position + number,
            type="text",
            content=f"Message number {number}",
            sender_id=thread.created_by_id,
        )


def _pragmas() -> list[str]:
    """The pragmas that chatsite sets on its connections to SQLite, but with synchronous=NORMAL.

    The bare application commits each send in its event loop, where it cannot share a wait for the
    disk with others.
    """
    from django.conf import settings

    command = str(settings.DATABASES["default"]["OPTIONS"].get("init_command", ""))
    pragmas = [pragma.strip() for pragma in command.split(";") if pragma.strip()]
    return [
        "PRAGMA synchronous=NORMAL" if "synchronous" in pragma else pragma for pragma in pragmas
    ]


def main() -> None:
    """`python -m bench.seed HISTORY`"""
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(seed(int(sys.argv[1])).to_json())


if __name__ == "__main__":
    main()
