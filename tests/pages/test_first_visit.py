"""The page as a newcomer meets it on a development server, and as it is served in production."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from chatsite import certificates
from load_testing.ports import free_port
from load_testing.servers import clean_environment, start, stop, wait_until_ready
from tests.pages.visitors import make_session_cookie, watched
from tests.server import manage, running_server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def click_in(page: Page, name: str) -> None:
    """From the page's address to the conversations of somebody of the demo."""
    page.goto("/chat/")
    page.get_by_role("button", name=name).click()
    expect(page.get_by_role("heading", name="Conversations")).to_be_visible()


def test_one_click_shows_the_demo_and_a_second_window_somebody_else(
    chromium: Browser, tmp_path: Path
) -> None:
    with running_server(tmp_path / "data", CHATSITE_DEMO="1") as server:
        assert f"{server.http_url}/chat/" in server.log.read_text()
        # One context, so one set of cookies, as in the windows of one browser.
        context = chromium.new_context(base_url=server.http_url)
        complaints: list[str] = []
        alice = watched(context.new_page(), complaints)
        click_in(alice, "Alice Martin")
        expect(alice.locator(".thread-row")).to_have_count(2)
        expect(alice.get_by_text("Please read the checklist")).to_be_visible()
        with context.expect_page() as opened:
            alice.get_by_role("complementary").get_by_role("link").click()
        bob = watched(opened.value, complaints)
        bob.get_by_role("button", name="Bob Okafor").click()
        for page in (alice, bob):
            page.get_by_role("link", name="Lunch").click()
        alice.locator("#composer").fill("Can you see me?")
        alice.locator("#composer").press("Enter")
        expect(bob.get_by_role("log").get_by_text("Can you see me?")).to_be_visible()
        context.close()
        assert complaints == []


def test_in_production_every_module_is_found_under_its_hashed_name(
    chromium: Browser, tmp_path: Path
) -> None:
    files = certificates.ensure_certificates(tmp_path / "tls", [])
    url = f"https://localhost:{(tls_port := free_port())}"
    environment = clean_environment(
        tmp_path / "data",
        CHATSITE_ENV="production",
        CHATSITE_PUBLIC_URL=url,
        CHATSITE_TLS_CERT=str(files.server),
        CHATSITE_TLS_KEY=str(files.server_key),
        CHATSITE_TLS_PORT=str(tls_port),
        CHATSITE_PORT=str(free_port()),
    )
    del environment["CHATSITE_DEMO"]
    manage(environment, "migrate", "--verbosity=0")
    manage(environment, "collectstatic", "--noinput", "--verbosity=0")
    process = start(environment, tmp_path / "log")
    try:
        # A name that it does not know: it refuses, where it would else send us to https.
        local = f"http://127.0.0.1:{environment['CHATSITE_PORT']}"
        wait_until_ready(process, local, tmp_path / "log")
        context = chromium.new_context(base_url=url, ignore_https_errors=True)
        context.add_cookies([make_session_cookie(environment, url, "Anna")])
        complaints: list[str] = []
        page = watched(context.new_page(), complaints)
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        page.goto("/chat/")
        expect(page.get_by_text("No conversations yet")).to_be_visible()
        scripts = [address for address in addresses if address.endswith(".js")]
        assert len(scripts) > 20
        assert all(re.search(r"\.[0-9a-f]{12}\.js$", script) for script in scripts)
        assert page.goto("/chat/sign-up/").status == 404  # type: ignore[union-attr]
        context.close()
        assert [one for one in complaints if "404" not in one] == []
    finally:
        assert stop(process) == 0
