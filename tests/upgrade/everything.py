"""A database with a row of nearly everything, and what the server answers about it.

`python tests/upgrade/everything.py` runs in a checkout of the version whose database is wanted:

    git worktree add /tmp/old <commit>
    cd /tmp/old && .venv/bin/python <this file> <folder of the fixtures>

With DATABASE_URL, which must name an empty PostgreSQL database, it makes the PostgreSQL fixture
instead of the SQLite one. It speaks HTTP only, apart from `manage.py`, so that it needs nothing of
the version that it runs on. All keys and passwords in it are for these fixtures alone.
"""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import lzma
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path
from typing import Any

import requests

SERVICE_TOKEN = "a-service-token-of-the-upgrade-fixtures"
PASSWORD = "a-password-of-the-fixtures"
OTHER_HOST = "other.localhost"
OTHER_KEY = base64.b64encode(b"the key of the other resource in the fixtures").decode()
SETTINGS = {
    "CHATSITE_ACCESS_KEY": base64.b64encode(b"the key of the default resource, fixtures").decode(),
    "CHATSITE_SERVICE_TOKENS": SERVICE_TOKEN,
    "CHATSITE_ADMIN_USERNAME": "olga",
    "CHATSITE_ADMIN_PASSWORD": PASSWORD,
    "CHATSITE_DEMO": "0",
    "CHATSITE_REQUEST_LOG": "database",
}
CHAT, IDENTITY, MANAGEMENT = "2025-03-15", "2023-10-01", "2024-02-01"
GROUP = "/subscriptions/s/resourceGroups/chat"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
SCOPE = f"{GROUP}/providers/Microsoft.Communication/communicationServices/default"
SUBSCRIPTIONS = f"{SCOPE}/providers/Microsoft.EventGrid/eventSubscriptions"


# Talking to a server -----------------------------------------------------------------------


@dataclass
class Site:
    """A server, addressed by `url`, which has no slash at its end."""

    url: str

    def call(
        self, method: str, path: str, body: Any = None, *, version: str, **headers: str
    ) -> requests.Response:
        """The answer to a request whose body is JSON."""
        separator = "&" if "?" in path else "?"
        return requests.request(
            method,
            f"{self.url}{path}{separator}api-version={version}",
            data=None if body is None else json.dumps(body),
            headers={"content-type": "application/json", **headers},
            timeout=60,
        )

    def identity(self, path: str, body: Any = None, *, host: str = "") -> Any:
        """What the identity API answers: to a service token, or signed for the other resource."""
        if not host:
            headers = {"authorization": f"Bearer {SERVICE_TOKEN}"}
        else:
            headers = _signed("POST", f"{path}?api-version={IDENTITY}", body, host)
        answer = self.call("POST", path, body, version=IDENTITY, **headers)
        assert answer.ok, answer.text
        return answer.json()

    def manage(self, method: str, path: str, body: Any = None) -> Any:
        """What the management API answers."""
        token = {"authorization": f"Bearer {SERVICE_TOKEN}"}
        answer = self.call(method, path, body, version=MANAGEMENT, **token)
        assert answer.ok, answer.text
        return answer.json()

    def user(self, raw_id: str = "", *, host: str = "") -> "User":
        """A user with a fresh token; a new one without `raw_id`."""
        raw_id = raw_id or self.identity("/identities", {}, host=host)["identity"]["id"]
        path = f"/identities/{raw_id}/:issueAccessToken"
        token = self.identity(path, {"scopes": ["chat"]}, host=host)["token"]
        return User(self, raw_id, token, host)


def _signed(method: str, target: str, body: Any, host: str) -> dict[str, str]:
    content = b"" if body is None else json.dumps(body).encode()
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    date = formatdate(usegmt=True)
    signed = f"{method}\n{target}\n{date};{host};{digest}".encode()
    signature = hmac.new(base64.b64decode(OTHER_KEY), signed, hashlib.sha256).digest()
    names = "x-ms-date;host;x-ms-content-sha256"
    value = f"SignedHeaders={names}&Signature={base64.b64encode(signature).decode()}"
    return {
        "host": host,
        "x-ms-date": date,
        "x-ms-content-sha256": digest,
        "authorization": f"HMAC-SHA256 {value}",
    }


