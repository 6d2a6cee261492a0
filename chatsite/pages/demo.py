"""Demo data: three people and two conversations.

Created when a development server starts with an empty database. The accounts have no passwords; on
a development server, and only there, a button signs in as one of them.
"""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse

from identity.callers import Caller
from identity.hosts import host_name
from identity.models import Resource
from messaging.models import Priority
from messaging.services import send_message, send_read_receipt
from people.models import Person
from people.services import create_person
from threads.access import access_thread
from threads.models import ChatThread
from threads.participants import NewParticipant
from threads.services import create_chat_thread

NAMES = {"alice": "Alice Martin", "bob": "Bob Okafor", "carol": "Carol Nguyen"}

_LUNCH = [
    ("alice", "Good morning! Who is in for lunch today? 🍕"),
    ("bob", "Me! The new place at the harbour?"),
    ("carol", "They have a menu online: https://example.org/menu"),
    ("alice", "12:30 then. I'll book a table for three."),
    ("bob", "Perfect, see you there 👍"),
]
_LAUNCH = [
    ("carol", "The build is green and the release notes are written."),
    ("bob", "Then we ship at 15:00. I'll watch the dashboards."),
    ("carol", "Please read the checklist before we start!"),
]


def create(resource: Resource) -> None:
    """Creates the people and conversations if the database has neither."""
    if Person.objects.exists() or ChatThread.objects.exists():
        return
    people: dict[str, Person] = {}
    for username, name in NAMES.items():
        account, created = User.objects.get_or_create(username=username)
        if not created:
            return
        account.set_unusable_password()
        account.save()
        people[username] = create_person(account, resource, name)
    _conversation(people, "Lunch", ["alice", "bob", "carol"], _LUNCH)
    _conversation(people, "Launch day", ["carol", "bob", "alice"], _LAUNCH, urgent=True)


def _conversation(
    people: dict[str, Person],
    topic: str,
    members: list[str],
    lines: list[tuple[str, str]],
    urgent: bool = False,
) -> None:
    """Creates a thread by the first of `members`. `urgent` applies to the last line."""
    callers = {name: _caller(people[name]) for name in members}
    created = create_chat_thread(
        caller=callers[members[0]],
        topic=topic,
        participants=[
            NewParticipant(raw_id=people[name].user.raw_id, display_name=people[name].display_name)
            for name in members
        ],
    )
    access = {name: access_thread(caller, created.thread_id) for name, caller in callers.items()}
    for number, (name, text) in enumerate(lines, start=1):
        is_last = number == len(lines)
        message_id = send_message(
            access=access[name],
            content=text,
            sender_display_name=people[name].display_name,
            priority=Priority.HIGH if urgent and is_last else None,
        )
        if is_last:
            send_read_receipt(access=access[name], message_id=message_id)


def _caller(person: Person) -> Caller:
    user = person.user
    return Caller(user.resource_id, user.pk, user.raw_id, frozenset({"chat"}))


def account(username: str) -> User | None:
    """The demo account with this username."""
    if username not in NAMES:
        return None
    found = User.objects.filter(username=username, is_active=True, is_superuser=False).first()
    # An account with the same name that is not from the demo has a password.
    return found if found and not found.has_usable_password() else None


def people() -> list[dict[str, str]]:
    """The demo people, for the sign-in page."""
    return [
        {"username": username, "name": name}
        for username, name in NAMES.items()
        if account(username)
    ]


def is_one(person: Person) -> bool:
    """Whether the person is from the demo."""
    return account(person.account.username) is not None


def other_window(request: HttpRequest) -> dict[str, Any] | None:
    """The URL and host of a second window in which someone else can sign in at the same time.

    Browsers have one session per host name, and this machine has two names. None for other hosts.
    """
    here = request.get_host()
    names = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}
    other = names.get(host_name(here))
    if other is None:
        return None
    port = urlsplit(f"//{here}").port
    host = f"{other}:{port}" if port else other
    return {"url": f"{request.scheme}://{host}{reverse('chat-sign-in')}", "host": host}
