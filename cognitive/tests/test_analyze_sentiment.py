"""POST /chat/threads/{id}/messages/{id}:analyzeSentiment."""

import pytest

from cognitive.tests.message_engines import Told, told
from tests.cast import NOT_A_MEMBER, Person, error_of

__all__ = ["told"]


def test_a_participant_learns_the_sentiment_of_a_message(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "I love it")
    answer = bob.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert answer.status_code == 200
    expected = {
        "messageId": message,
        "version": message,
        "sentiment": "positive",
        "confidenceScores": {"positive": 0.9, "neutral": 0.05, "negative": 0.05},
        "engine": "mood",
        "cached": False,
    }
    assert answer.json() == expected
    again = alice.post(f"{thread}/messages/{message}:analyzeSentiment", {})
    assert again.json() == {**expected, "cached": True}


@pytest.mark.parametrize(
    ("text", "kind", "label"),
    [
        ("I hate it. I love you!", "text", "mixed"),
        ("The bus is late. I hate it.", "text", "negative"),
        ("<p>I <b>love</b> it</p>", "html", "positive"),
        ("See you at 5", "text", "neutral"),
    ],
)
def test_the_sentences_of_a_message_make_its_sentiment(
    alice: Person, text: str, kind: str, label: str
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, text, type=kind)
    answer = alice.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert answer.json()["sentiment"] == label
    assert sum(answer.json()["confidenceScores"].values()) == pytest.approx(1, abs=0.001)


def test_a_message_of_blanks_is_neutral(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, " \n ")
    body = alice.post(f"{thread}/messages/{message}:analyzeSentiment").json()
    assert (body["sentiment"], body["engine"]) == ("neutral", None)
    assert told.calls == []


def test_a_crashing_engine_is_a_503_of_this_request_alone(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "I love it")
    told.failures["mood"] = MemoryError()
    answer = alice.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert error_of(answer)[:2] == (503, "EngineUnavailable")
    assert alice.send(thread, "chat goes on")


def test_eve_learns_nothing(alice: Person, eve: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "I love it")
    answer = eve.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert error_of(answer) == NOT_A_MEMBER
    assert told.calls == []