@dataclass
class User:
    """A chat user with a token; `host` is empty for the default resource."""

    site: Site
    id: str
    token: str
    host: str = ""

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        """The answer to a request to the chat API."""
        headers = {"authorization": f"Bearer {self.token}"}
        if self.host:
            headers["host"] = self.host
        if method == "PATCH":
            headers["content-type"] = "application/merge-patch+json"
        return self.site.call(method, path, body, version=CHAT, **headers)

    def does(self, method: str, path: str, body: Any = None) -> Any:
        """What a request that works answers."""
        answer = self.call(method, path, body)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def as_participant(self, name: str, **more: Any) -> dict[str, Any]:
        """A participant model that names this user."""
        identifier = {"rawId": self.id, "communicationUser": {"id": self.id}}
        return {"communicationIdentifier": identifier, "displayName": name, **more}

    def create_thread(self, topic: str, *participants: dict[str, Any], **members: Any) -> str:
        """The path of a new thread."""
        body = {"topic": topic, "participants": list(participants), **members}
        thread = self.does("POST", "/chat/threads", body)["chatThread"]
        return f"/chat/threads/{thread['id']}"

    def send(self, thread: str, content: str, **members: Any) -> str:
        """The path of a new message."""
        message = self.does("POST", f"{thread}/messages", {"content": content, **members})
        return f"{thread}/messages/{message['id']}"


def sign_in(site: Site, page: str, **fields: str) -> requests.Session:
    """A browser's session that has sent the form of this page."""
    session = requests.Session()
    form = session.get(f"{site.url}{page}", timeout=60)
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
    assert token, form.text
    answer = session.post(
        f"{site.url}{page}",
        data={"csrfmiddlewaretoken": token[1], **fields},
        headers={"referer": f"{site.url}{page}"},
        allow_redirects=False,
        timeout=60,
    )
    assert answer.status_code == 302, answer.text
    return session


# Writing -----------------------------------------------------------------------------------


def write_everything(site: Site, receiver_url: str) -> dict[str, str]:
    """Fill the database; returns the raw ids of the users by name."""
    _subscribe(site, receiver_url)
    _add_alert_rule(site)
    people = {name: _sign_up(site, name) for name in ("anna", "ben")}
    users = {name: site.user() for name in ("alice", "bob", "carol", "eve", "gone")}
    mallory = site.user(host=OTHER_HOST)
    _talk(users)
    _talk_about_the_rest(users)
    anna, ben = people["anna"], people["ben"]
    between = anna.create_thread("Anna and Ben", ben.as_participant("Ben Baker"))
    anna.send(between, "Hello Ben", senderDisplayName="Anna Abel")
    mallory.send(mallory.create_thread("Elsewhere"), "Nobody else reads this")
    everybody = users | people | {"mallory": mallory}
    return {name: user.id for name, user in everybody.items()}


def _talk(users: dict[str, User]) -> None:
    """A thread with messages of all types, edits, deletions, receipts, and people who leave."""
    alice, bob, carol = users["alice"], users["bob"], users["carol"]
    lunch = alice.create_thread(
        "Lunch",
        bob.as_participant("Bob", metadata={"seat": "window"}),
        carol.as_participant("Carol"),
        users["gone"].as_participant("Gone"),
        metadata={"color": "green"},
        retentionPolicy={"kind": "threadCreationDate", "deleteThreadAfterDays": 90},
    )
    first = alice.send(lunch, "Pizza? 🍕", senderDisplayName="Alice", metadata={"kept": "yes"})
    urgent = bob.send(lunch, "Fire!", metadata={"priority": "high"})
    html = carol.send(lunch, "<b>Bold</b> words", type="html", senderDisplayName="Carol")
    edited = bob.send(lunch, "Helo")
    deleted = bob.send(lunch, "A mistake")
    bob.does("PATCH", edited, {"content": "Hello", "metadata": {"edited": "once"}})
    bob.does("DELETE", deleted)
    for reader, message in ((alice, html), (bob, urgent), (carol, first)):
        message_id = message.rpartition("/")[2]
        reader.does("POST", f"{lunch}/readReceipts", {"chatMessageId": message_id})
    alice.does("PATCH", lunch, {"topic": "Late lunch"})
    carol_id = carol.as_participant("")["communicationIdentifier"]
    alice.does("POST", f"{lunch}/participants/:remove", carol_id)
    alice.send(lunch, "After Carol")
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    again = {"participants": [carol.as_participant("Carol again", shareHistoryTime=now)]}
    alice.does("POST", f"{lunch}/participants/:add", again)
    for number in range(25):
        alice.send(lunch, f"Message {number}")


