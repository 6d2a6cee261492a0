"""Which results are stored, and until when."""

from typing import Any

import pytest
from django.db import connection

from cognitive.models import CognitiveResult
from cognitive.sweeps import DAY_MS, KEPT_DAYS, forget_old_results
from cognitive.tests.message_engines import Parrot, Told, told
from messaging.models import ChatMessage
from messaging.services import delete_message_as_operator
from tests.cast import Person
from wire.times import now_ms

__all__ = ["told"]


def translate(person: Person, thread: str, message: str) -> Any:
    answer = person.post(f"{thread}/messages/{message}:translate", {"to": ["es"]})
    assert answer.status_code == 200, answer.content
    return answer.json()["translations"][0]


def test_each_version_is_translated_once_for_all_readers(
    alice: Person, bob: Person, told: type[Told]
) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "Hello")
    assert translate(alice, thread, message)["cached"] is False
    assert translate(bob, thread, message) == {
        "to": "es",
        "text": "es<Hello>",
        "engine": "parrot",
        "quality": "gist",
        "cached": True,
    }
    assert told.asked("parrot") == [("Hello",)]
    assert told.asked("words") == [("Hello",)]


def test_an_edited_message_is_translated_anew_and_the_old_result_is_gone(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello old")
    other = alice.send(thread, "Hello other")
    for one in (message, other):
        translate(alice, thread, one)
    alice.patch(f"{thread}/messages/{message}", {"content": "Hello new"})
    texts = [row.value.get("text") for row in CognitiveResult.objects.all()]
    assert "es<Hello old>" not in texts
    assert "es<Hello other>" in texts
    assert translate(alice, thread, message)["text"] == "es<Hello new>"


@pytest.mark.parametrize("by_operator", [False, True])
def test_results_go_with_a_deleted_message(alice: Person, by_operator: bool) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    translate(alice, thread, message)
    alice.post(f"{thread}/messages/{message}:analyzeSentiment")
    assert CognitiveResult.objects.count() == 3
    if by_operator:
        delete_message_as_operator(message=ChatMessage.objects.get(message_id=message))
    else:
        alice.delete(f"{thread}/messages/{message}")
    assert not CognitiveResult.objects.exists()


def test_results_go_with_a_deleted_thread(alice: Person) -> None:
    thread, other = alice.create_thread(), alice.create_thread()
    for one in (thread, other):
        translate(alice, one, alice.send(one, "Hello"))
    alice.delete(thread)
    kept = CognitiveResult.objects.values_list("message__thread__thread_id", flat=True)
    assert set(kept) == {other.removeprefix("/chat/threads/")}


def test_nothing_is_kept_of_a_thread_that_opts_out(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread(metadata={"chatsite.cognitive": "off"})
    message = alice.send(thread, "Hello")
    for _ in range(2):
        assert translate(alice, thread, message)["cached"] is False
    assert not CognitiveResult.objects.exists()


def test_opting_out_later_removes_what_was_kept(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    translate(alice, thread, message)
    alice.patch(thread, {"topic": "Supper"})
    assert CognitiveResult.objects.exists()
    alice.patch(thread, {"metadata": {"chatsite.cognitive": "off"}})
    assert not CognitiveResult.objects.exists()


def test_another_version_of_the_engine_is_asked_anew(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    translate(alice, thread, message)
    told.versions["parrot"] = "2"
    assert translate(alice, thread, message)["cached"] is False
    assert translate(alice, thread, message)["cached"] is True


def test_a_fallback_engine_does_not_stay_when_the_first_is_back(
    alice: Person, told: type[Told]
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    told.failures["parrot"] = ZeroDivisionError()
    assert translate(alice, thread, message)["engine"] == "backup"
    del told.failures["parrot"]
    assert translate(alice, thread, message)["engine"] == "parrot"


def test_what_was_edited_while_it_was_translated_is_not_kept(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    translate_as_always = Parrot.translate

    def meanwhile(self: Parrot, *asked: Any) -> Any:
        alice.patch(f"{thread}/messages/{message}", {"content": "Hello again"})
        return translate_as_always(self, *asked)

    monkeypatch.setattr(Parrot, "translate", meanwhile)
    assert translate(alice, thread, message)["text"] == "es<Hello>"
    assert not CognitiveResult.objects.exists()


def test_who_opts_out_while_it_is_translated_finds_nothing_kept(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    translate_as_always = Parrot.translate

    def meanwhile(self: Parrot, *asked: Any) -> Any:
        alice.patch(thread, {"metadata": {"chatsite.cognitive": "off"}})
        return translate_as_always(self, *asked)

    monkeypatch.setattr(Parrot, "translate", meanwhile)
    assert translate(alice, thread, message)["text"] == "es<Hello>"
    assert not CognitiveResult.objects.exists()


def test_sending_asks_no_engine(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    alice.send(thread, "Hello")
    assert told.calls == []


def test_the_sweep_removes_old_results_and_those_of_other_versions(alice: Person) -> None:
    thread, gone = alice.create_thread(), alice.create_thread()
    messages = [alice.send(thread, f"Hello {n}") for n in range(3)]
    left = alice.send(gone, "Hello")
    for message in messages:
        alice.post(f"{thread}/messages/{message}:analyzeSentiment")
    alice.post(f"{gone}/messages/{left}:analyzeSentiment")
    young, old, stale = (
        # Another thread may have a message with the same id.
        CognitiveResult.objects.get(
            message__message_id=message,
            message__thread__thread_id=thread.removeprefix("/chat/threads/"),
        )
        for message in messages
    )
    CognitiveResult.objects.filter(pk=old.pk).update(created_ms=now_ms() - KEPT_DAYS * DAY_MS - 1)
    CognitiveResult.objects.filter(pk=stale.pk).update(message_version=1)
    # As if the thread had been deleted while the engine was being called.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE threads_chatthread SET deleted_ms = 1 WHERE thread_id = %s",
            [gone.removeprefix("/chat/threads/")],
        )
    assert forget_old_results(now_ms()) == 3
    assert list(CognitiveResult.objects.all()) == [young]
