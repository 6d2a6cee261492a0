"""The admin in Chromium: the layout of every page, and operations that participants see."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.admin.browser import PHONE, AdminWindow, Talker, admin_window
from tests.browsers import running_chromium
from tests.server import Server, manage, running_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PASSWORD = "correct horse battery staple"
EVIL = "<script>alert('x')</script><img src=x onerror=alert(1)>"


@dataclass(frozen=True)
class Stage:
    """A server with people in conversation, and a browser in which olga is signed in."""

    server: Server
    browser: Browser
    state: Any
    alice: Talker
    bob: Talker
    lunch: str

    def window(self, **look: Any) -> Any:
        """A window of the browser, with olga signed in."""
        return admin_window(self.browser, self.server, state=self.state, **look)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Chromium for this module: its event loop must end with the tests of this file."""
    with running_chromium() as launched:
        yield launched


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A separate server, because the tests regenerate its keys."""
    with running_server(tmp_path_factory.mktemp("admin") / "data") as running:
        account = {"CHATSITE_ADMIN_USERNAME": "olga", "CHATSITE_ADMIN_PASSWORD": PASSWORD}
        manage(running.environment | account, "operator")
        yield running


@pytest.fixture(scope="module")
def stage(chromium: Browser, own_server: Server) -> Stage:
    """A server on which two users, created in the browser, have a conversation."""
    with admin_window(chromium, own_server) as signing_in:
        signing_in.open("")
        signing_in.sign_in("olga", PASSWORD)
        alice, bob = (new_talker(signing_in) for _ in range(2))
        state = signing_in.page.context.storage_state()
    lunch = alice.create_thread("Lunch on Friday", bob)
    for number in range(3):
        alice.send(lunch, f"Shall we eat? {number}", senderDisplayName="Alice")
        bob.send(lunch, "Yes, let us", senderDisplayName="Bob")
    bob.send(lunch, f"<p>Menu: <b>soup</b>{EVIL}</p>", type="html", metadata={"priority": "high"})
    message = alice.send(lunch, EVIL, senderDisplayName=EVIL, metadata={EVIL: EVIL})
    bob.call("POST", f"{lunch}/readReceipts", {"chatMessageId": message})
    alice.create_thread(EVIL, bob)
    return Stage(own_server, chromium, state, alice, bob, lunch)


def new_talker(olga: AdminWindow, resource: str = "default", host: str = "localhost") -> Talker:
    """A user created in the admin, with a token issued there."""
    olga.open("identity/communicationuser/")
    olga.click("Add user")
    olga.page.get_by_label("Resource").select_option(resource)
    olga.click("Save")
    olga.click("Issue a token")
    olga.click("Issue a token")
    return Talker(olga.text_of("raw-id"), olga.text_of("access-token"), olga.url, host)


def test_every_page_is_shown_without_an_error(stage: Stage) -> None:
    with admin_window(stage.browser, stage.server) as stranger:
        stranger.open("login/")
        stranger.check_layout("sign-in")
    with stage.window() as olga:
        visit_every_page(olga)


def visit_every_page(olga: AdminWindow) -> None:
    for name, path in (
        ("index", ""),
        ("resources", "identity/resource/"),
        ("add-resource", "identity/resource/add/"),
        ("users", "identity/communicationuser/"),
        ("add-user", "identity/communicationuser/add/"),
        ("threads", "threads/chatthread/"),
        ("participants", "threads/participant/"),
        ("messages", "messaging/chatmessage/"),
        ("nothing-found", "messaging/chatmessage/?q=nothing"),
        ("receipts", "messaging/readreceipt/"),
        ("room", "identity/"),
        ("staff", "auth/user/"),
        ("add-staff", "auth/user/add/"),
        ("groups", "auth/group/"),
        ("password", "password_change/"),
    ):
        olga.open(path)
        olga.check_layout(name)
    for name, path, words, questions in (
        ("resource", "identity/resource/", "default", ["Show keys", "Regenerate primary key"]),
        (
            "user",
            "identity/communicationuser/",
            "8:acs",
            ["Issue a token", "Revoke access tokens", "Delete identity", "History"],
        ),
        ("thread", "threads/chatthread/", "Lunch", ["Remove from thread", "Delete thread"]),
        ("thread-list", "threads/chatthread/", "Lunch", ["Messages", "Read receipts"]),
        ("message", "messaging/chatmessage/?type__exact=text", "onerror", ["Delete message"]),
        ("html-message", "messaging/chatmessage/", "Menu", []),
        ("system-message", "messaging/chatmessage/?type__exact=participantAdded", "", []),
        ("receipt", "messaging/readreceipt/", "8:acs", []),
        ("staff-account", "auth/user/", "olga", []),
    ):
        olga.find(path, words)
        olga.check_layout(name)
        own_page = olga.page.url
        for question in questions:
            olga.page.goto(own_page)
            olga.click(question)
            olga.check_layout(f"{name}-{question.lower().replace(' ', '-')}")


def test_times_are_shown_in_the_readers_own_zone(stage: Stage) -> None:
    with stage.window() as olga:
        olga.find("threads/chatthread/", "Lunch")
        time = olga.page.locator("time.moment").first
        utc = time.get_attribute("title") or ""
        assert utc.endswith(" UTC")
        shown = time.inner_text()
        # Berlin is at least one hour ahead.
        assert utc[11:16] not in shown and shown != utc


def test_the_theme_is_switched_by_its_one_button(stage: Stage) -> None:
    with stage.window() as olga:
        olga.open("threads/chatthread/")
        toggles = olga.page.locator(".theme-toggle")
        assert toggles.count() == 1
        colours = set()
        for _ in range(3):
            colours.add(olga.page.evaluate("getComputedStyle(document.body).backgroundColor"))
            toggles.click()
        assert len(colours) == 2


def test_filters_are_menus_that_narrow_the_list(stage: Stage) -> None:
    with stage.window() as olga:
        olga.open("messaging/chatmessage/")
        everything = olga.page.locator("#result_list tbody tr").count()
        olga.page.locator(".filter summary", has_text="Priority").click()
        olga.check_layout("filter-menu")
        olga.follow(olga.page.get_by_role("link", name="high", exact=True))
        assert olga.page.locator("#result_list tbody tr").count() == 1 < everything
        olga.follow(olga.page.get_by_role("link", name="Clear filters"))
        assert olga.page.locator("#result_list tbody tr").count() == everything


def test_the_index_page_searches_threads(stage: Stage) -> None:
    with stage.window() as olga:
        olga.open("")
        olga.page.get_by_label("Search", exact=True).fill("lunch")
        olga.follow(olga.page.get_by_role("button", name="Threads"))
        names = olga.page.locator("#result_list tbody th a")
        assert names.all_inner_texts() == ["Lunch on Friday"]


def test_keys_are_shown_on_request_and_copied(stage: Stage) -> None:
    with stage.window() as olga:
        olga.find("identity/resource/", "default")
        assert "accesskey=" not in olga.page.content()
        olga.click("Show keys")
        assert "accesskey=" not in olga.page.content()
        olga.click("Show keys")
        olga.check_layout("keys")
        text = olga.text_of("primary-connection-string")
        assert text == stage.server.manage("connection_string").strip()
        olga.page.locator('[data-copy="primary-connection-string"]').click()
        copied = olga.page.get_by_text("Copied", exact=True)
        expect(copied).to_be_visible()
        assert olga.page.evaluate("navigator.clipboard.readText()") == text
        olga.click("Hide the keys")
        assert "accesskey=" not in olga.page.content()


def test_regenerating_a_key_ends_its_tokens(stage: Stage) -> None:
    with stage.window() as olga:
        olga.open("identity/resource/add/")
        olga.page.locator("#id_name").fill("contoso")
        olga.page.locator("#id_hostname").fill("contoso.localhost")
        olga.click("Save")
        carol = new_talker(olga, "contoso", "contoso.localhost")
        assert carol.call("GET", "/chat/threads")[0] == 200
        before = keys_of_contoso(olga)
        assert before[0].startswith("endpoint=https://contoso.localhost:")

        olga.find("identity/resource/", "contoso")
        olga.click("Regenerate primary key")
        olga.check_layout("regenerate")
        assert carol.call("GET", "/chat/threads")[0] == 200
        olga.click("Regenerate primary key")
        expect(olga.page.locator(".messagelist")).to_contain_text("primary key regenerated")
        olga.check_layout("regenerated")
        assert carol.call("GET", "/chat/threads")[0] == 401
        assert stage.alice.call("GET", "/chat/threads")[0] == 200

        after = keys_of_contoso(olga)
        assert after[0] != before[0]
        assert after[1] == before[1]


def keys_of_contoso(olga: AdminWindow) -> tuple[str, str]:
    """The two connection strings of the resource."""
    olga.find("identity/resource/", "contoso")
    olga.click("Show keys")
    olga.click("Show keys")
    return olga.text_of("primary-connection-string"), olga.text_of("secondary-connection-string")


def test_members_see_what_an_operator_does(stage: Stage) -> None:
    alice, bob = stage.alice, stage.bob
    thread = alice.create_thread("Dinner tonight", bob)
    message = bob.send(thread, "something rude", senderDisplayName="Bob")
    with stage.window() as olga:
        olga.find("messaging/chatmessage/", "something rude")
        olga.click("Delete message")
        assert alice.call("GET", f"{thread}/messages/{message}")[1]["content"]["message"]
        olga.click("Delete message")
        olga.check_layout("message-deleted")
        seen = alice.call("GET", f"{thread}/messages/{message}")[1]
        assert seen["deletedOn"] and not seen["content"]["message"]

        olga.find("threads/chatthread/", "Dinner")
        row = olga.page.locator("tr", has_text="<b>Bob</b>")
        olga.follow(row.get_by_role("link", name="Remove from thread"))
        assert bob.call("GET", thread)[0] == 200
        olga.click("Remove from thread")
        olga.check_layout("participant-removed")
        assert bob.call("GET", thread)[0] == 403
        newest = alice.call("GET", f"{thread}/messages")[1]["value"][0]
        assert newest["type"] == "participantRemoved"

        olga.click("Delete thread")
        olga.click("Delete thread")
        olga.check_layout("thread-deleted")
        assert alice.call("GET", thread)[0] == 404
        threads = alice.call("GET", "/chat/threads")[1]["value"]
        assert [t["topic"] for t in threads if "deletedOn" in t] == ["Dinner tonight"]


def test_a_selection_is_deleted_from_the_list(stage: Stage) -> None:
    alice = stage.alice
    thread = alice.create_thread("Spam here")
    for number in range(3):
        alice.send(thread, f"spam {number}")
    with stage.window(width=PHONE) as olga:
        olga.open("messaging/chatmessage/?q=spam&type__exact=text")
        for box in olga.page.locator(".action-select").all():
            box.check()
        olga.page.locator("select[name=action]").select_option("Delete message")
        olga.click("Go")
        olga.check_layout("selection")
        olga.click("Delete message")
        expect(olga.page.locator(".messagelist")).to_contain_text("3 messages: deleted.")
    values = alice.call("GET", f"{thread}/messages")[1]["value"]
    assert sum("deletedOn" in value for value in values) == 3


def test_revoking_and_deleting_a_user_end_the_tokens(stage: Stage) -> None:
    with stage.window() as olga:
        dave, erin = new_talker(olga), new_talker(olga)
        for talker, operation in ((dave, "Revoke access tokens"), (erin, "Delete identity")):
            assert talker.call("GET", "/chat/threads")[0] == 200
            olga.find("identity/communicationuser/", talker.raw_id)
            olga.click(operation)
            olga.click(operation)
            assert talker.call("GET", "/chat/threads")[0] == 401
        olga.check_layout("user-deleted")


def test_a_resource_is_deleted_once_its_name_is_typed(stage: Stage) -> None:
    with stage.window() as olga:
        olga.open("identity/resource/add/")
        olga.page.locator("#id_name").fill("short lived")
        olga.click("Save")
        olga.find("identity/resource/", "short")
        olga.click("Delete resource")
        olga.page.get_by_label("to confirm").fill("something else")
        olga.click("Delete resource")
        expect(olga.page.get_by_role("alert")).to_be_visible()
        olga.check_layout("delete-resource")
        olga.page.get_by_label("to confirm").fill("short lived")
        olga.click("Delete resource")
        expect(olga.page.locator(".messagelist")).to_contain_text("deleted")
        assert "short lived" not in olga.page.locator("#changelist").inner_text()
