"""People in front of the chat page, each in a browser of their own, and what they see there."""

import json
import re
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect

from tests.cast import NEWEST
from tests.server import CHECKOUT, Server

SCREENSHOTS = CHECKOUT / "var" / "screenshots" / "chat"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
# Cold passwords would only take time.
PASSWORD = "correct horse battery"
# Chromium says this of every request without a network; the page has to live with it.
_NO_NETWORK = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED")


@dataclass
class Visitor:
    """Somebody who is signed in. `complaints` is whatever the browser found wrong."""

    name: str
    server: Server
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Notes errors, warnings, violations of the policy, dialogs, and requests to elsewhere."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error.stack}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _NO_NETWORK.search(message.text):
            self.complaints.append(f"console: {message.text} {message.location}")

    def _on_request(self, request: Any) -> None:
        if not request.url.startswith((self.server.http_url, "data:")):
            self.complaints.append(f"a request to elsewhere: {request.url}")

    # What they do

    def second_window(self) -> "Visitor":
        """The same person in another window of the same browser."""
        page = self.context.new_page()
        self.watch(page)
        page.goto(f"{self.server.http_url}/chat/")
        return Visitor(self.name, self.server, self.context, page, self.complaints)

    def open(self, topic: str) -> None:
        """Choose a conversation from the list."""
        self.row(topic).click()
        expect(self.page.get_by_role("heading", level=2, name=topic)).to_be_visible()

    def write(self, text: str) -> None:
        """Type a message and press Enter."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def press(self, name: str, *, exact: bool = True) -> None:
        """Click the button with this name."""
        self.page.get_by_role("button", name=name, exact=exact).click()

    def choose(self, action: str) -> None:
        """Something from the menu of the conversation."""
        self.press("More")
        self.press(action)

    def tool(self, text: str, name: str) -> None:
        """One of the buttons that a message has when it is pointed at."""
        message = self.message(text)
        message.hover()
        message.get_by_role("button", name=name).click()

    def pick(self, person: str) -> None:
        """Find somebody by name in the dialog that is open."""
        self.page.get_by_role("searchbox", name="Search people").fill(person.split()[0])
        self.page.get_by_role("dialog").get_by_role("button", name=person).click()

    def start_conversation(self, topic: str, *people: "Visitor") -> None:
        """A new conversation with these people, which is open then."""
        self.page.get_by_role("button", name="New conversation").first.click()
        self.page.get_by_label("Topic", exact=True).fill(topic)
        for person in people:
            self.pick(person.name)
        self.press("Start conversation")
        expect(self.composer).to_be_visible()

    # What they see

    @property
    def composer(self) -> Locator:
        return self.page.locator("#composer")

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log")

    def row(self, topic: str) -> Locator:
        """The conversation's entry in the list."""
        return self.page.locator(".thread-row", has=self.page.get_by_text(topic, exact=True))

    def message(self, text: str) -> Locator:
        """The message with this text."""
        return self.log.locator("article", has=self.page.get_by_text(text, exact=True))

    def sees(self, text: str, *, seconds: float = 5) -> None:
        """Asserts that a message with this text is there."""
        expect(self.message(text)).to_have_count(1, timeout=seconds * 1000)

    def texts(self) -> list[str]:
        """What is said in the conversation, in order."""
        return self.log.locator(".text").all_inner_texts()

    def picture(self, name: str) -> None:
        """A screenshot, for whoever wants to look."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", animations="disabled")

    # The same person over REST, as any other client

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that the public API answers to this person."""
        cookies = {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}
        csrf = next(value for name, value in cookies.items() if name.endswith("-csrf"))
        answer = self.context.request.post(
            f"{self.server.http_url}/chat/token", headers={"X-CSRFToken": csrf}
        )
        separator = "&" if "?" in path else "?"
        request = urllib.request.Request(
            f"{self.server.http_url}{path}{separator}api-version={NEWEST}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {answer.json()['token']}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            text = response.read()
        return json.loads(text) if text else None

    def thread_path(self, topic: str) -> str:
        """The path of the conversation in the API."""
        threads = self.api("GET", "/chat/threads")["value"]
        [thread_id] = [one["id"] for one in threads if one["topic"] == topic]
        return f"/chat/threads/{quote(thread_id)}"


Enter = Callable[..., Visitor]


def enter(browser: Browser, server: Server, name: str, **options: Any) -> Visitor:
    """Somebody new, who signs up and looks at the page for the first time."""
    context = browser.new_context(
        **{"viewport": WIDE, "base_url": server.http_url, "reduced_motion": "reduce"} | options
    )
    context.set_default_timeout(10_000)
    visitor = Visitor(name, server, context, context.new_page())
    visitor.watch(visitor.page)
    form = context.request.get("/chat/sign-up/").text()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    assert found is not None
    answer = context.request.post(
        "/chat/sign-up/",
        form={
            "csrfmiddlewaretoken": found[1],
            "display_name": name,
            "username": f"u{uuid.uuid4().hex[:16]}",
            "password1": PASSWORD,
            "password2": PASSWORD,
        },
    )
    assert answer.url.endswith("/chat/"), answer.text()
    visitor.page.goto("/chat/")
    return visitor
