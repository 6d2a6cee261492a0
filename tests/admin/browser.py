"""An operator in a real browser, and users of the same server over REST."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request

from load_testing.servers import CHECKOUT
from tests.server import Server

SCREENSHOTS = CHECKOUT / "var" / "screenshots" / "admin"
VERSION = "2025-03-15"
# Screens, in pixels.
WIDE, PHONE, NARROWEST, HEIGHT = 1360, 390, 360, 900
# The color schemes and widths in which each page is checked.
VIEWPORTS: list[tuple[Literal["light", "dark"], int]] = [("light", WIDE), ("dark", PHONE)]


@dataclass
class AdminWindow:
    """The admin in one browser window. Collects errors in `complaints`."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        self.page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        self.page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} ({self.page.url})")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.complaints.append(f"a request to elsewhere: {request.url}")

    def open(self, path: str) -> None:
        """Opens a page below /admin/."""
        answer = self.page.goto(f"{self.url}/admin/{path}")
        assert answer and answer.ok, (path, answer and answer.status)

    def sign_in(self, username: str, password: str) -> None:
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.click("Log in")

    def find(self, path: str, words: str) -> None:
        """Searches a list and opens the first result."""
        self.open(path)
        self.page.get_by_role("searchbox", name="Search").fill(words)
        self.click("Search")
        self.follow(self.page.locator("#result_list tbody th a").first)

    def click(self, name: str) -> None:
        """Clicks the button or link with exactly this name, outside header and navigation."""
        content = self.page.locator("#content")
        button = content.get_by_role("button", name=name, exact=True)
        self.follow(button.or_(content.get_by_role("link", name=name, exact=True)).first)

    def follow(self, control: Locator) -> None:
        """Clicks and waits for the next page."""
        with self.page.expect_navigation():
            control.click()

    def check_layout(self, name: str) -> None:
        """Checks that the page fits the width, and takes a screenshot, in each of `VIEWPORTS`."""
        before = self.page.viewport_size
        assert before is not None
        for scheme, width in VIEWPORTS:
            self.page.emulate_media(color_scheme=scheme)
            self._measure(name, width)
            if width == PHONE:
                # The narrowest screen that is promised, without a picture of its own.
                self._measure(name, NARROWEST)
                self._measure(name, width)
            self._picture(f"{name}-{scheme}-{width}")
        self.page.emulate_media(color_scheme=VIEWPORTS[0][0])
        self.page.set_viewport_size(before)

    def _measure(self, name: str, width: int) -> None:
        self.page.set_viewport_size({"width": width, "height": HEIGHT})
        wider = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if wider > 0:
            self.complaints.append(f"{name} is {wider} pixels too wide for {width}")

    def _picture(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        tall = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=bool(tall < 3000))

    def text_of(self, element: str) -> str:
        """The text of the element with this id."""
        return self.page.locator(f"#{element}").inner_text()


@contextmanager
def admin_window(
    browser: Browser, server: Server, *, state: Any = None, width: int = WIDE
) -> Iterator[AdminWindow]:
    """A window. Fails on exit if there were errors in it."""
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT},
        timezone_id="Europe/Berlin",
        locale="en-GB",
        storage_state=state,
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(15_000)
    opened = AdminWindow(context.new_page(), server.http_url)
    try:
        yield opened
    finally:
        context.close()
    assert opened.complaints == []


@dataclass(frozen=True)
class Talker:
    """A user with a token that an operator issued."""

    raw_id: str
    token: str
    url: str
    host: str

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and decoded body of a request of the chat API."""
        request = urllib.request.Request(
            f"{self.url}{path}?api-version={VERSION}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.token}",
                "Host": self.host,
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.loads(refusal.read() or b"null")

    def create_thread(self, topic: str, *others: "Talker") -> str:
        """The path of a new thread."""
        participants = [
            {"communicationIdentifier": {"rawId": other.raw_id}, "displayName": "<b>Bob</b>"}
            for other in others
        ]
        body = {"topic": topic, "participants": participants, "metadata": {"<i>k": "<i>v"}}
        status, answer = self.call("POST", "/chat/threads", body)
        assert status == 201, answer
        return f"/chat/threads/{answer['chatThread']['id']}"

    def send(self, thread: str, content: str, **members: Any) -> str:
        """The id of a new message."""
        body = {"content": content, **members}
        status, answer = self.call("POST", f"{thread}/messages", body)
        assert status == 201, answer
        return str(answer["id"])
