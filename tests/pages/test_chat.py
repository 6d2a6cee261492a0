"""Two people and the chat page, in real Chromium against a real server."""

import json
import re

import pytest
from playwright.sync_api import APIResponse, Route, WebSocket, WebSocketRoute, expect

from tests.pages.visitors import Enter, Visitor, slowness
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def test_a_message_is_in_the_other_window_within_a_second(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    second = 1000 * slowness(ben.page)
    anna.composer.press_sequentially("Pi")
    typing = ben.page.get_by_text(f"{anna.name} is typing…").first
    expect(typing).to_be_visible(timeout=second)
    anna.write("Pizza?")
    ben.sees("Pizza?", seconds=second / 1000)
    expect(ben.page.get_by_text("is typing…")).to_have_count(0)
    expect(anna.page.get_by_text(f"Read by {ben.name}")).to_be_visible(timeout=1.5 * second)
    assert ben.message("Pizza?").get_by_text(anna.name).is_visible()
    ben.composer.press_sequentially("Yes")
    ben.composer.press("Shift+Enter")
    ben.composer.press_sequentially("soon")
    ben.composer.press("Enter")
    expect(anna.log).to_contain_text(re.compile(r"Yes\s*soon"))


def test_a_conversation_is_started_renamed_and_deleted_for_everybody(
    anna: Visitor, ben: Visitor
) -> None:
    anna.start_conversation("Trip", ben)
    ben.open("Trip")
    expect(ben.log).to_contain_text(f"{anna.name} started the conversation with you")
    anna.choose("Rename")
    anna.page.get_by_label("Topic", exact=True).fill("Trip to Rome")
    anna.press("Save")
    expect(ben.row("Trip to Rome")).to_be_visible()
    expect(ben.log).to_contain_text(f"{anna.name} named the conversation “Trip to Rome”")
    ben.choose("Delete")
    ben.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(anna.page.get_by_text("This conversation was deleted.")).to_be_visible()
    expect(anna.row("Trip to Rome")).to_have_count(0)
    anna.press("Past")
    expect(anna.row("Trip to Rome")).to_contain_text("Deleted on")


def test_people_are_removed_and_leave(lunch: str, anna: Visitor, ben: Visitor) -> None:
    anna.choose("Participants")
    anna.press(f"Remove {ben.name}")
    anna.press("Remove")
    expect(ben.page.get_by_text("You’re no longer in this conversation.")).to_be_visible()
    expect(ben.composer).to_have_count(0)
    # Ben may hear of it before the question closes here, which would take the Escape for itself.
    expect(anna.page.get_by_role("button", name="Remove", exact=True)).to_have_count(0)
    anna.page.keyboard.press("Escape")
    expect(anna.page.get_by_role("dialog")).to_have_count(0)
    expect(anna.log).to_contain_text(f"You removed {ben.name}")
    expect(ben.row(lunch)).to_have_count(0)
    ben.press("Past")
    expect(ben.row(lunch)).to_contain_text("Left on")
    anna.choose("Leave")
    anna.page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(anna.row(lunch)).to_have_count(0)


@pytest.mark.parametrize(
    ("choice", "sees_before"),
    [("All history", True), ("No history", False), ("From a date", True)],
)
def test_who_is_added_sees_as_much_history_as_was_chosen(
    choice: str, sees_before: bool, anna: Visitor, ben: Visitor
) -> None:
    anna.start_conversation("Plans")
    anna.write("said before")
    anna.sees("said before")
    expect(anna.page.get_by_text("Sent", exact=True)).to_be_visible()
    anna.press("Add people")
    anna.pick(ben.name)
    anna.page.get_by_label(choice).check()
    if choice == "From a date":
        anna.page.get_by_label("Show history from").fill("2020-01-01")
    anna.page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    ben.open("Plans")
    anna.write("said after")
    ben.sees("said after")
    assert ben.message("said before").count() == int(sees_before)
    expect(anna.log).to_contain_text(f"You added {ben.name}")


def test_adding_people_explains_an_empty_list_of_people(lunch: str, anna: Visitor) -> None:
    # A server on which everyone is in the conversation already.
    anna.page.route("**/chat/people?*", lambda route: route.fulfill(json={"value": []}))
    anna.press("Add people")
    dialog = anna.page.get_by_role("dialog")
    expect(dialog.get_by_text("No suggestions. Search by name or user ID.")).to_be_visible()
    dialog.get_by_role("searchbox").fill("Nobody")
    expect(dialog.get_by_text("No one matches that name.")).to_be_visible()


def test_messages_are_edited_and_deleted(lunch: str, anna: Visitor, ben: Visitor) -> None:
    anna.write("Pizzza")
    ben.sees("Pizzza")
    anna.tool("Pizzza", "Edit")
    anna.write("Pizza")
    ben.sees("Pizza")
    expect(ben.message("Pizza")).to_contain_text("(edited)")
    expect(ben.row(lunch)).to_contain_text(f"{anna.name}: Pizza")
    anna.composer.press("ArrowUp")
    expect(anna.composer).to_have_value("Pizza")
    anna.composer.press("Escape")
    expect(anna.composer).to_have_value("")
    anna.tool("Pizza", "Delete message")
    anna.press("Delete")
    expect(ben.log).to_contain_text("This message was deleted.")
    expect(ben.row(lunch)).to_contain_text("This message was deleted.")
    assert ben.message("Pizza").count() == 0


def test_nobody_is_offered_to_change_what_others_wrote(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    anna.write("mine")
    ben.sees("mine")
    ben.message("mine").hover()
    tools = ben.message("mine").get_by_role("button")
    labels = {tool.get_attribute("aria-label") for tool in tools.all()}
    # Where there are engines it can be translated, too.
    assert "Copy text" in labels and labels <= {"Copy text", "Translate"}


def test_high_priority_is_chosen_when_sending_and_shown_clearly(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    anna.press("Send with high priority")
    anna.write("Fire drill")
    anna.write("no rush")
    expect(ben.message("Fire drill")).to_contain_text("High priority")
    ben.sees("no rush")
    expect(ben.message("no rush")).not_to_contain_text("High priority")
    message = ben.api("GET", f"{ben.thread_path(lunch)}/messages?maxPageSize=2")["value"][1]
    assert message["metadata"] == {"priority": "high"}


def test_emoji_are_found_by_name(lunch: str, anna: Visitor, ben: Visitor) -> None:
    anna.composer.fill("Yum ")
    anna.press("Emoji")
    anna.page.get_by_label("Search emoji").fill("slice pizza")
    anna.page.keyboard.press("Enter")
    expect(anna.composer).to_have_value("Yum 🍕")
    expect(anna.composer).to_be_focused()
    anna.composer.press("Enter")
    ben.sees("Yum 🍕")


def test_unread_messages_are_counted_in_list_title_and_icon(anna: Visitor, ben: Visitor) -> None:
    anna.start_conversation("News", ben)
    for number in range(3):
        anna.write(f"item {number}")
    expect(ben.row("News").locator(".badge")).to_contain_text("3 unread messages")
    expect(ben.page).to_have_title("(3) chatsite")
    expect(ben.page.locator("#icon")).to_have_attribute("href", re.compile("unread"))
    ben.press("Unread")
    ben.open("News")
    expect(ben.page.get_by_role("separator").filter(has_text="New messages")).to_be_visible()
    expect(ben.row("News").locator(".badge")).to_have_count(0)
    expect(ben.page).to_have_title("News · chatsite")
    ben.press("All")
    ben.page.get_by_role("searchbox").fill("nothing like it")
    expect(ben.page.get_by_text("No matching conversations.")).to_be_visible()


def test_two_windows_of_one_person_agree_on_what_was_read(anna: Visitor, ben: Visitor) -> None:
    anna.start_conversation("News", ben)
    other = ben.second_window()
    anna.write("first")
    for window in (ben, other):
        expect(window.row("News").locator(".badge")).to_contain_text("1 unread")
    ben.page.bring_to_front()
    ben.open("News")
    expect(other.row("News").locator(".badge")).to_have_count(0)
    ben.write("from one window")
    other.open("News")
    other.sees("from one window")


def test_what_was_written_without_a_network_is_sent_once_it_is_back(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    anna.context.set_offline(True)
    expect(anna.page.get_by_text("You’re offline.")).to_be_visible()
    anna.write("one")
    anna.write("two")
    expect(anna.page.get_by_text("Waiting to send")).to_have_count(2)
    ben.write("meanwhile")
    anna.picture("offline")
    anna.context.set_offline(False)
    anna.sees("meanwhile", seconds=30)
    ben.sees("two")
    expect(anna.page.get_by_text("You’re offline.")).to_have_count(0)
    assert ben.texts() == ["meanwhile", "one", "two"]
    assert anna.texts() == ["meanwhile", "one", "two"]


def test_what_the_event_log_has_forgotten_is_listed_again(
    server: Server, lunch: str, anna: Visitor, ben: Visitor
) -> None:
    anna.write("before")
    ben.sees("before")
    ben.context.set_offline(True)
    expect(ben.page.get_by_text("You’re offline.")).to_be_visible()
    anna.tool("before", "Edit")
    anna.write("edited meanwhile")
    anna.write("sent meanwhile")
    anna.choose("Rename")
    anna.page.get_by_label("Topic", exact=True).fill("Dinner")
    anna.press("Save")
    expect(anna.row("Dinner")).to_be_visible()
    forget = "from events.models import Event; Event.objects.all().delete()"
    server.manage("shell", "-v", "0", "-c", forget)
    ben.context.set_offline(False)
    ben.sees("sent meanwhile", seconds=15)
    assert ben.texts() == ["edited meanwhile", "sent meanwhile"]
    expect(ben.row("Dinner")).to_be_visible()
    # And it is live again.
    anna.write("once more")
    ben.sees("once more")


def test_a_lost_answer_doubles_nothing(lunch: str, anna: Visitor, ben: Visitor) -> None:
    lost: list[APIResponse] = []

    def lose_the_first_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    anna.page.route("**/messages?*", lose_the_first_answer)
    anna.write("only once")
    ben.sees("only once")
    anna.write("and then")
    ben.sees("and then", seconds=30)
    expect(anna.page.locator("article.pending")).to_have_count(0, timeout=10_000)
    assert lost[0].status == 201
    assert ben.texts() == ["only once", "and then"]
    assert anna.texts() == ["only once", "and then"]


def test_a_renewed_token_prolongs_the_connection(anna: Visitor, ben: Visitor) -> None:
    sockets: list[WebSocket] = []
    frames: list[str] = []

    def note(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: frames.append(str(frame)))

    # A blank one, so that no socket comes and goes before we listen.
    ben.page.goto("about:blank")
    ben.page.on("websocket", note)
    ben.page.goto("/chat/")
    expect(ben.page.get_by_text("No conversations yet")).to_be_visible()
    anna.start_conversation("Hours later", ben)
    expect(ben.row("Hours later")).to_be_visible()
    ben.page.evaluate("import('/static/chat/token.js').then((t) => t.getToken({ fresh: true }))")
    anna.write("still there?")
    expect(ben.row("Hours later")).to_contain_text("still there?")
    tokens = {json.loads(frame)["token"] for frame in frames}
    assert (len(sockets), len(tokens)) == (1, 2)
    # It is nowhere but in memory, and never in an address.
    stored = ben.page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert all(token not in stored + sockets[0].url for token in tokens)


def test_unsent_messages_outlive_a_reload(lunch: str, anna: Visitor, ben: Visitor) -> None:
    anna.page.route("**/messages?*", lambda route: route.abort())
    anna.write("patience")
    expect(anna.page.get_by_text("Waiting to send")).to_be_visible()
    anna.page.unroute_all()
    anna.page.reload()
    ben.sees("patience", seconds=30)
    anna.sees("patience")
    assert ben.texts() == ["patience"]


def test_a_refused_message_says_so_and_can_be_discarded(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=400, json={"error": {"code": "BadRequest", "message": "No."}})
        else:
            route.continue_()

    anna.page.route("**/messages?*", refuse)
    anna.write("never")
    expect(anna.page.get_by_text("Not sent. Something went wrong: No.")).to_be_visible()
    anna.press("Discard")
    assert anna.texts() == []
    anna.complaints.clear()  # Chromium reports the status, which is what this test is about.


def test_signing_out_ends_the_live_session_of_every_window(
    lunch: str, anna: Visitor, ben: Visitor
) -> None:
    other = ben.second_window()
    other.open(lunch)
    ben.press(f"{ben.name}: settings and sign out")
    ben.press("Sign out")
    expect(ben.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(other.page.get_by_text("You’ve been signed out")).to_be_visible(timeout=15_000)
    expect(other.page.get_by_role("link", name="Sign in")).to_be_focused()
    anna.write("secret")
    anna.sees("secret")
    assert other.message("secret").count() == 0
    assert all("401" in complaint for complaint in ben.complaints)
    ben.complaints.clear()


# Remembers what it is told to show, to somebody who can be sent away: `window.isAway`.
_NOTIFICATIONS = """() => {
  window.shown = [];
  window.asked = 0;
  window.Notification = class {
    static permission = "default";
    static async requestPermission() {
      window.asked += 1;
      return (window.Notification.permission = "granted");
    }
    constructor(title, options) { window.shown.push([title, options.body]); }
  };
  Object.defineProperty(document, "hidden", { get: () => window.isAway ?? false });
  document.hasFocus = () => !window.isAway;
}"""


def _go_away(visitor: Visitor) -> None:
    """Allow notifications, and turn to something else."""
    visitor.press(f"{visitor.name}: settings and sign out")
    visitor.press("Turn on notifications")
    visitor.page.evaluate("window.isAway = true; window.dispatchEvent(new Event('blur'))")


def test_notifications_are_asked_for_on_demand_and_come_while_hidden(
    visitors: Enter, anna: Visitor
) -> None:
    ben = visitors("Ben", permissions=["notifications"])
    ben.page.evaluate(_NOTIFICATIONS)
    anna.start_conversation("News", ben)
    anna.write("before")
    expect(ben.row("News")).to_contain_text("before")
    assert ben.page.evaluate("[window.asked, window.shown.length]") == [0, 0]
    _go_away(ben)
    anna.write("while away")
    expect(ben.row("News")).to_contain_text("while away")
    # The row may have heard from an answer, before the event came.
    ben.page.wait_for_function("window.shown.length")
    assert ben.page.evaluate("window.shown") == [["News", f"{anna.name}: while away"]]


def test_an_answer_that_is_ahead_of_an_event_hides_and_doubles_nothing(
    visitors: Enter, anna: Visitor
) -> None:
    ben = visitors("Ben", permissions=["notifications"])
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    holds = False

    def pass_on(socket: WebSocketRoute) -> None:
        def send(text: str | bytes) -> None:
            if holds and "chatMessageReceived" in str(text):
                held.append((socket, text))
            else:
                socket.send(text)

        socket.connect_to_server().on_message(send)

    ben.page.goto("about:blank")
    ben.page.route_web_socket(re.compile("/chat/events"), pass_on)
    ben.page.goto("/chat/")
    ben.page.evaluate(_NOTIFICATIONS)
    anna.start_conversation("News", ben)
    expect(ben.row("News")).to_be_visible()
    _go_away(ben)
    holds = True
    anna.write("while away")
    anna.sees("while away")
    # Now the page asks the server about the conversation, which tells of the message.
    anna.choose("Rename")
    anna.page.get_by_label("Topic", exact=True).fill("Old news")
    anna.press("Save")
    expect(ben.row("Old news").locator(".badge")).to_contain_text("1 unread message")
    for socket, text in held:
        socket.send(text)
    ben.page.wait_for_function("window.shown.length")
    assert ben.page.evaluate("window.shown") == [["Old news", f"{anna.name}: while away"]]
    expect(ben.row("Old news").locator(".badge")).to_contain_text("1 unread message")
    expect(ben.page).to_have_title("(1) chatsite")
