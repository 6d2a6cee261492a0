"""The chat page when something goes wrong: networks, proxies, clocks, people who are quicker."""

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import APIResponse, Error, Page, Route, WebSocketRoute, expect

from tests.pages.visitors import Enter, Visitor
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

REFUSED = re.compile("status of (4|5)")


def refuse(method: str) -> Callable[[Route], None]:
    """A handler that breaks the connection of requests with this method."""

    def handle(route: Route) -> None:
        if route.request.method == method:
            route.abort()
        else:
            route.continue_()

    return handle


def drop_the_network(visitor: Visitor) -> None:
    """Take the network away until everybody sees that it is gone, and give it back."""
    visitor.context.set_offline(True)
    expect(visitor.page.get_by_text("You’re offline.")).to_be_visible()
    visitor.context.set_offline(False)
    expect(visitor.page.get_by_text("You’re offline.")).to_have_count(0)


def test_a_receipt_that_found_no_network_is_sent_later(anna: Visitor, ben: Visitor) -> None:
    anna.start_conversation("News", ben)
    anna.write("read me")
    ben.page.route("**/readReceipts?*", refuse("POST"))
    with ben.page.expect_event("requestfailed", lambda one: "readReceipts" in one.url):
        ben.open("News")
    ben.page.unroute_all()
    drop_the_network(ben)
    expect(anna.page.get_by_text(f"Read by {ben.name}")).to_be_visible()


def test_a_conversation_that_could_not_be_loaded_loads_once_the_network_is_back(
    anna: Visitor, ben: Visitor
) -> None:
    anna.start_conversation("News", ben)
    anna.write("hello")
    ben.page.route("**/messages?*", refuse("GET"))
    ben.row("News").click()
    expect(ben.page.get_by_text("Couldn’t load messages.")).to_be_visible()
    ben.page.unroute_all()
    drop_the_network(ben)
    ben.sees("hello")


