"""POST /chat/threads."""

import re
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.cast import Person, error_of
from threads.models import ChatThread, Participant, RepeatableRequest
from threads.services import REPEATABLE_FOR


def test_the_creator_takes_part_though_nobody_is_named(alice: Person) -> None:
    answer = alice.post("/chat/threads", {"topic": "Lunch"})
    assert answer.status_code == 201
    thread = answer.json()["chatThread"]
    assert list(answer.json()) == ["chatThread"]
    assert list(thread) == ["id", "topic", "createdOn", "createdByCommunicationIdentifier"]
    assert thread["topic"] == "Lunch"
    assert thread["createdByCommunicationIdentifier"] == alice.identifier
    members = alice.get(f"/chat/threads/{thread['id']}/participants").json()["value"]
    assert members == [
        {"communicationIdentifier": alice.identifier, "shareHistoryTime": "1970-01-01T00:00:00Z"}
    ]


def test_the_location_is_the_threads_address(alice: Person) -> None:
    answer = alice.post("/chat/threads", {"topic": "Lunch"})
    encoded = answer.json()["chatThread"]["id"].replace(":", "%3A")
    assert answer["Location"] == f"http://testserver/chat/threads/{encoded}"


def test_ids_have_the_form_of_the_real_service(alice: Person) -> None:
    plain = alice.post("/chat/threads", {"topic": "t"}).json()["chatThread"]["id"]
    assert re.fullmatch(r"19:[0-9a-f]{32}@thread\.v2", plain)
    headers = {"repeatability-request-id": "abc"}
    repeatable = alice.post("/chat/threads", {"topic": "t"}, headers=headers)
    assert re.fullmatch(
        r"19:acsV1_[0-9A-Za-z_-]{43}1@thread\.v2", repeatable.json()["chatThread"]["id"]
    )


def test_two_system_messages_come_first_and_then_the_users(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread)
    third, topic, added = alice.messages(thread)
    assert [third["sequenceId"], topic["sequenceId"], added["sequenceId"]] == ["3", "2", "1"]
    assert third["id"] == message
    assert topic["type"] == "topicUpdated"
    assert topic["content"] == {
        "topic": "Lunch",
        "initiatorCommunicationIdentifier": alice.identifier,
    }
    assert added["type"] == "participantAdded"
    assert added["content"] == {
        "participants": [
            {
                "communicationIdentifier": alice.identifier,
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            },
            {
                "communicationIdentifier": bob.identifier,
                "displayName": "Bob",
                "shareHistoryTime": "1970-01-01T00:00:00Z",
            },
        ],
        "initiatorCommunicationIdentifier": alice.identifier,
    }
    for system in (topic, added):
        assert "senderCommunicationIdentifier" not in system
        assert "senderDisplayName" not in system


def test_a_creator_who_is_listed_is_not_doubled_and_keeps_the_name(alice: Person) -> None:
    thread = alice.create_thread(alice)
    members = alice.get(f"{thread}/participants").json()["value"]
    assert [member["displayName"] for member in members] == ["Alice"]


def test_a_participant_named_twice_joins_once_with_the_first_name(
    alice: Person, bob: Person
) -> None:
    twice = [bob.as_participant(displayName="One"), bob.as_participant(displayName="Two")]
    thread = alice.create_thread(participants=twice)
    members = alice.get(f"{thread}/participants").json()["value"]
    assert [member.get("displayName") for member in members] == [None, "One"]


@pytest.mark.parametrize(
    "identifier",
    [
        lambda bob: {"rawId": bob.id},
        lambda bob: {"communicationUser": {"id": bob.id}},
        lambda bob: {"rawId": "8:ignored", "communicationUser": {"id": bob.id}},
        lambda bob: {"kind": "communicationUser", "more": 1, **bob.identifier},
    ],
)
def test_a_user_may_be_named_in_every_way_of_the_sdks(
    alice: Person, bob: Person, identifier: Any
) -> None:
    participants = [{"communicationIdentifier": identifier(bob)}]
    thread = alice.create_thread(participants=participants)
    assert bob.get(thread).status_code == 200


