"""The SDKs' protocol: requests, frames, pushes."""

import json
import uuid
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from identity.models import Resource
from identity.services import revoke_access_tokens
from live.tests.clients import act, pass_time, token_for
from live.tests.trouter import Trouter, allocate, bodies, connect, handshake
from live.trouter import subscribers, views
from live.trouter.limiter import RateLimiter
from tests.cast import Person, error_of

pytestmark = pytest.mark.django_db(transaction=True)
CONFIG = "/chat/config/realTimeNotifications"


# --- requests ------------------------------------------------------------------------------------


def test_the_configuration_names_this_server_as_the_client_knows_it(alice: Person) -> None:
    alice.host = "localhost:8443"
    answer = alice.get(CONFIG, version="2024-09-01")
    assert answer.status_code == 200
    assert answer.json() == {
        "trouterServiceUrl": "http://localhost:8443",
        "registrarServiceUrl": "http://localhost:8443",
        "cloudType": "public",
    }


def test_an_allocation_has_the_fields_that_the_client_needs(alice: Person) -> None:
    answer = allocate(alice, "e1")
    assert answer.status_code == 200
    assert answer["content-type"].startswith("application/json")
    body = answer.json()
    assert body["socketio"] == "http://testserver/"
    assert body["url"] == body["surl"] == "http://testserver/v4/f/chat/"
    assert body["ccid"] and int(body["ttl"]) > 7200 and body["connectparams"] == {}


def test_a_handshake_names_a_secret_id_and_the_transports(alice: Person) -> None:
    first, second = handshake(alice, "e1"), handshake(alice, "e1")
    assert first["content-type"].startswith("text/plain")
    sid, heartbeat, close, transports = first.content.decode().split(":")
    assert (heartbeat, close, transports) == ("180", "180", "websocket,xhr-polling")
    assert len(sid) >= 32 and "/" not in sid
    assert second.content.decode().split(":")[0] != sid


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_registrations_are_accepted(alice: Person, version: str) -> None:
    headers = {"x-skypetoken": alice.token}
    body = {"registrationId": "r", "transports": {"TROUTER": [{"path": "http://evil.example/"}]}}
    made = alice.client.post(
        f"/{version}/registrations", json.dumps(body), "application/json", headers=headers
    )
    assert (made.status_code, made.content) == (202, b"")
    assert alice.client.delete(f"/{version}/registrations/r", headers=headers).status_code == 202


@pytest.mark.parametrize("token", ["", "x", "of another resource"])
def test_every_request_authenticates_alike(alice: Person, mallory: Person, token: str) -> None:
    headers = {"x-skypetoken": mallory.token if "other" in token else token}
    client = Client(headers=headers)
    for answer in (
        client.get(f"{CONFIG}?api-version=2024-09-01"),
        client.post("/v4/a?epid=e", b"", content_type="text/plain"),
        client.get("/socket.io/1/?epid=e"),
        client.post("/v3/registrations", b"{}", content_type="application/json"),
        client.delete("/v3/registrations/r"),
    ):
        assert answer.status_code == 401
        assert answer["www-authenticate"] == 'Bearer error="invalid_token"'
        assert ("x-trouter-skypetoken-deprecated" in answer) == ("other" in token)


def test_a_revoked_token_is_refused_for_good(alice: Person) -> None:
    revoke_access_tokens(user=alice.user)
    answer = allocate(alice, "e")
    assert answer.status_code == 401
    assert answer["x-trouter-skypetoken-deprecated"] == "1"