def _talk_about_the_rest(users: dict[str, User]) -> None:
    """A deleted thread, a thread without a policy, and a deleted user."""
    alice, bob = users["alice"], users["bob"]
    ended = bob.create_thread("Ended", alice.as_participant("Alice"))
    bob.send(ended, "Soon gone")
    bob.does("DELETE", ended)
    quiet = bob.create_thread("Quiet", alice.as_participant("Alice"))
    bob.send(quiet, "Is anybody there?")
    answer = bob.site.call(
        "DELETE",
        f"/identities/{users['gone'].id}",
        version=IDENTITY,
        authorization=f"Bearer {SERVICE_TOKEN}",
    )
    assert answer.status_code == 204, answer.text


def _sign_up(site: Site, username: str) -> User:
    name = {"anna": "Anna Abel", "ben": "Ben Baker"}[username]
    fields = {"username": username, "password1": PASSWORD, "password2": PASSWORD}
    return person(site, sign_in(site, "/chat/sign-up/", display_name=name, **fields))


def person(site: Site, session: requests.Session) -> User:
    """The chat user of somebody who has signed in to the chat page."""
    csrf = next(str(cookie.value) for cookie in session.cookies if cookie.name.endswith("csrf"))
    headers = {"x-csrftoken": csrf, "referer": site.url}
    answer = session.post(f"{site.url}/chat/token", headers=headers, timeout=60)
    assert answer.ok, answer.text
    user = User(site, "", answer.json()["token"])
    me = user.does("GET", "/chat/people/me")
    return User(site, me["communicationIdentifier"]["rawId"], user.token)


def _subscribe(site: Site, receiver_url: str) -> None:
    """Two subscriptions; the second endpoint refuses all events, which makes dead letters."""
    filters = [{"operatorType": "StringContains", "key": "data.messageBody", "values": ["e"]}]
    for name, path, chosen in (
        ("accepts", "accept?code=a-secret", {}),
        ("refuses", "refuse", {"advancedFilters": filters}),
    ):
        properties = {
            "destination": {
                "endpointType": "WebHook",
                "properties": {"endpointUrl": f"{receiver_url}/{path}"},
            },
            "filter": {
                "includedEventTypes": ["Microsoft.Communication.ChatMessageReceivedInThread"],
                **chosen,
            },
            "labels": ["fixture"],
        }
        site.manage("PUT", f"{SUBSCRIPTIONS}/{name}", {"properties": properties})
    for name in ("accepts", "refuses"):
        path = f"{SUBSCRIPTIONS}/{name}"
        wait_until(lambda path=path: _state_of(site, path) == "Succeeded")  # type: ignore[misc]


def _state_of(site: Site, path: str) -> str:
    return str(site.manage("GET", path)["properties"]["provisioningState"])


def _add_alert_rule(site: Site) -> None:
    """A rule that fires as soon as it is evaluated, and the group that it notifies."""
    group = f"{INSIGHTS}/actionGroups/operators"
    emails = [{"name": "Olga", "emailAddress": "olga@example.org"}]
    site.manage("PUT", group, {"properties": {"groupShortName": "ops", "emailReceivers": emails}})
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "any",
        "metricName": "APIRequestChat",
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
    }
    properties = {
        "severity": 2,
        "enabled": True,
        "scopes": [SCOPE],
        "evaluationFrequency": "PT1M",
        "windowSize": "PT5M",
        "criteria": {"allOf": [criterion]},
        "actions": [{"actionGroupId": group}],
    }
    site.manage("PUT", f"{INSIGHTS}/metricAlerts/busy", {"properties": properties})


def _has_fired(site: Site) -> bool:
    return "Unhealthy" in json.dumps(site.manage("GET", f"{INSIGHTS}/metricAlerts/busy/status"))


# Reading -----------------------------------------------------------------------------------


def read_everything(site: Site, ids: dict[str, str]) -> dict[str, Any]:
    """What the server answers about it, by request; its address is replaced."""
    found: dict[str, Any] = {}
    for name, raw_id in ids.items():
        if name != "gone":
            user = site.user(raw_id, host=OTHER_HOST if name == "mallory" else "")
            found |= {f"{name} {path}": answer for path, answer in _read_as(user)}
    for path in (
        SUBSCRIPTIONS,
        f"{INSIGHTS}/actionGroups",
        f"{INSIGHTS}/metricAlerts",
        f"{INSIGHTS}/metricAlerts/busy",
        *(f"{SUBSCRIPTIONS}/{name}" for name in ("accepts", "refuses")),
    ):
        found[path] = site.manage("GET", path)
    found["full URL"] = site.manage("POST", f"{SUBSCRIPTIONS}/accepts/getFullUrl")
    text = json.dumps(found, sort_keys=True)
    for host in (site.url, f"http://{OTHER_HOST}"):
        text = text.replace(host, "http://server")
    return dict(json.loads(text))


