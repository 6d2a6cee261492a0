"""The pages of webhooks in real Chromium: an operator subscribes, looks, and sends again."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.admin.browser import AdminWindow, admin_window
from tests.admin.test_browser import PASSWORD, chromium, new_talker
from tests.server import Server, manage, running_server
from webhooks.tests.receiver import Answer, Received, Receiver, accept, receiving

__all__ = ["chromium"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SUBSCRIPTIONS = "events/eventsubscription/"


def refuse_events(request: Received) -> Answer:
    """Agrees to the handshake and to nothing else."""
    if request.headers.get("aeg-event-type") == "Notification":
        return 403, {}, b"<b>who are you?</b>"
    return accept(request)


@dataclass(frozen=True)
class Stage:
    """A server with a webhook that refuses what it gets, and olga, signed in."""

    server: Server
    browser: Browser
    state: Any
    endpoint: Receiver

    def window(self, **look: Any) -> Any:
        return admin_window(self.browser, self.server, state=self.state, **look)


@pytest.fixture(scope="module")
def stage(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:  # noqa: F811
    folder = tmp_path_factory.mktemp("webhooks") / "data"
    with running_server(folder) as server, receiving(refuse_events) as endpoint:
        account = {"CHATSITE_ADMIN_USERNAME": "olga", "CHATSITE_ADMIN_PASSWORD": PASSWORD}
        manage(server.environment | account, "operator")
        with admin_window(chromium, server) as olga:
            olga.open("")
            olga.sign_in("olga", PASSWORD)
            _subscribe(olga, endpoint.url)
            alice, bob = (new_talker(olga) for _ in range(2))
            alice.send(alice.create_thread("Lunch", bob), "hello")
            state = olga.page.context.storage_state()
        endpoint.wait_for(2)
        yield Stage(server, chromium, state, endpoint)


def _subscribe(olga: AdminWindow, url: str) -> None:
    olga.open(f"{SUBSCRIPTIONS}add/")
    page = olga.page
    page.get_by_label("Name:").fill("my-hook")
    page.get_by_label("Endpoint URL").fill(url)
    for name in ("ChatMessageReceivedInThread", "ChatThreadCreated"):
        page.get_by_label(name, exact=True).check()
    olga.click("Save")
    _reload_until(olga, "Succeeded")


def _reload_until(olga: AdminWindow, text: str) -> None:
    deadline = time.monotonic() + 20
    while not olga.page.get_by_text(text, exact=True).count():
        assert time.monotonic() < deadline
        time.sleep(0.2)
        olga.page.reload()


def test_every_page_of_webhooks_is_shown_without_an_error(stage: Stage) -> None:
    with stage.window() as olga:
        for name, path in (
            ("subscriptions", SUBSCRIPTIONS),
            ("add-subscription", f"{SUBSCRIPTIONS}add/"),
            ("deliveries", "events/delivery/"),
            ("workers", "events/worker/"),
        ):
            olga.open(path)
            olga.check_layout(name)
        olga.find(SUBSCRIPTIONS, "my-hook")
        olga.check_layout("subscription")
        own_page = olga.page.url
        for question in ("Preview", "Replay", "Validate again", "Send dead letters again"):
            olga.page.goto(own_page)
            olga.click(question)
            olga.check_layout(f"subscription-{question.lower().replace(' ', '-')}")
        olga.find("events/delivery/", "ChatMessageReceivedInThread")
        olga.check_layout("delivery")


def test_a_dead_letter_shows_why_and_arrives_when_it_is_sent_again(stage: Stage) -> None:
    with stage.window() as olga:
        olga.find("events/delivery/", "ChatMessageReceivedInThread")
        _reload_until(olga, "Dead letter")
        content = olga.page.locator("#content")
        expect(content).to_contain_text("<b>who are you?</b>")
        expect(content).to_contain_text("NotRetryable")
        stage.endpoint.answer = accept
        before = len(stage.endpoint.events)
        olga.click("Send again")
        olga.click("Send again")
        stage.endpoint.wait_for(before + 1)
        _reload_until(olga, "Delivered")
        stage.endpoint.answer = refuse_events
