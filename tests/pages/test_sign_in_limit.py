"""Passwords cannot be guessed by trying, and nobody is kept out by somebody else's tries."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatsite.pages import sign_in_limit
from chatsite.pages.models import SignInTries
from identity.models import Resource

PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture(autouse=True)
def clock(settings: Any, monkeypatch: pytest.MonkeyPatch, resource: Resource) -> list[int]:
    """The time in milliseconds, to be moved; and anna's account."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    User.objects.create_superuser("anna", password=PASSWORD)
    now = [1_795_000_000_000]
    monkeypatch.setattr(sign_in_limit, "now_ms", lambda: now[0])
    return now


def sign_in(
    password: str, *, address: str = HOME, username: str = "anna", path: str = "/chat/sign-in/"
) -> Any:
    fields = {"username": username, "password": password}
    return Client().post(path, fields, REMOTE_ADDR=address)


def use_up(**options: str) -> None:
    for _ in range(sign_in_limit.MAX_ATTEMPTS):
        assert sign_in("wrong", **options).status_code == 200


def test_after_so_many_tries_even_the_right_password_has_to_wait(clock: list[int]) -> None:
    use_up()
    clock[0] += 61_000
    refused = sign_in(PASSWORD)
    assert (refused.status_code, refused["Retry-After"]) == (429, "839")
    assert "Try again in 14 minutes." in refused.content.decode()
    assert sign_in(PASSWORD, username="ANNA").status_code == 429
    clock[0] += sign_in_limit.WINDOW_MS - 61_000 - 1
    assert "Try again in 1 minute." in sign_in(PASSWORD).content.decode()
    clock[0] += 1
    assert sign_in(PASSWORD)["Location"] == "/chat/"


def test_nobody_keeps_others_out(clock: list[int]) -> None:
    use_up(address=ELSEWHERE)
    assert sign_in(PASSWORD, address=ELSEWHERE).status_code == 429
    # Anna at home, and others where the tries came from.
    assert sign_in(PASSWORD).status_code == 302
    User.objects.create_user("ben", password=PASSWORD)
    assert sign_in(PASSWORD, address=ELSEWHERE, username="ben").status_code == 302


def test_a_success_begins_the_count_anew() -> None:
    for _ in range(2):
        for _ in range(sign_in_limit.MAX_ATTEMPTS - 1):
            sign_in("wrong")
        assert sign_in(PASSWORD).status_code == 302


def test_the_admin_has_the_same_limit() -> None:
    use_up(path="/admin/login/")
    page = sign_in(PASSWORD, path="/admin/login/")
    assert page.status_code == 200
    assert "Too many sign-in attempts" in page.content.decode()
    assert sign_in(PASSWORD).status_code == 429
    assert sign_in(PASSWORD, path="/admin/login/", address=ELSEWHERE).status_code == 302


def test_old_tries_are_forgotten_and_hold_no_names(clock: list[int]) -> None:
    sign_in("wrong")
    assert "anna" not in SignInTries.objects.get().key
    clock[0] += sign_in_limit.WINDOW_MS
    sign_in("wrong", username="ben")
    assert SignInTries.objects.count() == 1