def test_pages_of_other_origins_may_send_requests_and_read_refusals(alice: Person) -> None:
    origin = {"origin": "https://app.example"}
    for path, method, header in (
        (CONFIG, "GET", "authorization,x-ms-client-request-id,x-ms-useragent"),
        ("/v4/a", "POST", "x-skypetoken"),
        ("/socket.io/1/", "GET", "x-skypetoken"),
        ("/socket.io/1/xhr-polling/x", "POST", "x-skypetoken"),
        ("/v3/registrations", "POST", "content-type,x-skypetoken"),
        ("/v3/registrations/x", "DELETE", "x-skypetoken"),
        ("/chat/events", "GET", "authorization,last-event-id"),
    ):
        asked = {
            **origin,
            "access-control-request-method": method,
            "access-control-request-headers": header,
        }
        preflight = Client().options(path, headers=asked)
        assert preflight.status_code == 200
        assert preflight["access-control-allow-origin"] == "*"
        allowed = preflight["access-control-allow-headers"].lower()
        assert all(name in allowed for name in header.split(","))
    refused = Client().post("/v4/a?epid=e", b"", content_type="text/plain", headers=origin)
    assert refused.status_code == 401
    assert refused["access-control-allow-origin"] == "*"
    exposed = refused["access-control-expose-headers"]
    assert "www-authenticate" in exposed and "x-trouter-skypetoken-deprecated" in exposed


@pytest.mark.parametrize("epid", ["", "x" * 101, "%00", "%E2%82%AC"])
def test_an_invalid_epid_is_refused(alice: Person, epid: str) -> None:
    assert error_of(allocate(alice, epid))[:2] == (400, "BadRequest")
    assert error_of(handshake(alice, epid))[:2] == (400, "BadRequest")


def test_a_client_that_connects_too_often_has_to_wait(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_allocations", RateLimiter())
    assert [allocate(alice, "e").status_code for _ in range(7)] == [200] * 5 + [503] * 2
    assert allocate(alice, "another tab").status_code == 200
    assert allocate(bob, "e").status_code == 200


# --- frames --------------------------------------------------------------------------------------


async def test_pings_and_events_are_acknowledged(alice: Person) -> None:
    client = await connect(alice)
    await client.say('5:1+::{"name":"user.activity","args":[{"state":"active","cv":"x.2"}]}')
    assert await client.raw() == "6:::1"
    await client.say('5:2+::{"name":"ping"}')
    assert await client.raw() == '6:::2+["pong"]'
    await client.say('5:3+::{"name":"audience.subscribe","args":[]}')
    assert await client.raw() == "6:::3"
    for quiet in ("2::", "5:::{}", "6:::1", "0::", '3:::{"id":7,"status":200}', "3:::x", "3:::[]"):
        await client.say(quiet)
    await client.say('5:4+::{"name":"ping"}')
    assert await client.raw() == '6:::4+["pong"]'
    await client.close()


@pytest.mark.parametrize("sid", ["", "x", "x" * 200, "%00"])
async def test_an_unknown_id_is_refused_before_the_socket_opens(alice: Person, sid: str) -> None:
    assert not await Trouter(alice, "e", sid).open()


async def test_an_id_opens_one_socket(alice: Person) -> None:
    sid = (await act(handshake, alice, "e")).content.decode().split(":")[0]
    assert await Trouter(alice, "e", sid).open()
    assert not await Trouter(alice, "e", sid).open()


async def test_an_expired_id_opens_no_socket(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.trouter.endpoints._SID_MS", -1)
    sid = (await act(handshake, alice, "e")).content.decode().split(":")[0]
    assert not await Trouter(alice, "e", sid).open()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("hello", 4400),
        ("", 4400),
        ("55:::", 4400),
        ("5:x+::", 4400),
        ('5:99999999999999999999+::{"name":"ping"}', 4400),
        ("3:::" + "x" * 70_000, 4413),
    ],
)
async def test_a_malformed_frame_closes_the_connection(
    alice: Person, frame: str, code: int
) -> None:
    client = await connect(alice)
    await client.communicator.send_input({"type": "websocket.receive", "text": frame})
    assert await client.raw() == "0::"
    assert await client.code() == code


async def test_a_flood_of_frames_closes_the_connection_and_affects_no_other(
    alice: Person, bob: Person
) -> None:
    client, witness = await connect(alice), await connect(bob)
    for number in range(1000):
        await client.say(f'5:{number}+::{{"name":"ping"}}')
    assert await client.code() == 4429
    thread = await act(bob.create_thread)
    await act(bob.send, thread, "hi")
    assert bodies((await witness.pushes(2))[1:]) == ["hi"]
    await witness.close()


