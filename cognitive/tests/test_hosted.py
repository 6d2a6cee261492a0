"""Engines in a process of their own: real processes, with an engine that reads."""

import os
from collections.abc import Iterator

import pytest

from cognitive.abilities import EngineBusy, EngineUnavailable
from cognitive.speech import host, hosted
from cognitive.speech.hosted import HostedRecognizer
from cognitive.tests import speech_engines

HERE = "cognitive.tests.speech_engines"


class Hosted(HostedRecognizer):
    name = "hosted"


@pytest.fixture(scope="module")
def recognizer() -> Iterator[Hosted]:
    made = Hosted(f"{HERE}.Text")
    yield made
    made.end_process()


def test_streams_share_a_process_and_nothing_else(recognizer: Hosted) -> None:
    first, second = recognizer.open("en", 16_000), recognizer.open("en", 16_000)
    assert [heard.text for heard in first.feed(b"good morning. ho")] == ["good morning.", "ho"]
    assert [heard.text for heard in second.feed(b"bye")] == ["bye"]
    (last,) = first.finish()
    assert (last.text, last.is_final) == ("ho", True)
    assert not speech_engines.streams, "it should have happened elsewhere"
    first.close()
    second.close()


def test_a_crash_ends_its_streams_and_the_next_one_starts_anew(recognizer: Hosted) -> None:
    broken, other = recognizer.open("en", 16_000), recognizer.open("en", 16_000)
    with pytest.raises(EngineUnavailable):
        broken.feed(b"now die")
    with pytest.raises(EngineUnavailable):
        other.feed(b"hello.")
    broken.close()
    again = recognizer.open("en", 16_000)
    assert [heard.text for heard in again.feed(b"hello.")] == ["hello."]
    again.close()


def test_a_failure_ends_one_stream_and_is_not_quoted(recognizer: Hosted) -> None:
    broken, other = recognizer.open("en", 16_000), recognizer.open("en", 16_000)
    with pytest.raises(EngineUnavailable) as problem:
        broken.feed(b"a secret crash")
    assert "secret" not in str(problem.value)
    assert other.feed(b"hello.")
    broken.close()
    other.close()


def test_a_process_that_is_stuck_is_ended(
    recognizer: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosted, "RESPONSE_SECONDS", 0.2)
    stuck = recognizer.open("en", 16_000)
    with pytest.raises(EngineUnavailable):
        stuck.feed(b"wait")
    stuck.close()
    monkeypatch.undo()
    again = recognizer.open("en", 16_000)
    assert again.feed(b"hello.")
    again.close()


def test_a_process_lets_the_chat_go_before(recognizer: Hosted) -> None:
    recognizer.open("en", 16_000).close()
    process = recognizer._process
    assert process is not None
    assert os.getpriority(os.PRIO_PROCESS, process.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    cores = sorted(os.sched_getaffinity(0))
    others = cores[host.CORES_FOR_CHAT :]
    assert sorted(os.sched_getaffinity(process.pid)) == (others or cores)


def test_a_process_goes_with_its_server(recognizer: Hosted) -> None:
    recognizer.open("en", 16_000).close()
    process = recognizer._process
    assert process is not None and recognizer._control is not None
    recognizer._control.close()
    assert process.wait(10) == 0
    recognizer.end_process()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Absent", EngineUnavailable), ("Nothing", EngineUnavailable), ("Full", EngineBusy)],
)
def test_what_is_not_to_be_had_is_said(name: str, expected: type[Exception]) -> None:
    made = Hosted(f"{HERE}.{name}")
    try:
        with pytest.raises(expected):
            made.open("en", 16_000)
    finally:
        made.end_process()