def test_a_message_with_a_lost_answer_is_never_shown_twice(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    asked: list[Route] = []

    def lose(route: Route) -> None:
        if route.request.method != "POST":
            return route.continue_()
        asked.append(route)
        if len(asked) == 1:
            route.fetch()
        # Also the next tries, so that there is time to look.
        return route.abort()

    anna.page.route("**/messages?*", lose)
    anna.write("once")
    ben.sees("once")
    expect(anna.log.locator("article:not(.pending)")).to_have_count(1)
    while len(asked) < 3:
        anna.page.wait_for_timeout(100)
        assert anna.texts() == ["once"]
    # The same words again are another message.
    anna.write("once")
    expect(anna.log.locator(".text")).to_have_count(2)
    anna.page.unroute_all()
    expect(ben.log.locator(".text")).to_have_count(2)
    expect(anna.page.locator("article.pending")).to_have_count(0)
    assert anna.texts() == ben.texts() == ["once", "once"]


def test_where_no_websocket_gets_through_events_come_over_http(
    anna: Visitor, visitors: Enter
) -> None:
    ben = visitors("Ben")
    ben.page.route_web_socket(re.compile("/chat/events"), lambda socket: socket.close())
    with ben.page.expect_request(lambda one: "/chat/events" in one.url):
        ben.page.reload()
    anna.start_conversation("Behind a proxy", ben)
    ben.open("Behind a proxy")
    expect(ben.page.locator(".banner")).to_have_count(0)
    anna.write("can you hear me?")
    ben.sees("can you hear me?")
    ben.write("yes")
    anna.sees("yes")
    # A fresh token begins it anew, and what is said meanwhile is not lost.
    ben.page.evaluate("import('/static/chat/token.js').then((t) => t.getToken({ fresh: true }))")
    anna.write("still?")
    ben.sees("still?")
    drop_the_network(ben)
    anna.write("and now?")
    ben.sees("and now?")


def test_after_sleep_a_connection_that_died_is_noticed_at_once(anna: Visitor, ben: Visitor) -> None:
    connections: list[WebSocketRoute] = []

    def pass_on(socket: WebSocketRoute) -> None:
        upstream = socket.connect_to_server()
        connections.append(socket)
        upstream.on_message(lambda text: None if socket in asleep else socket.send(text))

    asleep: list[WebSocketRoute] = []
    # A blank one, so that no connection comes and goes before we listen.
    ben.page.goto("about:blank")
    ben.page.route_web_socket(re.compile("/chat/events"), pass_on)
    ben.page.goto("/chat/")
    anna.start_conversation("Night", ben)
    expect(ben.row("Night")).to_be_visible()
    asleep.extend(connections)
    anna.write("said while asleep")
    anna.sees("said while asleep")
    assert connections == asleep
    # Timers stand still in sleep; the clock on the wall does not.
    ben.page.evaluate("{ const now = Date.now; Date.now = () => now() + 60_000; }")
    expect(ben.row("Night")).to_contain_text("said while asleep")
    assert connections[len(asleep) :]


def test_an_answer_that_is_late_brings_nothing_back(anna: Visitor, ben: Visitor) -> None:
    late: list[tuple[Route, APIResponse]] = []
    anna.start_conversation("Lunch", ben)
    expect(ben.row("Lunch")).to_be_visible()

    def rename(after: str) -> None:
        count = len(late)
        anna.choose("Rename")
        anna.page.get_by_label("Topic", exact=True).fill(after)
        anna.press("Save")
        expect(anna.row(after)).to_be_visible()
        while len(late) == count:
            ben.page.wait_for_timeout(50)

    def let_it_come() -> None:
        for route, answer in late:
            route.fulfill(response=answer)
        late.clear()

    ben.page.route(
        re.compile(r"/chat/threads/[^/?]+\?include"),
        lambda route: late.append((route, route.fetch())),
    )
    rename("Dinner")
    anna.write("first")
    expect(ben.row("Dinner").locator(".badge")).to_contain_text("1 unread")
    let_it_come()
    anna.write("second")
    expect(ben.row("Dinner").locator(".badge")).to_contain_text("2 unread")
    rename("Supper")
    anna.choose("Participants")
    anna.press(f"Remove {ben.name}")
    anna.press("Remove")
    expect(ben.page.get_by_text("No conversations yet")).to_be_visible()
    let_it_come()
    ben.page.unroute_all()
    anna.page.reload()
    anna.start_conversation("Another", ben)
    expect(ben.row("Another")).to_be_visible()
    expect(ben.page.locator(".thread-row")).to_have_count(1)


def test_a_list_that_is_late_hides_no_conversation_that_came_meanwhile(
    anna: Visitor, ben: Visitor
) -> None:
    late: list[tuple[Route, APIResponse]] = []
    ben.page.goto("about:blank")
    ben.page.route(
        re.compile(r"/chat/threads\?include"),
        lambda route: late.append((route, route.fetch())),
    )
    ben.page.goto("/chat/")
    # One at the start and one for the stream, which has begun then.
    while len(late) < 2:
        ben.page.wait_for_timeout(50)
    with ben.page.expect_response(lambda one: "include" in one.url and "%3A" in one.url):
        anna.has_conversation("Meanwhile", ben)
    for route, answer in late:
        route.fulfill(response=answer)
    ben.page.unroute_all()
    expect(ben.row("Meanwhile")).to_be_visible()
    # The answers have come by the time that a later event is shown.
    anna.has_conversation("Later", ben)
    expect(ben.row("Later")).to_be_visible()
    expect(ben.row("Meanwhile")).to_be_visible()


def test_a_message_that_is_deleted_while_it_is_edited_leaves_the_words(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    anna.write("first")
    anna.sees("first")
    expect(anna.page.get_by_text("Sent", exact=True)).to_be_visible()
    anna.composer.press("ArrowUp")
    anna.composer.fill("first, but better")
    [message] = [
        one
        for one in anna.api("GET", f"{anna.thread_path(lunch)}/messages")["value"]
        if one["type"] == "text"
    ]
    anna.api("DELETE", f"{anna.thread_path(lunch)}/messages/{message['id']}")
    expect(anna.page.get_by_text("Editing message")).to_have_count(0)
    expect(anna.page.locator(".note")).to_contain_text("was deleted")
    expect(anna.composer).to_have_value("first, but better")
    anna.composer.press("Enter")
    ben.sees("first, but better")


def test_what_was_not_sent_yet_outlives_a_reload(lunch: str, anna: Visitor) -> None:
    anna.composer.fill("half a sent")
    anna.page.reload()
    expect(anna.composer).to_have_value("half a sent")
    anna.composer.fill("")
    anna.page.reload()
    expect(anna.composer).to_have_value("")


def test_closing_the_tab_asks_while_something_is_unsent(lunch: str, anna: Visitor) -> None:
    asked: list[str] = []
    anna.page.on("dialog", lambda dialog: asked.append(dialog.type))
    anna.page.reload()
    assert asked == []
    anna.page.route("**/messages?*", refuse("POST"))
    anna.write("not yet")
    expect(anna.page.get_by_text("Waiting to send")).to_be_visible()
    anna.page.reload()
    assert asked == ["beforeunload"]
    expect(anna.page.get_by_text("Waiting to send")).to_be_visible()
    anna.press("Discard")


def test_who_is_removed_still_knows_from_where_and_keeps_what_was_not_sent(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    ben.press("Past")
    ben.context.set_offline(True)
    expect(ben.page.get_by_text("You’re offline.")).to_be_visible()
    ben.write("too late")
    anna.choose("Participants")
    anna.press(f"Remove {ben.name}")
    anna.press("Remove")
    expect(anna.log).to_contain_text(f"You removed {ben.name}")
    ben.context.set_offline(False)
    expect(ben.page.get_by_text("You’re no longer in this conversation.")).to_be_visible()
    expect(ben.page.get_by_role("heading", level=1, name=lunch)).to_be_visible()
    expect(ben.page.get_by_text("too late")).to_be_visible()
    # The list of those that were left knows it at once.
    expect(ben.row(lunch)).to_contain_text("Left on")
    expect(ben.page.get_by_text("Not sent. You don’t have permission to do that.")).to_be_visible()
    ben.press("Discard")
    expect(ben.page.get_by_text("too late")).to_have_count(0)
    ben.complaints[:] = [one for one in ben.complaints if not REFUSED.search(one)]


def test_a_wrong_clock_shares_no_history(visitors: Enter, ben: Visitor) -> None:
    anna = visitors("Anna")
    anna.page.add_init_script(
        """{ const Right = Date, day = 86_400_000;
        Date = class extends Right {
          constructor(...given) { given.length ? super(...given) : super(Right.now() - day); }
          static now() { return Right.now() - day; }
        }; }"""
    )
    anna.page.reload()
    anna.start_conversation("Plans")
    anna.write("secret")
    expect(anna.page.get_by_text("Sent", exact=True)).to_be_visible()
    anna.press("Add people")
    anna.pick(ben.name)
    anna.page.get_by_label("No history").check()
    anna.page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    ben.open("Plans")
    anna.write("welcome")
    ben.sees("welcome")
    assert ben.texts() == ["welcome"]


_MANY = """
from people.models import Person
from identity.callers import Caller
from threads.services import create_chat_thread
user = Person.objects.get(display_name={name!r}).user
caller = Caller(user.resource_id, user.pk, user.raw_id, frozenset({{"chat"}}))
for number in range({count}):
    create_chat_thread(caller=caller, topic=f"Thread {{number:03}}", participants=[])
"""


def test_conversations_far_down_the_list_are_found_and_opened(
    server: Server, anna: Visitor
) -> None:
    # Nobody looks while they are made: each of them would be news.
    anna.page.goto("about:blank")
    server.manage("shell", "-v", "0", "-c", _MANY.format(name=anna.name, count=105))
    anna.page.goto("/chat/")
    expect(anna.row("Thread 104")).to_be_visible()
    expect(anna.page.locator(".thread-row")).to_have_count(100)
    address = f"/chat/#/{first_thread(anna)}"
    anna.page.get_by_role("searchbox", name="Search conversations").fill("thread 003")
    expect(anna.row("Thread 003")).to_be_visible()
    expect(anna.page.locator(".thread-row")).to_have_count(1)
    # By its address alone, as from a notification.
    anna.page.goto("about:blank")
    anna.page.goto(address)
    expect(anna.page.get_by_role("heading", level=1, name="Thread 000")).to_be_visible()
    expect(anna.page.get_by_role("button", name="More", exact=True)).to_be_visible()


def first_thread(visitor: Visitor) -> str:
    """The id of the thread named Thread 000."""
    page = visitor.api("GET", "/chat/threads?maxPageSize=200")
    found: str = next(one["id"] for one in page["value"] if one["topic"] == "Thread 000")
    return found


def test_whoever_was_signed_out_comes_back_to_the_conversation(lunch: str, anna: Visitor) -> None:
    cookies = anna.context.cookies()
    place = anna.page.url.partition("#")[2]
    anna.context.clear_cookies()
    with suppress(Error):
        anna.page.evaluate(
            "import('/static/chat/token.js').then((t) => t.getToken({ fresh: true }))"
        )
    anna.page.get_by_role("link", name="Sign in").click()
    expect(anna.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert anna.page.url.partition("#")[2] == place
    # What a browser does after the form: the answer to it sends it to the page.
    anna.context.add_cookies(cookies)  # type: ignore[arg-type]
    anna.page.reload()
    expect(anna.page.get_by_role("heading", level=1, name=lunch)).to_be_visible()
    anna.complaints[:] = [one for one in anna.complaints if not REFUSED.search(one)]


def test_the_own_name_is_changed_and_others_see_it(lunch: str, anna: Visitor, ben: Visitor) -> None:
    other = anna.second_window()
    expect(other.row(lunch)).to_be_visible()
    anna.write("before")
    ben.sees("before")
    anna.press(f"{anna.name}: settings and sign out")
    anna.press("Change your name")
    anna.page.get_by_label("Your name", exact=True).fill("  Anna   Sommer ")
    anna.press("Save")
    for window in (anna, other):
        button = window.page.get_by_role("button", name="Anna Sommer: settings")
        expect(button).to_be_visible()
    anna.write("after")
    ben.sees("after")
    expect(ben.message("after")).to_contain_text("Anna Sommer")
    expect(ben.message("before")).to_contain_text(anna.name)
    ben.page.reload()
    ben.choose("Participants")
    expect(ben.page.get_by_role("dialog")).to_contain_text("Anna Sommer")


NOTIFICATIONS = """
window.shown = [];
window.Notification = class {
  static permission = "granted";
  constructor(title, options) { window.shown.push([title, options.body]); }
};
localStorage.setItem("chatsite-notifications", "on");
Object.defineProperty(document, "hidden", { get: () => window.isAway });
document.hasFocus = () => !window.isAway;
window.isAway = true;
"""


def shown(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate("window.shown")
    return found


def test_one_of_several_hidden_windows_notifies_and_none_while_another_is_looked_at(
    anna: Visitor, ben: Visitor
) -> None:
    ben.context.add_init_script(NOTIFICATIONS)
    ben.page.reload()
    other = ben.second_window()
    expect(other.page.get_by_text("No conversations yet")).to_be_visible()
    expect(ben.page.get_by_text("No conversations yet")).to_be_visible()
    anna.start_conversation("News", ben)
    # The first message comes while the conversation itself is hardly known.
    anna.write("to a hidden window")
    for window in (ben, other):
        expect(window.row("News")).to_contain_text("to a hidden window")
    expected = [["News", f"{anna.name}: to a hidden window"]]
    ben.page.wait_for_function("window.shown !== undefined")
    assert shown(ben.page) + shown(other.page) == expected
    other.page.evaluate("window.isAway = false; window.dispatchEvent(new Event('focus'))")
    anna.write("to somebody who looks")
    for window in (ben, other):
        expect(window.row("News")).to_contain_text("to somebody who looks")
    other.open("News")
    other.sees("to somebody who looks")
    assert shown(ben.page) + shown(other.page) == expected