async def test_a_client_that_answers_nothing_is_disconnected_and_affects_no_other(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribers, "MAX_UNANSWERED", 5)
    client, witness = await connect(alice), await connect(bob)
    thread = await act(alice.create_thread, bob)
    await witness.push()
    for number in range(6):
        await act(alice.send, thread, f"{number}")
        assert bodies(await witness.pushes(1)) == [f"{number}"]
    assert await client.code() == 4428
    monkeypatch.setattr(subscribers, "MAX_UNANSWERED", 100)
    again = await connect(alice, client.epid)
    assert bodies((await again.pushes(7))[1:]) == [f"{number}" for number in range(6)]
    await again.close()


async def test_a_silent_client_is_disconnected(
    alice: Person, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscribers, "SILENCE_SECONDS", 0.1)
    client = await connect(alice)
    assert await client.raw() == "0::"
    assert await client.code() == 4408


# --- pushes --------------------------------------------------------------------------------------

ALWAYS = {
    "eventId",
    "senderId",
    "recipientMri",
    "recipientId",
    "groupId",
    "transactionId",
    "collapseId",
    "priority",
    "clientMessageId",
    "version",
    "_id",
    "_url",
}


def is_time(text: str) -> bool:
    """Exactly three decimals, as iOS reads times."""
    return len(text) == 24 and bool(datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ"))


async def test_all_ten_events_have_the_fields_that_the_sdks_read(
    alice: Person, bob: Person, carol: Person
) -> None:
    client = await connect(bob)
    policy = {"kind": "threadCreationDate", "deleteThreadAfterDays": 60}
    thread = await act(
        alice.create_thread, bob, topic="100 %41", metadata={"k": "50%"}, retentionPolicy=policy
    )
    thread_id = thread.removeprefix("/chat/threads/")
    message = await act(
        alice.send, thread, "a %41 ü", senderDisplayName="Alice", metadata={"m": "1"}
    )
    await act(alice.patch, f"{thread}/messages/{message}", {"content": "b"})
    await act(alice.post, f"{thread}/typing", {"senderDisplayName": "Alice"})
    await act(bob.post, f"{thread}/readReceipts", {"chatMessageId": message})
    await act(alice.delete, f"{thread}/messages/{message}")
    await act(alice.patch, thread, {"topic": "new"})
    add = {"participants": [carol.as_participant(displayName="Carol 50%")]}
    await act(alice.post, f"{thread}/participants/:add", add)
    await act(alice.post, f"{thread}/participants/:remove", carol.identifier)
    await act(alice.delete, thread)

    pushes = await client.pushes(10)
    by_id = {push["eventId"]: push for push in pushes}
    assert [*by_id] == [257, 200, 247, 245, 246, 248, 258, 260, 261, 259]
    assert [push["_id"] for push in pushes] == [*range(1, 11)]
    for push in pushes:
        assert push.keys() >= ALWAYS
        assert push["recipientMri"] == push["recipientId"] == bob.id
        assert push["groupId"] == thread_id
        assert push["senderId"] == (bob.id if push["eventId"] == 246 else alice.id)
        assert push["version"].isdigit()
        assert None not in push.values()
    _check_message_pushes(by_id, message, bob)
    _check_thread_pushes(by_id, thread_id, alice, carol)
    await client.close()


def _check_message_pushes(by_id: dict[int, dict[str, Any]], message: str, bob: Person) -> None:
    received, edited, deleted, read = by_id[200], by_id[247], by_id[248], by_id[246]
    assert received["_url"].endswith("/chatMessageReceived")
    assert received["messageBody"] == "a %41 ü"
    assert received["messageType"] == "Text"
    assert received["senderDisplayName"] == "Alice"
    assert json.loads(received["acsChatMessageMetadata"]) == {"m": "1"}
    assert json.loads(received["attachments"]) == []
    assert edited["messageBody"] == "b"
    assert edited["originalArrivalTime"] == received["originalArrivalTime"]
    assert is_time(edited["edittime"]) and is_time(deleted["deletetime"])
    for push in (received, edited, deleted, read):
        assert push["messageId"] == message
    receipt = json.loads(read["messageBody"])
    assert receipt["user"] == bob.id
    assert receipt["consumptionhorizon"].split(";")[::2] == [message, message]
    assert isinstance(receipt["messageVisibilityTime"], int)
    assert by_id[245]["senderDisplayName"] == "Alice"
    assert is_time(by_id[245]["originalArrivalTime"])


def _check_thread_pushes(
    by_id: dict[int, dict[str, Any]], thread_id: str, alice: Person, carol: Person
) -> None:
    created, updated, gone = by_id[257], by_id[258], by_id[259]
    added, removed = by_id[260], by_id[261]
    # The JavaScript SDK unescapes these before it parses them.
    for push, names in (
        (created, ("createdBy", "members", "properties")),
        (updated, ("editedBy", "properties")),
        (added, ("addedBy", "participantsAdded")),
        (removed, ("removedBy", "participantsRemoved")),
    ):
        assert push["threadId"] == thread_id
        assert all("%" not in push[name] for name in names)
    properties = json.loads(created["properties"])
    assert properties["topic"] == "100 %41"
    assert json.loads(properties["acsChatThreadMetadata"]) == {"k": "50%"}
    assert json.loads(properties["retentionPolicy"]) == {
        "retentionPolicyType": "DeleteAfterCreationTime",
        "executeAfter": "60.00:00:00",
    }
    assert [m["displayName"] for m in json.loads(created["members"])] == ["", "Bob"]
    assert json.loads(updated["properties"])["topic"] == "new"
    for push, name in ((added, "participantsAdded"), (removed, "participantsRemoved")):
        (person,) = json.loads(push[name])
        assert person["participantId"] == carol.id
        assert person["displayName"] == "Carol 50%"
        assert person["shareHistoryTime"] == 0
        assert json.loads(person["memberMetaData"]) == {}
    assert json.loads(gone["deletedBy"])["participantId"] == alice.id
    assert gone["reason"] == "deletedByUser"
    times = [created["createTime"], updated["editTime"], gone["deleteTime"], added["time"]]
    assert all(map(is_time, times))


async def test_html_is_called_rich_text(alice: Person) -> None:
    client = await connect(alice)
    thread = await act(alice.create_thread)
    await act(alice.send, thread, "<b>bold</b>", type="html")
    push = (await client.pushes(2))[1]
    assert (push["messageType"], push["messageBody"]) == ("RichText/Html", "<b>bold</b>")
    await client.close()


async def test_eve_receives_no_push(alice: Person, bob: Person, eve: Person) -> None:
    client = await connect(eve)
    thread = await act(alice.create_thread, bob)
    await act(alice.send, thread)
    await act(alice.post, f"{thread}/typing")
    assert await client.receives_nothing_before_an_own_thread()
    await client.close()


async def test_a_burst_arrives_complete_and_in_order_without_answers(alice: Person) -> None:
    client = await connect(alice)
    thread = await act(alice.create_thread)
    for number in range(60):
        await act(alice.send, thread, f"{number}")
    pushes = await client.pushes(61, answer=False)
    assert bodies(pushes[1:]) == [f"{number}" for number in range(60)]
    await client.close()


async def test_two_tabs_both_receive(alice: Person) -> None:
    tabs = [await connect(alice), await connect(alice)]
    await act(alice.create_thread)
    for tab in tabs:
        assert (await tab.push())["eventId"] == 257
        await tab.close()


# --- coming back ---------------------------------------------------------------------------------


async def test_what_happened_meanwhile_comes_once_after_reconnecting(
    alice: Person, bob: Person
) -> None:
    thread = await act(alice.create_thread, bob)
    client = await connect(bob)
    await act(alice.send, thread, "before")
    assert bodies(await client.pushes(1)) == ["before"]
    await client.close()
    for number in range(3):
        await act(alice.send, thread, f"{number}")
    again = await connect(bob, client.epid)
    assert bodies(await again.pushes(3)) == ["0", "1", "2"]
    assert await again.receives_nothing_before_an_own_thread()
    await again.close()
    once_more = await connect(bob, client.epid)
    assert await once_more.receives_nothing_before_an_own_thread()
    await once_more.close()


async def test_what_was_not_answered_comes_again(alice: Person) -> None:
    thread = await act(alice.create_thread)
    client = await connect(alice)
    for number in range(4):
        await act(alice.send, thread, f"{number}")
    pushes = await client.pushes(4, answer=False)
    # An answer counts whatever its status; one out of order does not cover those before it.
    await client.answer(pushes[0]["_id"], status=404)
    await client.answer(pushes[2]["_id"])
    await client.close()
    again = await connect(alice, client.epid)
    assert bodies(await again.pushes(3)) == ["1", "2", "3"]
    await again.close()


async def test_answers_out_of_order_count_when_the_gap_closes(alice: Person) -> None:
    thread = await act(alice.create_thread)
    client = await connect(alice)
    for number in range(4):
        await act(alice.send, thread, f"{number}")
    pushes = await client.pushes(4, answer=False)
    for place in (1, 2, 0):
        await client.answer(pushes[place]["_id"])
    await client.close()
    again = await connect(alice, client.epid)
    assert bodies(await again.pushes(1)) == ["3"]
    await again.close()


async def test_another_client_of_the_user_gets_nothing_old(alice: Person) -> None:
    thread = await act(alice.create_thread)
    client = await connect(alice)
    await client.close()
    await act(alice.send, thread)
    other = await connect(alice, str(uuid.uuid4()))
    assert await other.receives_nothing_before_an_own_thread()
    await other.close()


async def test_the_same_epid_of_another_user_is_another_client(alice: Person, eve: Person) -> None:
    thread = await act(alice.create_thread)
    client = await connect(alice, "e")
    await client.close()
    await act(alice.send, thread)
    other = await connect(eve, "e")
    assert await other.receives_nothing_before_an_own_thread()
    await other.close()


async def test_a_client_that_was_away_too_long_receives_nothing_old(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = await act(alice.create_thread)
    client = await connect(alice)
    await client.close()
    await act(alice.send, thread)
    monkeypatch.setattr("live.trouter.endpoints.RESUME_MS", -1)
    again = await connect(alice, client.epid)
    assert await again.receives_nothing_before_an_own_thread()
    await again.close()


async def test_a_participant_removed_while_away_receives_the_removal_and_nothing_after(
    alice: Person, carol: Person
) -> None:
    thread = await act(alice.create_thread, carol)
    client = await connect(carol)
    await client.close()
    await act(alice.send, thread, "still there")
    await act(alice.post, f"{thread}/participants/:remove", carol.identifier)
    await act(alice.send, thread, "gone")
    again = await connect(carol, client.epid)
    assert [push["eventId"] for push in await again.pushes(2)] == [200, 261]
    assert await again.receives_nothing_before_an_own_thread()
    await again.close()


async def test_the_newest_connection_of_a_client_is_the_one_that_receives(alice: Person) -> None:
    thread = await act(alice.create_thread)
    old = await connect(alice)
    await act(alice.send, thread, "unanswered")
    await old.push(answer=False)
    new = await connect(alice, old.epid)
    assert await old.raw() == "0:::dup"
    assert await old.code() == 4409
    await act(alice.send, thread, "new")
    assert bodies(await new.pushes(2)) == ["unanswered", "new"]
    await old.close()
    await act(alice.send, thread, "newer")
    assert bodies(await new.pushes(1)) == ["newer"]
    await new.close()
    again = await connect(alice, old.epid)
    assert await again.receives_nothing_before_an_own_thread()
    await again.close()


# --- tokens that end -----------------------------------------------------------------------------


async def test_the_connection_ends_with_its_token(
    alice: Person, resource: Resource, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.token = token_for(alice, resource, seconds=60)
    client = await connect(alice)
    pass_time(monkeypatch, seconds=61)
    assert await client.raw() == '0:::{"reason":"unauthorized"}'
    assert await client.code() == 4401


async def test_a_revoked_token_closes_the_connection_for_good(alice: Person, quick: None) -> None:
    client = await connect(alice)
    await act(revoke_access_tokens, user=alice.user)
    assert await client.raw() == '0:::{"reason":"skypetoken-deprecated"}'
    assert await client.code() == 4403