def test_metadata_and_retention_are_kept_and_shown(alice: Person, bob: Person) -> None:
    policy = {"kind": "threadCreationDate", "deleteThreadAfterDays": 60}
    answer = alice.post(
        "/chat/threads",
        {
            "topic": "t",
            "participants": [bob.as_participant(metadata={"team": "red"})],
            "metadata": {"a": "b", "empty": ""},
            "retentionPolicy": policy,
        },
    )
    thread = answer.json()["chatThread"]
    assert thread["metadata"] == {"a": "b", "empty": ""}
    assert thread["retentionPolicy"] == policy
    path = f"/chat/threads/{thread['id']}"
    assert bob.get(path).json() == thread
    assert bob.get(f"{path}/participants").json()["value"][1]["metadata"] == {"team": "red"}
    added = bob.messages(path)[-1]["content"]["participants"][1]
    assert added["metadata"] == {"team": "red"}


@pytest.mark.parametrize(
    "policy",
    [
        {"kind": "threadCreationDate", "deleteThreadAfterDays": 29},
        {"kind": "threadCreationDate", "deleteThreadAfterDays": 91},
        {"kind": "threadCreationDate", "deleteThreadAfterDays": "60"},
        {"kind": "threadCreationDate"},
        {"kind": "never"},
        "none",
    ],
)
def test_an_impossible_retention_policy_is_refused(alice: Person, policy: Any) -> None:
    answer = alice.post("/chat/threads", {"topic": "t", "retentionPolicy": policy})
    assert error_of(answer)[:2] == (400, "BadRequest")
    assert not ChatThread.objects.exists()


def test_policies_at_the_bounds_and_none_are_fine(alice: Person) -> None:
    for days in (30, 90):
        alice.create_thread(
            retentionPolicy={"kind": "threadCreationDate", "deleteThreadAfterDays": days}
        )
    thread = alice.create_thread(retentionPolicy={"kind": "none"})
    assert alice.get(thread).json()["retentionPolicy"] == {"kind": "none"}


def test_a_repeated_request_creates_nothing_more(alice: Person, bob: Person) -> None:
    headers = {"repeatability-request-id": "abc"}
    one = {"topic": "One", "metadata": {"bb": "1", "a": "2"}}
    first = alice.post("/chat/threads", one, headers=headers)
    alice.patch(f"/chat/threads/{first.json()['chatThread']['id']}", {"topic": "Two"})
    again = alice.post("/chat/threads", {"topic": "Other"}, headers=headers)
    assert again.status_code == 201
    assert again.content == first.content
    assert again["Location"] == first["Location"]
    assert ChatThread.objects.count() == 1
    assert len(alice.messages(f"/chat/threads/{first.json()['chatThread']['id']}")) == 3
    elsewhere = bob.post("/chat/threads", {"topic": "One"}, headers=headers)
    assert elsewhere.json()["chatThread"]["id"] != first.json()["chatThread"]["id"]


def test_another_request_id_or_none_creates_another_thread(alice: Person) -> None:
    for headers in ({"repeatability-request-id": "a"}, {"repeatability-request-id": "b"}, {}, {}):
        assert alice.post("/chat/threads", {"topic": "t"}, headers=headers).status_code == 201
    assert ChatThread.objects.count() == 4


def test_a_repeated_answer_names_the_invalid_again(alice: Person, mallory: Person) -> None:
    headers = {"repeatability-request-id": "abc"}
    body = {"topic": "t", "participants": [mallory.as_participant()]}
    first = alice.post("/chat/threads", body, headers=headers)
    assert "invalidParticipants" in first.json()
    assert alice.post("/chat/threads", body, headers=headers).content == first.content


def test_a_day_later_the_same_request_id_is_a_new_request(alice: Person) -> None:
    headers = {"repeatability-request-id": "abc"}
    first = alice.post("/chat/threads", {"topic": "t"}, headers=headers).json()
    long_ago = timezone.now() - REPEATABLE_FOR - timedelta(seconds=1)
    RepeatableRequest.objects.update(created_at=long_ago)
    later = alice.post("/chat/threads", {"topic": "t"}, headers=headers).json()
    assert later["chatThread"]["id"] != first["chatThread"]["id"]


