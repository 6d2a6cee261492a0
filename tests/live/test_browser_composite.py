"""The ChatComposite of the official UI library, unmodified: two users in two browser windows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from load_testing.clients import Site
from load_testing.servers import CHECKOUT
from tests.live.users import User, new_user
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SCREENSHOTS = CHECKOUT / "var" / "screenshots" / "live"
SECONDS = 20_000


class Window:
    """The composite as one user sees it."""

    def __init__(self, page: Page, user: User) -> None:
        self.page, self.user = page, user

    def open(self, address: str, thread: str) -> None:
        """Shows the thread."""
        self.page.goto(address)
        self.page.evaluate(
            "options => window.show(options)",
            {
                "endpoint": self.user.site.url,
                "userId": self.user.id,
                "displayName": self.user.name,
                "token": self.user.token,
                "threadId": thread.rpartition("/")[2],
            },
        )
        expect(self.composer).to_be_visible(timeout=SECONDS)

    @property
    def composer(self) -> Locator:
        """Where one writes."""
        return (
            self.page.get_by_placeholder("Enter a message")
            .or_(self.page.get_by_role("textbox", name="Enter a message"))
            .first
        )

    def say(self, text: str) -> None:
        """Writes a message and sends it."""
        self.composer.click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def sees(self, text: str) -> None:
        """The text is on the page, or comes soon."""
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=SECONDS)

    def messages(self, text: str) -> Locator:
        """The messages that say so; the page reads them out elsewhere, too."""
        return self.page.get_by_test_id("chat-composite-message").filter(has_text=text)

    def sees_no_more(self, text: str) -> None:
        """No message says so, or none does soon."""
        expect(self.messages(text)).to_have_count(0, timeout=SECONDS)

    def menu_of(self, text: str, entry: str) -> None:
        """Chooses from the menu of an own message."""
        self.messages(text).hover()
        self.page.get_by_role("button", name="More Options").click()
        self.page.get_by_role("menuitem", name=entry).click()

    def look(self, name: str) -> None:
        """Keeps a picture."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@pytest.fixture
def windows(chromium: Browser, server: Server) -> Iterator[tuple[Window, Window]]:
    """Alice's and bob's."""
    site = Site.of(server, https=True)
    contexts = [
        chromium.new_context(
            ignore_https_errors=True, viewport={"width": 1100, "height": 800}, locale="en-US"
        )
        for _ in range(2)
    ]
    alice, bob = (
        Window(context.new_page(), new_user(site, name))
        for context, name in zip(contexts, ("Alice", "Bob"), strict=True)
    )
    yield alice, bob
    for context in contexts:
        context.close()


def test_two_users_chat_in_two_windows(windows: tuple[Window, Window], composite_page: str) -> None:
    alice, bob = windows
    thread = alice.user.create_thread(bob.user, topic="Lunch on Friday")
    for window in windows:
        window.open(composite_page, thread)
        window.sees("Lunch on Friday")

    alice.say("Shall we eat?")
    bob.sees("Shall we eat?")
    bob.composer.click()
    bob.page.keyboard.type("Yes")
    alice.sees("Bob is typing")
    alice.look("typing")
    bob.page.keyboard.press("Enter")
    alice.sees("Yes")

    # Bob's window has shown the message, so it has sent a receipt.
    expect(alice.page.get_by_label("Message seen by others")).to_be_visible(timeout=SECONDS)
    alice.look("chatting")

    messages = alice.user.ask("GET", f"{thread}/messages")["value"]
    said = next(m for m in messages if m["content"].get("message") == "Shall we eat?")
    alice.menu_of("Shall we eat?", "Edit")
    alice.page.get_by_role("textbox", name="Edit your message").click()
    alice.page.keyboard.press("Control+A")
    alice.page.keyboard.type("Shall we dine?")
    alice.page.keyboard.press("Enter")
    bob.sees("Shall we dine?")
    bob.sees_no_more("Shall we eat?")
    bob.sees("Edited")

    alice.menu_of("Shall we dine?", "Delete")
    bob.sees_no_more("Shall we dine?")
    assert "deletedOn" in alice.user.ask("GET", f"{thread}/messages/{said['id']}")

    bob.page.evaluate("window.adapter.setTopic('Dinner instead')")
    alice.sees("Dinner instead")

    carol = new_user(alice.user.site, "Carol")
    alice.user.ask("POST", f"{thread}/participants/:add", {"participants": [carol.participant]})
    bob.sees("Carol joined the chat")
    alice.user.ask("POST", f"{thread}/participants/:remove", carol.identifier)
    bob.sees("Carol left the chat")
    bob.look("after")

    alice.user.ask("POST", f"{thread}/participants/:remove", bob.user.identifier)
    bob.say("Am I still here?")
    bob.sees("no longer")
    bob.look("removed")
