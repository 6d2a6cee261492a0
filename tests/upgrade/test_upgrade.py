"""A database of the version before opens with today's code, and answers as it did.

`everything.py` made the fixtures, on commit 453aa45, and says how the next ones are made.
"""

import json
import lzma
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.server import DATABASE, Server, fresh_database, running_server
from tests.upgrade import everything
from tests.upgrade.everything import PASSWORD, SETTINGS, Site, User

FOLDER = Path(__file__).resolve().parent
# The rows grow old while the fixtures stay: a worker would sweep them away.
OPTIONS = {**SETTINGS, "CHATSITE_EMBEDDED_WORKER": "0"}


# One text of each kind of object, from the lists of the admin.
SHOWN = (
    "other.localhost",
    "Late lunch",
    "After Carol",
    "Anna Abel",
    "SendChatMessage",
    "ChatMessageReceivedInThread",
    "refuses",
    "operators",
    "busy",
)


def _unpacked(name: str) -> bytes:
    return lzma.decompress((FOLDER / name).read_bytes())


@pytest.fixture(scope="module")
def old_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Today's server on the database of the version before."""
    data = tmp_path_factory.mktemp("upgrade") / "data"
    data.mkdir(mode=0o700)
    with fresh_database() as database:
        _load(data, database.get("DATABASE_URL", ""))
        # A development server migrates its database when it starts.
        with running_server(data, **OPTIONS, **database) as server:
            yield server


def _load(data: Path, url: str) -> None:
    if url:
        options = ["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--output=/dev/null"]
        command = ["psql", *options, "--dbname", url]
        subprocess.run(command, input=_unpacked("postgresql.xz"), check=True, timeout=60)
    else:
        (data / DATABASE).write_bytes(_unpacked("sqlite.xz"))


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    """The raw ids of the users, and what the version before answered."""
    name = "postgresql" if os.environ.get("DATABASE_URL") else "sqlite"
    return dict(json.loads(_unpacked(f"{name}.json.xz")))


@pytest.fixture
def site(old_server: Server) -> Site:
    return Site(old_server.http_url)


@pytest.fixture
def alice(site: Site, expected: dict[str, Any]) -> User:
    return site.user(expected["ids"]["alice"])


@pytest.fixture
def lunch(alice: User) -> str:
    """The path of the thread with most of the messages."""
    threads = alice.does("GET", "/chat/threads")["value"]
    [thread_id] = [thread["id"] for thread in threads if thread["topic"] == "Late lunch"]
    return f"/chat/threads/{thread_id}"


# First, before the other tests write anything.
def test_everything_is_served_with_the_same_content(site: Site, expected: dict[str, Any]) -> None:
    answers = everything.read_everything(site, expected["ids"])
    assert answers.keys() == expected["answers"].keys()
    for request, answer in expected["answers"].items():
        assert answers[request] == answer, request


def test_the_migrated_database_passes_all_checks(old_server: Server) -> None:
    old_server.manage("migrate", "--check")
    assert "no issues" in old_server.manage("check")
    assert "No changes detected" in old_server.manage("makemigrations", "--check")


def test_eve_still_sees_nothing(site: Site, expected: dict[str, Any], lunch: str) -> None:
    eve = site.user(expected["ids"]["eve"])
    assert eve.does("GET", "/chat/threads")["value"] == []
    for path in (lunch, f"{lunch}/messages", f"{lunch}/participants", f"{lunch}/readReceipts"):
        assert eve.call("GET", path).status_code == 403


def test_a_firing_alert_is_still_open(site: Site) -> None:
    status = site.manage("GET", f"{everything.INSIGHTS}/metricAlerts/busy/status")
    assert "Unhealthy" in json.dumps(status)


def test_a_deleted_user_stays_deleted(site: Site, expected: dict[str, Any]) -> None:
    with pytest.raises(AssertionError, match="404|not found|NotFound"):
        site.user(expected["ids"]["gone"])


def test_a_message_is_sent_to_an_old_thread_and_read_by_its_participants(
    site: Site, expected: dict[str, Any], alice: User, lunch: str
) -> None:
    newest = alice.does("GET", f"{lunch}/messages?maxPageSize=1")["value"][0]
    message = alice.does("GET", alice.send(lunch, "After the upgrade"))
    assert int(message["sequenceId"]) == int(newest["sequenceId"]) + 1
    bob = site.user(expected["ids"]["bob"])
    assert bob.does("GET", f"{lunch}/messages?maxPageSize=1")["value"] == [message]


def test_people_sign_in_with_their_old_passwords(site: Site, expected: dict[str, Any]) -> None:
    session = everything.sign_in(site, "/chat/sign-in/", username="anna", password=PASSWORD)
    assert everything.person(site, session).id == expected["ids"]["anna"]


def test_every_list_of_the_admin_and_its_first_object_are_shown(site: Site) -> None:
    session = everything.sign_in(site, "/admin/login/", username="olga", password=PASSWORD)
    index = _page(site, session, "/admin/")
    lists = sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z_]+/)"', index)))
    pages = {path: _page(site, session, path) for path in lists}
    links = {path: re.search(rf'href="({path}[^/"]+/change/)[?"]', pages[path]) for path in lists}
    objects = [_page(site, session, link[1]) for link in links.values() if link]
    assert len(lists) > 12
    assert len(objects) > 8
    shown = "".join(pages.values())
    assert [text for text in SHOWN if text not in shown] == []


def test_dead_letters_are_shown_with_their_reason(site: Site) -> None:
    session = everything.sign_in(site, "/admin/login/", username="olga", password=PASSWORD)
    deliveries = _page(site, session, "/admin/events/delivery/?all=")
    links = re.findall(r'href="(/admin/events/delivery/\d+/change/)[?"]', deliveries)
    assert any("NotRetryable" in _page(site, session, link) for link in links)


def _page(site: Site, session: requests.Session, path: str) -> str:
    answer = session.get(f"{site.url}{path}", timeout=60)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.text