def test_requests_repeated_at_the_same_time_create_one_thread(alice: Person) -> None:
    answers: list[Any] = []

    def create() -> None:
        headers = {"repeatability-request-id": "abc"}
        answers.append(alice.post("/chat/threads", {"topic": "t"}, headers=headers))
        connection.close()

    workers = [threading.Thread(target=create) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert ChatThread.objects.count() == 1


def test_unknown_users_are_named_and_the_others_join(
    alice: Person, bob: Person, mallory: Person
) -> None:
    unknown = f"{alice.id[:-12]}000000000000"
    foreign = "8:acs:11111111-1111-1111-1111-111111111111_22222222-2222-2222-2222-222222222222"
    named = [unknown, foreign, "8:orgid:11111111-1111-1111-1111-111111111111"]
    participants = [
        *({"communicationIdentifier": {"rawId": raw_id}} for raw_id in named),
        bob.as_participant(),
    ]
    answer = alice.post("/chat/threads", {"topic": "t", "participants": participants})
    assert answer.status_code == 201
    assert answer.json()["invalidParticipants"] == [
        {"code": "404", "message": "Not found", "target": unknown},
        {"code": "403", "message": "Permissions check failed", "target": foreign},
        {"code": "403", "message": "Permissions check failed", "target": named[2]},
    ]
    assert Participant.objects.count() == 2


@pytest.mark.parametrize(
    ("raw_id", "problem"),
    [
        ("8:acs:…", "invalid"),
        ("bob", "invalid"),
        ("8:acs:1_2", "invalid"),
        ("8:acs:a_b_c", "invalid"),
        ("4:+14255550123", "not supported"),
        ("28:orgid:11111111-1111-1111-1111-111111111111", "not supported"),
    ],
)
def test_a_malformed_id_refuses_the_whole_request(
    alice: Person, bob: Person, raw_id: str, problem: str
) -> None:
    body = {
        "topic": "t",
        "participants": [
            bob.as_participant(),
            {"communicationIdentifier": {"rawId": raw_id, "communicationUser": {"id": raw_id}}},
        ],
    }
    assert error_of(alice.post("/chat/threads", body)) == (
        400,
        "BadRequest",
        f"Identifier format is {problem} ({raw_id}).",
    )
    assert not ChatThread.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"topic": ""},
        {"topic": None},
        {"topic": 7},
        {"topic": "x" * 251},
        {"topic": "t", "participants": "bob"},
        {"topic": "t", "participants": ["bob"]},
        {"topic": "t", "participants": [{}]},
        {"topic": "t", "participants": [{"communicationIdentifier": "8:acs:a_b"}]},
        {"topic": "t", "participants": [{"communicationIdentifier": {}}]},
        {"topic": "t", "metadata": {"a": 1}},
        {"topic": "t", "metadata": []},
        {"topic": "t", "metadata": {"a": "x" * 1024}},
        {"topic": "t", "metadata": {"": "x"}},
    ],
)
def test_a_request_that_makes_no_sense_creates_nothing(alice: Person, body: Any) -> None:
    assert error_of(alice.post("/chat/threads", body))[:2] == (400, "BadRequest")
    assert not ChatThread.objects.exists()


def test_more_participants_than_allowed_are_refused_without_a_text(alice: Person) -> None:
    one = {"communicationIdentifier": {"rawId": f"{alice.id[:-12]}000000000000"}}
    at_the_limit = alice.post("/chat/threads", {"topic": "t", "participants": [one] * 200})
    assert at_the_limit.status_code == 201
    answer = alice.post("/chat/threads", {"topic": "t", "participants": [one] * 201})
    assert error_of(answer) == (400, "BadRequest", None)


def test_a_share_history_time_is_shown_in_whole_seconds(alice: Person, bob: Person) -> None:
    times = ("2022-01-01T00:00:00.999Z", "2022-01-01T02:00:00.1234567+02:00")
    for sent in times:
        thread = alice.create_thread(participants=[bob.as_participant(shareHistoryTime=sent)])
        shown = alice.get(f"{thread}/participants").json()["value"][1]["shareHistoryTime"]
        assert shown == "2022-01-01T00:00:00Z"
    for wrong in ("yesterday", 5, "2022-13-01T00:00:00Z", "2022-01-01"):
        participants = [bob.as_participant(shareHistoryTime=wrong)]
        answer = alice.post("/chat/threads", {"topic": "t", "participants": participants})
        assert error_of(answer)[:2] == (400, "BadRequest")
