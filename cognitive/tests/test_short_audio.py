"""Speech in one request."""

import asyncio
import json
import logging

import pytest
from pytest_django import Settings

from cognitive.speech.stream_limits import stream_limiter
from cognitive.tests import speech_engines
from cognitive.tests.speech import CONVERSATION, SECOND, post, wav_header
from cognitive.tests.speech import engine as engine
from identity.models import Resource
from live.tests.clients import until
from tests.cast import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


@pytest.fixture
def key(resource: Resource) -> dict[str, str]:
    """The header of an application."""
    return {"Ocp-Apim-Subscription-Key": resource.primary_key, "content-type": "audio/wav"}


def refusal(answer: tuple[int, dict[str, str], bytes]) -> tuple[int, str]:
    """Status and code of an error; asserts its form."""
    status, headers, body = answer
    found = json.loads(body)
    assert list(found) == ["error"] and list(found["error"]) == ["code", "message"]
    assert headers["content-type"].startswith("application/json")
    assert headers["access-control-allow-origin"] == "*"
    assert int(headers["content-length"]) == len(body)
    return status, found["error"]["code"]


async def test_the_phrases_are_one_text(key: dict[str, str]) -> None:
    sound = wav_header() + bytes(SECOND) + b"good morning.how are you. "
    status, headers, body = await post(CONVERSATION, sound, key, pieces=7)
    assert status == 200
    assert headers["content-type"] == "application/json; charset=utf-8"
    found = json.loads(body)
    assert found.pop("Id")
    assert found == {
        "RecognitionStatus": "Success",
        "DisplayText": "good morning. how are you.",
        "Offset": 10_000_000,
        "Duration": found["Duration"],
    }


async def test_the_detailed_format_has_alternatives(key: dict[str, str]) -> None:
    _, _, body = await post(f"{CONVERSATION}&format=detailed", wav_header() + b"Hello.", key)
    assert json.loads(body)["NBest"][0]["Display"] == "Hello."
    assert json.loads(body)["NBest"][0]["Lexical"] == "hello"


async def test_silence_is_no_error(key: dict[str, str]) -> None:
    status, _, body = await post(CONVERSATION, wav_header() + bytes(SECOND), key)
    assert (status, json.loads(body)["RecognitionStatus"]) == (200, "InitialSilenceTimeout")
    assert json.loads(body)["Duration"] == 10_000_000


@pytest.mark.parametrize(
    ("path", "body", "kind", "expected"),
    [
        (CONVERSATION.partition("?")[0], wav_header() + b"hi", "", (400, "BadRequest")),
        (CONVERSATION.replace("en-US", "xx-XX"), wav_header() + b"hi", "", (400, "BadRequest")),
        (f"{CONVERSATION}&format=xml", wav_header() + b"hi", "", (400, "BadRequest")),
        (f"{CONVERSATION}&profanity=loud", wav_header() + b"hi", "", (400, "BadRequest")),
        (CONVERSATION, b"", "", (400, "BadRequest")),
        (CONVERSATION, b"RIFF", "", (400, "BadRequest")),
        (CONVERSATION, b"not a WAV file at all", "", (400, "BadRequest")),
        (CONVERSATION, wav_header(bits=8) + b"hi", "", (400, "BadRequest")),
        (CONVERSATION, wav_header(), "audio/ogg; codecs=opus", (415, "UnsupportedMediaType")),
        (CONVERSATION, wav_header() + bytes(61 * SECOND), "", (413, "RequestEntityTooLarge")),
    ],
)
async def test_what_cannot_be_understood_is_refused(
    key: dict[str, str], path: str, body: bytes, kind: str, expected: tuple[int, str]
) -> None:
    answer = await post(path, body, {**key, "content-type": kind or "audio/wav; codecs=audio/pcm"})
    assert refusal(answer) == expected
    await until(lambda: stream_limiter().active == 0)


async def test_other_methods_are_refused(key: dict[str, str]) -> None:
    answer = await post(CONVERSATION, b"", key, method="GET")
    assert refusal(answer) == (405, "MethodNotAllowed")
    assert answer[1]["allow"] == "POST"


async def test_more_streams_than_may_be_are_refused(key: dict[str, str], engine: Settings) -> None:
    engine.CHATSITE_COGNITIVE_STREAMS = 1
    first = asyncio.ensure_future(post(CONVERSATION, wav_header() + b"wait", key))
    await until(lambda: len(speech_engines.streams) == 1)
    answer = await post(CONVERSATION, wav_header() + b"hello.", key)
    assert refusal(answer) == (429, "TooManyRequests")
    assert int(answer[1]["retry-after"]) > 0
    speech_engines.released.set()
    assert (await first)[0] == 200


async def test_a_user_has_a_limit_of_requests(alice: Person, engine: Settings) -> None:
    engine.CHATSITE_COGNITIVE_REQUESTS = 1
    headers = {"authorization": f"Bearer {alice.token}"}
    assert (await post(CONVERSATION, wav_header() + b"hi", headers))[0] == 200
    answers = [await post(CONVERSATION, wav_header() + b"hi", headers) for _ in range(2)]
    # Two, for a new minute may have begun.
    assert (429, "TooManyRequests") in [refusal(a) for a in answers if a[0] != 200]


async def test_without_an_engine_it_is_unavailable(key: dict[str, str], engine: Settings) -> None:
    engine.COGNITIVE_ENGINES = {**engine.COGNITIVE_ENGINES, "speech": ["absent"]}
    answer = await post(CONVERSATION, wav_header() + b"hello.", key)
    assert refusal(answer) == (503, "ServiceUnavailable")


async def test_an_engine_that_fails_is_unavailable_and_quoted_nowhere(
    key: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = await post(CONVERSATION, wav_header() + b"a secret crash", key)
    assert refusal(answer) == (503, "ServiceUnavailable")
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text and key["Ocp-Apim-Subscription-Key"] not in caplog.text


async def test_plain_http_is_refused_where_https_is_demanded(
    key: dict[str, str], engine: Settings
) -> None:
    engine.SECURE_SSL_REDIRECT = True
    answer = await post(CONVERSATION, wav_header() + b"hello.", key)
    assert refusal(answer) == (403, "Forbidden")
