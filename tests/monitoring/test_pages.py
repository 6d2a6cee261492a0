"""The pages of monitoring in Chromium: dashboard, rules, test alerts, acknowledging, timelines."""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.admin.browser import AdminWindow, admin_window
from tests.browsers import running_chromium
from tests.monitoring.conftest import PASSWORD, USERNAME, metrics
from tests.sdk.people import Person
from tests.server import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Stage:
    """A server, and a browser in which olga is signed in."""

    server: Server
    browser: Browser
    state: Any

    def window(self, **look: Any) -> AbstractContextManager[AdminWindow]:
        return admin_window(self.browser, self.server, state=self.state, **look)


@pytest.fixture(scope="module")
def stage(watched: Server) -> Iterator[Stage]:
    with running_chromium() as browser:
        with admin_window(browser, watched) as signing_in:
            signing_in.open("")
            signing_in.sign_in(USERNAME, PASSWORD)
            state = signing_in.page.context.storage_state()
        yield Stage(watched, browser, state)


def talk(server: Server, person: Person) -> str:
    """Send messages, wait until they are counted, and return the id of one."""
    thread = person.thread(person.create_thread(topic="Figures"))
    ids = [str(thread.send_message("hello").id) for _ in range(5)]
    sent = 'acs_chat_messages_total{action="sent",type="text"}'
    before = time.monotonic()
    while metrics(server.http_url).get(sent, 0) < 5:
        assert time.monotonic() - before < 20
        time.sleep(0.3)
    return ids[0]


def test_the_dashboard_shows_metrics_in_every_look(stage: Stage, alice: Person) -> None:
    talk(stage.server, alice)
    with stage.window() as window:
        window.open("?range=1h")
        page = window.page
        expect(page.locator(".tile")).to_have_count(7)
        expect(page.locator(".chart canvas").first).to_be_visible()
        expect(page.get_by_text("Requests by operation")).to_be_visible()
        # An error rate of zero is drawn, too.
        expect(page.locator(".chart-errors canvas")).to_be_visible()
        operations = page.locator(".monitor-operations td", has_text="SendChatMessage")
        expect(operations).to_be_visible()
        window.check_layout("dashboard")


