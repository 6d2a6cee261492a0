"""POST /chat/threads/{id}/messages:enrich."""

from typing import Any

import pytest

from cognitive.abilities import EngineUnavailable
from cognitive.tests.message_engines import Told, told
from tests.cast import NOT_A_MEMBER, Person, error_of

__all__ = ["told"]


def enrich(person: Person, thread: str, ids: list[str], **body: Any) -> Any:
    return person.post(f"{thread}/messages:enrich", {"ids": ids, **body})


def test_a_page_is_translated_and_analysed_with_one_question_for_each_language(
    alice: Person, bob: Person, told: type[Told]
) -> None:
    thread = alice.create_thread(bob)
    texts = ["Hello, I love it", "Hola, I hate it", "Hello you"]
    ids = [alice.send(thread, text) for text in texts]
    answer = enrich(bob, thread, ids, translateTo="es", sentiment=True)
    assert answer.status_code == 200
    found = answer.json()["value"]
    assert [one["messageId"] for one in found] == ids
    assert [one["translation"]["text"] for one in found] == [
        "es<Hello, I love it>",
        "Hola, I hate it",
        "es<Hello you>",
    ]
    assert [one["sentiment"]["sentiment"] for one in found] == ["positive", "negative", "neutral"]
    assert [one["detectedLanguage"]["language"] for one in found] == ["en", "es", "en"]
    assert told.asked("parrot") == [("Hello, I love it", "Hello you")]


def test_only_what_is_not_known_is_asked(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    ids = [alice.send(thread, f"Hello {n}") for n in range(3)]
    enrich(alice, thread, ids[:2], translateTo="es")
    found = enrich(alice, thread, ids, translateTo="es").json()["value"]
    assert [one["translation"]["cached"] for one in found] == [True, True, False]
    assert told.asked("parrot") == [("Hello 0", "Hello 1"), ("Hello 2",)]


def test_nothing_wanted_is_nothing_told(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    answer = enrich(alice, thread, [message], sentiment=False)
    assert answer.json() == {"value": [{"messageId": message, "version": message}]}
    assert told.calls == []


def test_what_cannot_be_done_is_said_with_each_message(alice: Person) -> None:
    thread = alice.create_thread()
    fine, german, unclear, gone = (
        alice.send(thread, text) for text in ("Hello", "Hallo", "zzz", "Hello gone")
    )
    alice.delete(f"{thread}/messages/{gone}")
    system = alice.messages(thread)[-1]["id"]
    ids = [fine, german, unclear, gone, system, "1"]
    found = enrich(alice, thread, ids, translateTo="es").json()["value"]
    assert [[error["code"] for error in one.get("errors", [])] for one in found] == [
        [],
        ["UnsupportedLanguagePair"],
        ["LanguageUndetermined"],
        ["NotFound"],
        ["BadRequest"],
        ["NotFound"],
    ]
    # A deleted message is told apart from one that never was by nothing.
    assert {**found[3], "messageId": ""} == {**found[5], "messageId": ""}


def test_one_ability_answers_though_another_cannot(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello, I love it")
    told.failures = {"parrot": ZeroDivisionError(), "backup": ZeroDivisionError()}
    (found,) = enrich(alice, thread, [message], translateTo="es", sentiment=True).json()["value"]
    assert found["sentiment"]["sentiment"] == "positive"
    assert [error["code"] for error in found["errors"]] == ["EngineUnavailable"]


def test_a_page_of_which_nothing_is_found_out_is_a_503(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    told.failures["mood"] = EngineUnavailable("gone")
    answer = enrich(alice, thread, [message], sentiment=True)
    assert error_of(answer)[:2] == (503, "EngineUnavailable")


def test_a_message_is_told_once(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    assert len(enrich(alice, thread, [message] * 3, sentiment=True).json()["value"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": []},
        {"ids": "1"},
        {"ids": [1]},
        {"ids": ["1"] * 21},
        {"ids": ["x"]},
        {"ids": ["1"], "translateTo": "?"},
        {"ids": ["1"], "translateTo": ["es"]},
        {"ids": ["1"], "sentiment": "yes"},
        [],
    ],
)
def test_a_bad_body_is_refused(alice: Person, body: Any) -> None:
    thread = alice.create_thread()
    answer = alice.post(f"{thread}/messages:enrich", body)
    assert error_of(answer)[:2] == (400, "BadRequest")


def test_eve_gets_nothing(alice: Person, eve: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    assert error_of(enrich(eve, thread, [message], translateTo="es")) == NOT_A_MEMBER
    assert told.calls == []