def _read_as(user: User) -> Iterator[tuple[str, Any]]:
    """Paths and answers of all that a user can see, page by page."""
    details = "lastMessage,unreadCount,readPosition,participantCount"
    threads = user.does("GET", f"/chat/threads?include={details}")
    yield "threads", threads
    yield "threads left", user.does("GET", "/chat/threads?membership=left")
    for thread in threads["value"]:
        path = f"/chat/threads/{thread['id']}"
        if "deletedOn" in thread:
            yield path, user.call("GET", path).status_code
            continue
        for part in ("", "/participants", "/readReceipts"):
            yield f"{path}{part}", user.does("GET", f"{path}{part}")
        yield f"{path}/messages", list(_messages(user, path))
    yield "people", user.does("GET", "/chat/people")
    me = user.call("GET", "/chat/people/me")
    # Only people of the chat page have an entry; the text of the refusal may change.
    yield "me", me.json() if me.ok else me.status_code


def _messages(user: User, thread: str) -> Iterator[Any]:
    path = f"{thread}/messages?maxPageSize=7"
    while path:
        page = user.does("GET", path)
        yield page
        # The request adds the api-version itself.
        link = re.sub(r"[?&]api-version=[^&]*", "", page.get("nextLink", ""))
        path = re.sub(r"^https?://[^/]+", "", link)
        path = path if "?" in path else path.replace("&", "?", 1)


# Making the fixtures -----------------------------------------------------------------------


class _Receiver(http.server.BaseHTTPRequestHandler):
    """A webhook endpoint: consents to everything, and refuses events at `/refuse`."""

    def do_POST(self) -> None:
        [event] = json.loads(self.rfile.read(int(self.headers["content-length"])))
        code = event["data"].get("validationCode")
        answer = json.dumps({"validationResponse": code}).encode()
        self.send_response(400 if self.path == "/refuse" and not code else 200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        pass


@contextlib.contextmanager
def _receiver() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def _serving(data: Path) -> Iterator[Site]:
    """`manage.py serve` of the checkout in the current folder."""
    port, tls_port = _free_port(), _free_port()
    ports = {"CHATSITE_PORT": str(port), "CHATSITE_TLS_PORT": str(tls_port)}
    environment = {**os.environ, **SETTINGS, **ports, "CHATSITE_DATA": str(data)}
    process = subprocess.Popen([sys.executable, "manage.py", "serve"], env=environment)
    site = Site(f"http://localhost:{port}")
    try:
        wait_until(lambda: _answers(site))
        other = f"Resource(name='other', hostname='{OTHER_HOST}', primary_key='{OTHER_KEY}').save()"
        code = f"from identity.models import Resource; {other}"
        for command in (["operator"], ["shell", "-c", code]):
            subprocess.run([sys.executable, "manage.py", *command], env=environment, check=True)
        yield site
    finally:
        process.terminate()
        process.wait(30)


def _answers(site: Site) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{site.url}/readyz", timeout=5).ok
    return False


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_until(condition: Callable[[], object], seconds: float = 300) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.2)


def _dump(data: Path, url: str) -> bytes:
    if url:
        command = ["pg_dump", "--no-owner", "--no-privileges", "--dbname", url]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    with contextlib.closing(sqlite3.connect(data / "chatsite.sqlite3")) as database:
        database.execute("VACUUM INTO ?", [str(data / "copy")])
    return (data / "copy").read_bytes()


def main() -> None:
    url = os.environ.get("DATABASE_URL", "")
    folder, name = Path(sys.argv[1]), "postgresql" if url else "sqlite"
    with tempfile.TemporaryDirectory() as data:
        with _serving(Path(data)) as site, _receiver() as receiver_url:
            ids = write_everything(site, receiver_url)
            wait_until(lambda: _has_fired(site))
            expected = {"ids": ids, "answers": read_everything(site, ids)}
        (folder / f"{name}.xz").write_bytes(lzma.compress(_dump(Path(data), url)))
    (folder / f"{name}.json.xz").write_bytes(lzma.compress(json.dumps(expected).encode()))


if __name__ == "__main__":
    main()