def test_range_operation_and_csv_follow_the_choice(stage: Stage, alice: Person) -> None:
    talk(stage.server, alice)
    with stage.window() as window:
        window.open("")
        page = window.page
        with page.expect_response("**/dashboard.json?*range=7d*") as answered:
            page.get_by_role("radio", name="7d").check()
        assert answered.value.json()["range"] == "7d"
        with page.expect_response("**/dashboard.json?*operation=SendChatMessage*"):
            page.get_by_label("Operation", exact=True).select_option("SendChatMessage")
        expect(page.get_by_role("heading", name="Duration of SendChatMessage")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        lines = download.value.path().read_text().splitlines()
        assert lines[0] == "time,chart,series,value,unit"
        assert any(",Messages,Sent," in line and not line.endswith(",0,") for line in lines)


def test_an_empty_dashboard_says_what_to_do(stage: Stage) -> None:
    with stage.window() as window:
        window.open("")
        page = window.page
        empty = {"isEmpty": True, "charts": [], "tiles": [], "operations": [], "alerts": []}
        page.route("**/dashboard.json?*", lambda route: _answer(route, empty))
        page.get_by_role("radio", name="6h").check()
        expect(page.get_by_text("There is no data yet")).to_be_visible()
        window.check_layout("dashboard-empty")


def _answer(route: Any, changes: dict[str, Any]) -> None:
    body = route.fetch().json() | changes
    route.fulfill(json=body)


def test_a_rule_is_edited_previewed_refused_and_saved(stage: Stage, alice: Person) -> None:
    talk(stage.server, alice)
    with stage.window() as window:
        window.open("monitoring/alertrule/add/")
        page = window.page
        page.get_by_label("Name:").fill("Much is said")
        page.get_by_label("Operators").check()
        page.locator("#id_conditions-0-metric").select_option("ChatMessages")
        page.locator("#id_conditions-0-threshold").fill("3")
        page.locator("#id_conditions-0-dimension_1").select_option("Action")
        page.locator("#id_conditions-0-values_1").fill("Sent")
        expect(page.locator(".preview-state")).to_contain_text("would")
        expect(page.locator(".rule-preview canvas")).to_be_visible()
        page.get_by_label("Check every:").select_option("15")
        expect(page.locator(".preview-state")).to_contain_text("choose a longer lookback period")
        window.click("Save")
        expect(page.locator(".errorlist").first).to_contain_text("choose a longer lookback period")
        window.check_layout("rule-refused")
        page.get_by_label("Check every:").select_option("1")
        window.click("Save")
        expect(page.locator("#result_list")).to_contain_text("Chat messages (Action Sent)")
        window.follow(page.locator("#result_list").get_by_role("link", name="Much is said"))
        expect(page.locator("#id_conditions-0-values_1")).to_have_value("Sent")


# The default rules with their severities (monitoring contract 4).
_DEFAULT_RULES = {
    "Chat requests fail": 1,
    "Database operations fail": 1,
    "Sending is slow": 2,
    "Webhook events are dead-lettered": 2,
    "Webhook deliveries are delayed": 2,
    "Live connections drop": 2,
    "Clients are throttled": 3,
    "Authentication fails often": 3,
}


def test_the_rules_of_a_new_server_are_there_and_their_pages_fit_every_look(stage: Stage) -> None:
    with stage.window() as window:
        window.open("monitoring/alertrule/")
        rows = window.page.locator("#result_list tbody tr")
        for name, severity in _DEFAULT_RULES.items():
            expect(rows.filter(has_text=name)).to_contain_text(f"Sev{severity}")
        for path, name in (
            ("monitoring/alertrule/", "rules"),
            ("monitoring/alertrule/3/change/", "rule"),
            ("monitoring/actiongroup/1/change/", "group"),
            ("monitoring/requestrecord/", "requests"),
        ):
            window.open(path)
            window.page.wait_for_load_state("networkidle")
            window.check_layout(name)


def test_the_test_page_shows_the_outcome_for_each_receiver(stage: Stage) -> None:
    with stage.window() as window:
        window.open("monitoring/actiongroup/add/")
        page = window.page
        page.locator("#id_name").fill("Crew")
        page.locator("#id_short_name").fill("crew")
        page.locator("#id_receivers-0-name").fill("hook")
        page.locator("#id_receivers-0-kind").select_option("webhook")
        page.locator("#id_receivers-0-address").fill("not a url")
        window.click("Save")
        expect(page.locator(".errorlist").first).to_contain_text("Enter the URL to call")
        page.locator("#id_receivers-0-address").fill("http://127.0.0.1:9/nobody?key=secret")
        window.click("Save and continue editing")
        window.click("Test")
        expect(page.locator(".subjects")).not_to_contain_text("secret")
        window.click("Send test alert")
        expect(page.locator(".outcomes")).to_contain_text("failed")
        expect(page.locator(".outcomes")).to_contain_text("SocketError")
        window.check_layout("test-outcome")
        window.open("monitoring/actiongroup/1/test/")
        window.click("Send test alert")
        expect(page.locator(".outcomes")).to_contain_text("sent")


def test_an_alert_is_noticed_acknowledged_and_noted(stage: Stage) -> None:
    stage.server.manage("shell", "-v0", "-c", _ALERT)
    with stage.window() as window:
        window.open("")
        page = window.page
        expect(page.locator(".monitor-notices li", has_text="It is on fire")).to_be_visible()
        window.check_layout("dashboard-alert")
        window.follow(page.locator(".monitor-notices a", has_text="It is on fire").first)
        window.click("Acknowledge")
        page.get_by_label("Note:").fill("I am on it <b>now</b>")
        window.check_layout("acknowledge")
        window.click("Acknowledge")
        expect(page.locator("#content")).to_contain_text("acknowledged")
        expect(page.locator("#content")).to_contain_text("I am on it <b>now</b>")
        expect(page.locator("[data-alert-charts] canvas")).to_be_visible()
        window.check_layout("alert")
        window.open("")
        expect(page.locator(".monitor-alerts")).to_contain_text("acknowledged")
        expect(page.locator(".monitor-notices li", has_text="It is on fire")).to_have_count(0)


_ALERT = """
from monitoring.models import *
from monitoring.alerts.services import sample_alert
from wire.times import now_ms
alert = sample_alert(now_ms())
alert.rule, alert.rule_name, alert.severity = None, "It is on fire", 0
alert.save()
receiver = Receiver.objects.get(kind="notice")
Notification.objects.create(
    alert=alert,
    receiver=receiver,
    receiver_text=receiver.described,
    condition="Fired",
    state="sent",
    created_ms=alert.fired_ms,
    due_ms=alert.fired_ms,
)
"""


def test_a_messages_timeline_leads_from_request_to_publication(stage: Stage, alice: Person) -> None:
    message = talk(stage.server, alice)
    with stage.window() as window:
        window.find("messaging/chatmessage/", message)
        window.click("Timeline")
        timeline = window.page.locator(".timeline")
        for words in ("Accepted", "SendChatMessage answered 201", "Stored", "Published"):
            expect(timeline).to_contain_text(words)
        window.check_layout("timeline")
