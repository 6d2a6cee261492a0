"""People in front of the chat page, each in a browser of their own, and what they see there."""

import json
import re
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    expect,
)
from playwright.sync_api import TimeoutError as NotInTime

from load_testing.servers import CHECKOUT
from tests.browsers import PATIENCE_MS
from tests.cast import NEWEST
from tests.pages.packages import installed
from tests.server import Server, manage

SCREENSHOTS = CHECKOUT / "var" / "screenshots" / "chat"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
# Chromium says this of every request without a network; the page has to live with it.
_NO_NETWORK = re.compile(r"ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|ERR_FAILED")


def watched(page: Page, complaints: list[str]) -> Page:
    """The page, which adds errors, violations of its policy, and foreign requests to the list."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not _NO_NETWORK.search(message.text):
            complaints.append(f"console: {message.text} {message.location}")

    def on_request(request: Request) -> None:
        if not re.match(r"data:|https?://(localhost|127\.0\.0\.1):", request.url):
            complaints.append(f"a request to elsewhere: {request.url}")

    def on_dialog(dialog: Dialog) -> None:
        # Browsers ask before unsent messages are left behind.
        if dialog.type != "beforeunload":
            complaints.append(f"dialog: {dialog.message}")
        dialog.accept()

    page.on("console", on_console)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error.stack}"))
    page.on("dialog", on_dialog)
    page.on("request", on_request)
    return page


@dataclass
class Visitor:
    """Somebody who is signed in. `complaints` is whatever the browser found wrong."""

    name: str
    server: Server
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    # What they do

    def second_window(self) -> "Visitor":
        """The same person in another window of the same browser."""
        page = watched(self.context.new_page(), self.complaints)
        page.goto(f"{self.server.http_url}/chat/")
        return Visitor(self.name, self.server, self.context, page, self.complaints)

    def open(self, topic: str) -> None:
        """Choose a conversation from the list."""
        self.row(topic).click()
        expect(self.page.get_by_role("heading", level=1, name=topic)).to_be_visible()

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
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            try:
                message.hover(timeout=2000)
                message.get_by_role("button", name=name).click(timeout=2000)
                return
            except NotInTime:
                # Another message may have come and moved this one away from the pointer.
                if time.monotonic() > deadline:
                    raise

    def pick(self, person: str) -> None:
        """Find somebody by name in the dialog that is open."""
        self.page.get_by_role("searchbox", name="Search for people").fill(person)
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

    def sees(self, text: str, *, seconds: float = 15) -> None:
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

    def has_conversation(self, topic: str, *people: "Visitor") -> None:
        """A new conversation with these people, made without the page."""
        body = {"topic": topic, "participants": [one.participant for one in (self, *people)]}
        self.api("POST", "/chat/threads", body)

    @property
    def participant(self) -> dict[str, Any]:
        """This person as a ChatParticipant."""
        return {"communicationIdentifier": {"rawId": self.raw_id}, "displayName": self.name}

    @property
    def raw_id(self) -> str:
        """The person's id, which the page knows."""
        found: str = self.page.evaluate(
            "JSON.parse(document.getElementById('chat-config').textContent).userId"
        )
        return found

    def thread_path(self, topic: str) -> str:
        """The path of the conversation in the API."""
        threads = self.api("GET", "/chat/threads")["value"]
        [thread_id] = [one["id"] for one in threads if one["topic"] == topic]
        return f"/chat/threads/{quote(thread_id)}"


def slowness(page: Page) -> float:
    """How much slower than usual this machine is right now: others may be busy on it."""
    measured: float = page.evaluate(
        """() => { const start = performance.now(); let sum = 0;
            for (let n = 0; n < 3e7; n += 1) sum += n % 7;
            return (performance.now() - start) / 60 + sum * 0; }"""
    )
    return max(1.0, measured)


@cache
def axe_source() -> str:
    """axe-core, which frontend/package.json names."""
    file = installed(CHECKOUT / "frontend") / "node_modules" / "axe-core" / "axe.min.js"
    return file.read_text()


Enter = Callable[..., Visitor]

# Signing up takes a second, because hashing passwords should; so tests bring their sessions along.
_MAKE_SESSIONS = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from people.services import create_person
from identity.models import Resource

store = import_module(settings.SESSION_ENGINE).SessionStore
resource = Resource.objects.get(is_default=True)
made = []
for name in {names!r}:
    account = User(username=name.replace(" ", "."))
    account.set_unusable_password()
    account.save()
    create_person(account, resource, name)
    session = store()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session.create()
    made.append([name, settings.SESSION_COOKIE_NAME, session.session_key])
print(json.dumps(made))
"""


def make_sessions(environment: dict[str, str], names: list[str]) -> list[list[str]]:
    """Name, cookie name and session key of new people of the server with this environment."""
    printed = manage(environment, "shell", "-v", "0", "-c", _MAKE_SESSIONS.format(names=names))
    return [list(one) for one in json.loads(printed.strip().splitlines()[-1])]


def make_session_cookie(environment: dict[str, str], url: str, name: str) -> Any:
    """The cookie of somebody who is signed in at the server."""
    [[_, cookie, key]] = make_sessions(environment, [name])
    return {"name": cookie, "value": key, "url": url}


def enter(browser: Browser, server: Server, session: list[str], **options: Any) -> Visitor:
    """Somebody who is signed in, and looks at the page for the first time."""
    name, cookie, key = session
    context = browser.new_context(
        **{"viewport": WIDE, "base_url": server.http_url, "reduced_motion": "reduce"} | options
    )
    context.set_default_timeout(10_000)
    context.add_cookies([{"name": cookie, "value": key, "url": server.http_url}])
    complaints: list[str] = []
    visitor = Visitor(name, server, context, watched(context.new_page(), complaints), complaints)
    visitor.page.goto("/chat/")
    return visitor
