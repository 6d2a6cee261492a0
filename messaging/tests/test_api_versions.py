"""What callers of each api-version may send and see."""

from typing import Any

import pytest

from tests.cast import Person, error_of
from wire.versions import SUPPORTED

STABLE = ["2021-03-07", "2021-09-07", "2023-11-07", "2024-03-07", "2025-03-15"]


def test_every_stable_version_is_supported_and_listed(alice: Person) -> None:
    listed = alice.get("/chat/threads")["api-supported-versions"].split(", ")
    assert listed == list(SUPPORTED)
    assert set(STABLE) <= set(listed)
    for version in listed:
        assert alice.get("/chat/threads", version=version).status_code == 200


@pytest.mark.parametrize(
    "version", ["2020-07-20-preview1", "2021-03-01-preview5", "2025-03-15x", "x", "%00", "²"]
)
def test_an_unsupported_version_is_refused(alice: Person, version: str) -> None:
    answer = alice.get("/chat/threads", version=version)
    assert answer.status_code == 400
    body = answer.json()
    assert list(body) == ["error"]
    assert body["error"]["code"] == "UnsupportedApiVersion"
    assert "/chat/threads" in body["error"]["message"]


def test_a_missing_version_is_refused(alice: Person) -> None:
    for query in ("", "?api-version="):
        answer = alice.client.get(
            f"/chat/threads{query}", headers={"authorization": f"Bearer {alice.token}"}
        )
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "ApiVersionUnspecified"


def test_the_credential_is_checked_before_the_version(alice: Person) -> None:
    alice.token = "x"
    assert alice.get("/chat/threads", version="x").status_code == 401


@pytest.mark.parametrize("version", STABLE)
def test_newer_members_are_not_shown_to_older_callers(
    alice: Person, bob: Person, version: str
) -> None:
    thread = alice.create_thread(
        metadata={"a": "b"},
        retentionPolicy={"kind": "none"},
        participants=[bob.as_participant(metadata={"c": "d"})],
    )
    text = alice.send(thread, metadata={"e": "f"})
    html = alice.send(thread, "<b>x</b>", type="html")

    def read(path: str) -> Any:
        return bob.get(path, version=version).json()

    newest = version == "2025-03-15"
    assert ("metadata" in read(thread)) is newest
    assert ("retentionPolicy" in read(thread)) is newest
    assert ("metadata" in read(f"{thread}/participants")["value"][1]) is newest
    added = read(f"{thread}/messages")["value"][-1]["content"]["participants"][1]
    assert ("metadata" in added) is newest
    assert ("metadata" in read(f"{thread}/messages/{text}")) is (version > "2021-03-07")
    attachments = [
        "attachments" in read(f"{thread}/messages/{message}")["content"] for message in (text, html)
    ]
    assert attachments == [version >= "2024-03-07", version >= "2023-11-07"]


@pytest.mark.parametrize("version", STABLE)
def test_members_that_a_version_does_not_know_are_ignored(
    alice: Person, bob: Person, version: str
) -> None:
    newest = version == "2025-03-15"
    body = {
        "topic": "t",
        "participants": [bob.as_participant(metadata={"c": "d"})],
        "metadata": {"a": "b"},
        "retentionPolicy": {"kind": "none"},
    }
    created = alice.post("/chat/threads", body, version=version).json()["chatThread"]
    path = f"/chat/threads/{created['id']}"
    assert alice.patch(path, {"metadata": {"x": "y"}}, version=version).status_code == 204
    shown = alice.get(path).json()
    assert shown.get("metadata") == ({"a": "b", "x": "y"} if newest else None)
    assert ("retentionPolicy" in shown) is newest
    message = {"content": "x", "metadata": {"e": "f"}}
    sent = alice.post(f"{path}/messages", message, version=version).json()["id"]
    shown = alice.get(f"{path}/messages/{sent}").json()
    assert ("metadata" in shown) is (version > "2021-03-07")


def test_nonsense_in_a_member_that_a_version_does_not_know_is_ignored_too(alice: Person) -> None:
    body = {"topic": "t", "metadata": 5, "retentionPolicy": "x"}
    assert alice.post("/chat/threads", body, version="2024-03-07").status_code == 201
    assert error_of(alice.post("/chat/threads", body))[0] == 400
