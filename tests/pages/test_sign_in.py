"""Signing in, up, and out; the chat page and its token."""

import json
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from chatsite.pages import demo
from identity.models import CommunicationUser, Resource
from identity.services import delete_user
from people.models import Person
from tests import cast

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """What makes guessing slow would make the tests slow."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def anna(resource: Resource) -> User:
    """An account as operators make them, without a person yet."""
    return User.objects.create_user("anna", password=PASSWORD, first_name="Anna", last_name="Berg")


@pytest.fixture
def browser(anna: User, client: Client) -> Client:
    """A browser in which anna has signed in."""
    fields = {"username": "anna", "password": PASSWORD}
    answer = client.post("/chat/sign-in/", fields)
    assert (answer.status_code, answer["Location"]) == (302, "/chat/")
    return client


def config_of(page: Any) -> dict[str, Any]:
    found = re.search(r'<script id="chat-config"[^>]*>(.*?)</script>', page.content.decode())
    assert found is not None
    return dict(json.loads(found[1]))


def token_of(browser: Client, **headers: str) -> Any:
    return browser.post("/chat/token", headers=headers)


def threads_of(token: str, host: str = "testserver") -> int:
    headers = {"authorization": f"Bearer {token}", "host": host}
    path = f"/chat/threads?api-version={cast.NEWEST}"
    return Client().get(path, headers=headers).status_code


def test_strangers_are_sent_to_sign_in(resource: Resource, client: Client) -> None:
    answer = client.get("/chat/")
    assert (answer.status_code, answer["Location"]) == (302, "/chat/sign-in/?next=/chat/")
    assert client.get("/chat/sign-in/").status_code == 200
    assert token_of(client).status_code == 401


def test_the_first_visit_makes_an_account_a_user_of_the_chat(browser: Client, anna: User) -> None:
    config = config_of(browser.get("/chat/"))
    person = Person.objects.get(account=anna)
    assert config["userId"] == person.user.raw_id
    assert config["displayName"] == "Anna Berg"
    assert config_of(browser.get("/chat/"))["userId"] == config["userId"]
    assert CommunicationUser.objects.count() == 1


def test_the_page_holds_no_secret_and_is_not_kept(browser: Client) -> None:
    page = browser.get("/chat/")
    token = token_of(browser).json()["token"]
    assert token not in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert "unsafe" not in page["Content-Security-Policy"]
    scripts = re.findall(r"<script(?![^>]*src=)([^>]*)>", page.content.decode())
    assert all("application/json" in script for script in scripts)


def test_the_token_is_the_sessions_and_works(browser: Client, anna: User) -> None:
    answer = token_of(browser)
    body = answer.json()
    assert "no-store" in answer["Cache-Control"]
    assert body["userId"] == Person.objects.get(account=anna).user.raw_id
    assert 3_500_000 < body["expiresInMs"] <= 3_600_000
    assert threads_of(body["token"]) == 200


def test_other_sites_cannot_fetch_the_token(anna: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert token_of(strict).status_code == 403
    assert strict.get("/chat/token").status_code == 405
    strict.get("/chat/")
    csrf = next(cookie for name, cookie in strict.cookies.items() if name.endswith("-csrf"))
    assert token_of(strict, **{"X-CSRFToken": csrf.value}).status_code == 200


def test_signing_out_ends_session_and_tokens(browser: Client) -> None:
    token = token_of(browser).json()["token"]
    assert browser.get("/chat/sign-out/").status_code == 405
    assert browser.post("/chat/sign-out/")["Location"] == "/chat/sign-in/"
    assert threads_of(token) == 401
    assert token_of(browser).status_code == 401


def test_a_closed_account_gets_no_token(browser: Client, anna: User) -> None:
    User.objects.filter(pk=anna.pk).update(is_active=False)
    assert token_of(browser).status_code == 401


def test_a_deleted_identity_is_told_so(browser: Client, anna: User) -> None:
    browser.get("/chat/")
    delete_user(user=Person.objects.get(account=anna).user)
    page = browser.get("/chat/")
    assert page.status_code == 403
    assert "was deleted" in page.content.decode()
    assert token_of(browser).status_code == 403


def test_an_account_is_of_one_tenant_only(
    browser: Client, anna: User, other_resource: Resource
) -> None:
    # Unlinked: another tenant's host makes nobody a member.
    elsewhere = {"host": "other.localhost"}
    assert browser.get("/chat/", headers=elsewhere).status_code == 403
    assert not Person.objects.exists()
    browser.get("/chat/")
    assert browser.get("/chat/", headers=elsewhere).status_code == 403
    assert token_of(browser, **elsewhere).status_code == 403


def sign_up(client: Client, **fields: str) -> Any:
    form = {"username": "zoe", "password1": PASSWORD, "password2": PASSWORD}
    return client.post("/chat/sign-up/", {**form, "display_name": "  Zoe   Young ", **fields})


def test_whoever_signs_up_is_signed_in(resource: Resource, client: Client) -> None:
    assert sign_up(client)["Location"] == "/chat/"
    assert config_of(client.get("/chat/"))["displayName"] == "Zoe Young"


def test_signing_up_on_a_tenants_host_makes_a_member_of_it(
    other_resource: Resource, client: Client
) -> None:
    client.post(
        "/chat/sign-up/",
        {
            "username": "zoe",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "display_name": "Zoe",
        },
        headers={"host": "other.localhost"},
    )
    assert Person.objects.get().user.resource == other_resource


@pytest.mark.parametrize(
    "fields",
    [{"password1": "short", "password2": "short"}, {"display_name": "  "}, {"username": "a b"}],
)
def test_bad_sign_ups_are_explained(
    fields: dict[str, str], resource: Resource, client: Client
) -> None:
    page = sign_up(client, **fields)
    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert not User.objects.exists()


def test_signing_up_can_be_switched_off(resource: Resource, client: Client, settings: Any) -> None:
    settings.CHATSITE_SIGN_UP = False
    assert sign_up(client).status_code == 404
    assert "sign-up" not in client.get("/chat/sign-in/").content.decode()


def test_a_click_signs_in_as_somebody_of_the_demo(resource: Resource, client: Client) -> None:
    demo.create(resource)
    assert "Bob Okafor" in client.get("/chat/sign-in/").content.decode()
    assert client.get("/chat/demo/bob/").status_code == 405
    assert client.post("/chat/demo/bob/")["Location"] == "/chat/"
    config = config_of(client.get("/chat/", headers={"host": "localhost:8000"}))
    assert config["displayName"] == "Bob Okafor"
    assert config["otherWindow"]["url"] == "http://127.0.0.1:8000/chat/sign-in/"


def test_the_demo_lets_in_its_own_people_only(resource: Resource, client: Client) -> None:
    User.objects.create_user("alice", password=PASSWORD)
    demo.create(resource)
    User.objects.create_superuser("bob")
    for name in ("alice", "bob", "nobody"):
        assert client.post(f"/chat/demo/{name}/").status_code == 404


def test_without_the_demo_nobody_is_let_in(
    resource: Resource, client: Client, settings: Any
) -> None:
    demo.create(resource)
    settings.CHATSITE_DEMO = False
    assert client.post("/chat/demo/bob/").status_code == 404
    assert "Bob" not in client.get("/chat/sign-in/").content.decode()


def test_the_demo_is_made_once_and_not_among_others(
    resource: Resource, alice: cast.Person, bob: cast.Person
) -> None:
    alice.create_thread(bob)
    demo.create(resource)
    assert not Person.objects.exists()
