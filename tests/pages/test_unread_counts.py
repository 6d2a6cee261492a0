"""Unread messages are counted right, however answers and events overtake each other."""

import re

import pytest
from playwright.sync_api import APIResponse, Route, WebSocketRoute, expect

from tests.pages.visitors import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_what_came_before_the_first_answer_is_counted_when_the_next_one_is_old(
    anna: Visitor, ben: Visitor
) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def let_one_come() -> None:
        route, answer = held.pop(0)
        route.fulfill(response=answer)

    def pass_on(socket: WebSocketRoute) -> None:
        def send(text: str | bytes) -> None:
            socket.send(text)
            if "item 1" in str(text):
                # Too late for the page, which has just decided to ask once more.
                let_one_come()

        socket.connect_to_server().on_message(send)

    ben.page.goto("about:blank")
    ben.page.route_web_socket(re.compile("/chat/events"), pass_on)
    ben.page.goto("/chat/")
    expect(ben.page.get_by_text("No conversations yet")).to_be_visible()
    ben.page.route(
        re.compile(r"/chat/threads/[^/?]+\?include"),
        lambda route: held.append((route, route.fetch())),
    )
    badge = ben.page.locator(".thread-row .badge")

    anna.start_conversation("News", ben)
    while not held:
        ben.page.wait_for_timeout(50)
    anna.write("item 1")
    expect(badge).to_contain_text("1 unread")
    while not held:
        ben.page.wait_for_timeout(50)
    anna.write("item 2")
    expect(badge).to_contain_text("2 unread")
    with ben.page.expect_response(re.compile(r"\?include")) as late:
        let_one_come()
    late.value.finished()
    # The page has handled the late answer before it counts the next message.
    anna.write("item 3")
    expect(badge).to_contain_text("3 unread")
    ben.page.unroute_all()
    # A deleted message is no longer counted.
    anna.tool("item 2", "Delete")
    anna.press("Delete")
    expect(badge).to_contain_text("2 unread")
