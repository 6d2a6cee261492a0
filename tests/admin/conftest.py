"""Operators: olga is a superuser, others have the permissions that a test gives them."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from tests.cast import Person
from threads.models import ChatThread

MakeOperator = Callable[..., Client]


def signed_in(user: User, *, enforce_csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf)
    client.force_login(user)
    return client


@pytest.fixture
def olga(transactional_db: None) -> Client:
    """A superuser, signed in."""
    return signed_in(User.objects.create_superuser("olga"))


@pytest.fixture
def make_operator(transactional_db: None) -> MakeOperator:
    """Creates signed-in staff with only the given permissions (`threads.view_chatthread`)."""

    def make(*permissions: str, name: str = "otto") -> Client:
        user = User.objects.create_user(name, is_staff=True)
        for permission in permissions:
            app, _, codename = permission.partition(".")
            user.user_permissions.add(
                Permission.objects.get(content_type__app_label=app, codename=codename)
            )
        return signed_in(user)

    return make


@pytest.fixture
def thread(alice: Person, bob: Person) -> str:
    """The path of a thread of alice and bob."""
    return alice.create_thread(bob, topic="Lunch")


@pytest.fixture
def thread_row(thread: str) -> ChatThread:
    """The same thread's row."""
    return row_of(thread)


def row_of(path: str) -> ChatThread:
    """The row of the thread with this path."""
    return ChatThread.objects.get(thread_id=path.rpartition("/")[2])
