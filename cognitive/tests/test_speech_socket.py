"""The frames that a client receives for its audio: their order, the modes, the errors."""

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from pytest_django import Settings

from cognitive.speech import socket, streams
from cognitive.speech.stream_limits import stream_limiter
from cognitive.tests import speech_engines
from cognitive.tests.speech import (
    CONVERSATION,
    INTERACTIVE,
    SECOND,
    Speaker,
    audio_frame,
    statuses,
    texts,
    wav_header,
)
from cognitive.tests.speech import (
    engine as engine,
)
from live.tests.clients import until
from tests.cast import Person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("engine")]


async def opened(person: Person, path: str = CONVERSATION) -> Speaker:
    headers = {"authorization": f"Bearer {person.token}", "host": person.host}
    speaker = Speaker(path, headers)
    accepted, _ = await speaker.open()
    assert accepted
    return speaker


async def test_a_conversation_is_one_turn_of_many_phrases(alice: Person) -> None:
    speaker = await opened(alice)
    heard = await speaker.turn(bytes(SECOND) + b"good morning.how are you")
    assert [path for path, _ in heard] == [
        "turn.start",
        "speech.startDetected",
        "speech.phrase",
        "speech.hypothesis",
        "speech.phrase",
        "speech.endDetected",
        "speech.phrase",
        "turn.end",
    ]
    assert statuses(heard) == ["Success", "Success", "EndOfDictation"]
    assert texts(heard) == ["good morning.", "how are you"]
    assert heard[0][1]["context"]["serviceTag"]
    assert heard[1][1] == {"Offset": 10_000_000}
    assert heard[3][1]["Text"] == "how are you"
    assert heard[2][1]["Offset"] == 10_000_000
    assert "NBest" not in heard[2][1]
    await speaker.close()


async def test_hypotheses_repeat_the_phrase_so_far(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.send_audio(wav_header())
    await speaker.send_audio(b"good ")
    assert (await speaker.receive())[0] == "turn.start"
    assert (await speaker.receive())[0] == "speech.startDetected"
    first = await speaker.receive()
    await speaker.send_audio(b"bye")
    second = await speaker.receive()
    assert [path for path, _ in (first, second)] == ["speech.hypothesis"] * 2
    assert (first[1]["Text"], second[1]["Text"]) == ("good", "good bye")
    assert first[1]["Id"] == second[1]["Id"]
    await speaker.close()


async def test_an_interactive_turn_ends_with_its_first_phrase(alice: Person) -> None:
    speaker = await opened(alice, INTERACTIVE)
    await speaker.send_audio(wav_header() + b"yes.no.")
    late = speaker.request_id
    heard = await speaker.receive_turn()
    assert texts(heard) == ["yes."]
    assert [path for path, _ in heard][-3:] == ["speech.endDetected", "speech.phrase", "turn.end"]
    # Still on its way when the turn ended.
    await speaker.send_audio(b"maybe.", request_id=late)
    assert texts(await speaker.turn(b"again.")) == ["again."]
    await speaker.close()


async def test_a_turn_without_sound_has_no_phrase(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.turn(b"hello.")
    await speaker.send_text("speech.context", {"continuation": {"audio": {}}})
    await speaker.end()
    heard = await speaker.receive_turn()
    assert statuses(heard) == ["EndOfDictation"]
    await speaker.close()


async def test_silence_ends_a_turn_that_waits_for_one_phrase(alice: Person) -> None:
    speaker = await opened(alice, INTERACTIVE)
    assert statuses(await speaker.turn(bytes(SECOND))) == ["InitialSilenceTimeout"]
    await speaker.send_audio(wav_header() + bytes(6 * SECOND))
    assert statuses(await speaker.receive_turn()) == ["InitialSilenceTimeout"]
    await speaker.close()


async def test_clients_say_how_long_they_wait_for_the_first_word(alice: Person) -> None:
    speaker = await opened(alice, f"{INTERACTIVE}&initialSilenceTimeoutMs=1000")
    await speaker.send_audio(wav_header() + bytes(SECOND))
    assert statuses(await speaker.receive_turn()) == ["InitialSilenceTimeout"]
    await speaker.close()


async def test_the_detailed_format_has_alternatives(alice: Person) -> None:
    speaker = await opened(alice, f"{CONVERSATION}&format=detailed")
    heard = await speaker.turn(b"Hello, World.")
    (best,) = next(body["NBest"] for path, body in heard if path == "speech.phrase")
    assert best["Display"] == "Hello, World."
    assert best["Lexical"] == best["ITN"] == best["MaskedITN"] == "hello world"
    assert 0 < best["Confidence"] <= 1
    await speaker.close()


@pytest.mark.parametrize("path", ["/stt/speech/universal/v2", "/speech/universal/v2"])
async def test_the_universal_address_is_told_mode_and_language_by_frames(
    alice: Person, path: str
) -> None:
    speaker = await opened(alice, path)
    await speaker.send_text("speech.config", {"recognition": "interactive", "context": {}})
    await speaker.send_text("speech.context", {"phraseDetection": {"language": "xx-XX"}})
    assert statuses(await speaker.turn(b"yes.")) == ["BadRequest"]
    await speaker.send_text("speech.context", {"phraseDetection": {"language": "fr-FR"}})
    assert statuses(await speaker.turn(b"oui.")) == ["Success"]
    await speaker.close()


async def test_frames_that_mean_nothing_here_are_passed_over(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.send_text("telemetry", "no JSON at all")
    await speaker.send_text("speech.agent.context", {"version": 1})
    assert texts(await speaker.turn(b"hello.")) == ["hello."]
    await speaker.close()


async def test_a_header_may_come_in_pieces(alice: Person) -> None:
    speaker = await opened(alice)
    header = wav_header()
    for piece in (header[:3], header[3:20], header[20:]):
        await speaker.send_audio(piece)
    await speaker.send_audio(b"hello.")
    await speaker.end()
    assert texts(await speaker.receive_turn()) == ["hello."]
    await speaker.close()


async def test_another_request_takes_the_place_of_one_that_was_not_ended(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.send_audio(wav_header(), request_id="abandoned")
    text = await speaker.communicator.receive_from(timeout=5)
    assert "X-RequestId:abandoned" in text
    assert texts(await speaker.turn(b"hello.")) == ["hello."]
    await until(lambda: not speech_engines.streams)
    await speaker.close()


# --- what cannot be understood -------------------------------------------------------------------


@pytest.mark.parametrize(
    "sound",
    [
        b"OggS" + bytes(40),
        b"fLaC" + bytes(40),
        b"RIFF\0\0\0\0AVI " + bytes(40),
        wav_header(bits=8),
        wav_header(tag=7),
        wav_header(rate=4_000),
        wav_header(channels=0),
        wav_header()[:30],
    ],
)
async def test_other_sound_than_pcm_is_a_bad_request(alice: Person, sound: bytes) -> None:
    speaker = await opened(alice)
    await speaker.send_audio(sound)
    await speaker.end()
    assert statuses(await speaker.receive_turn()) == ["BadRequest"]
    assert texts(await speaker.turn(b"hello.")) == ["hello."]
    await speaker.close()


@pytest.mark.parametrize("language", ["xx-XX", "en-US;drop", "%F0%9F%98%80"])
async def test_an_unknown_language_is_a_bad_request(alice: Person, language: str) -> None:
    speaker = await opened(alice, CONVERSATION.replace("en-US", language))
    assert statuses(await speaker.turn(b"hello.")) == ["BadRequest"]
    await speaker.close()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"text_data": "no headers"}, socket.MALFORMED),
        ({"text_data": "Path: speech.config\r\n\r\n[1]"}, socket.MALFORMED),
        ({"text_data": "Path: speech.config\r\n\r\n{"}, socket.MALFORMED),
        ({"text_data": "Path: audio\r\nX-RequestId: a b\r\n\r\n"}, socket.MALFORMED),
        ({"bytes_data": b"\xff"}, socket.MALFORMED),
        ({"bytes_data": b"\xff\xffPath: audio"}, socket.MALFORMED),
        ({"bytes_data": b"\x00\x00"}, socket.MALFORMED),
        ({"bytes_data": audio_frame("a", bytes(1024 * 1024))}, socket.TOO_LARGE),
        ({"text_data": "Path: telemetry\r\n\r\n" + "x" * 300_000}, socket.TOO_LARGE),
    ],
)
async def test_what_is_no_frame_closes_the_socket(
    alice: Person, frame: dict[str, str | bytes], code: int
) -> None:
    speaker = await opened(alice)
    await speaker.communicator.send_to(**frame)
    assert await speaker.close_code() == code


# --- engines ------------------------------------------------------------------------------------


async def test_an_engine_that_fails_ends_the_turn_and_nothing_else(
    alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = await opened(alice)
    heard = await speaker.turn(b"a crash")
    assert statuses(heard) == ["Error"]
    assert texts(await speaker.turn(b"again.")) == ["again."]
    await speaker.close()
    assert "RuntimeError" in caplog.text
    assert "crash" not in caplog.text


async def test_without_an_engine_a_turn_is_an_error(alice: Person, engine: Settings) -> None:
    engine.COGNITIVE_ENGINES = {**engine.COGNITIVE_ENGINES, "speech": ["absent"]}
    speaker = await opened(alice)
    assert statuses(await speaker.turn(b"hello.")) == ["Error"]
    await speaker.close()


async def test_an_engine_without_a_stream_left_is_too_many(alice: Person, engine: Settings) -> None:
    engine.COGNITIVE_ENGINES = {**engine.COGNITIVE_ENGINES, "speech": ["full"]}
    speaker = await opened(alice)
    assert statuses(await speaker.turn(b"hello.")) == ["TooManyRequests"]
    await speaker.close()


# --- limits -------------------------------------------------------------------------------------


async def test_more_streams_than_may_be_are_refused_until_one_is_free(
    alice: Person, bob: Person, engine: Settings
) -> None:
    engine.CHATSITE_COGNITIVE_STREAMS = 1
    first, second = await opened(alice), await opened(bob)
    await first.send_audio(wav_header() + b"hello")
    await until(lambda: len(speech_engines.streams) == 1)
    assert statuses(await second.turn(b"hello.")) == ["TooManyRequests"]
    # Vanishes in the middle of its turn.
    await first.close()
    await until(lambda: stream_limiter().active == 0)
    assert texts(await second.turn(b"hello.")) == ["hello."]
    await second.close()


async def test_a_turn_may_follow_at_once_where_all_streams_are_taken(
    alice: Person, engine: Settings
) -> None:
    engine.CHATSITE_COGNITIVE_STREAMS = 1
    speaker = await opened(alice)
    for _ in range(50):
        assert statuses(await speaker.turn(b"hello.")) == ["Success", "EndOfDictation"]
    await speaker.close()


async def test_whoever_follows_one_that_left_waits_for_the_engine(
    alice: Person, bob: Person, engine: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.CHATSITE_COGNITIVE_STREAMS = 1
    pool = ThreadPoolExecutor(1)
    monkeypatch.setattr(streams, "_threads", lambda: pool)
    first, second = await opened(alice), await opened(bob)
    await first.send_audio(wav_header() + b"wait")
    await until(lambda: len(speech_engines.streams) == 1)
    await first.close()
    await second.send_audio(wav_header() + b"hello.")
    await second.end()
    assert (await second.receive())[0] == "turn.start"
    speech_engines.released.set()
    assert texts(await second.receive_turn()) == ["hello."]
    await second.close()


async def test_one_user_does_not_get_all_streams(alice: Person, bob: Person) -> None:
    mine = [await opened(alice) for _ in range(streams.STREAMS_PER_USER)]
    for speaker in mine:
        await speaker.send_audio(wav_header() + b"hello")
    await until(lambda: len(speech_engines.streams) == len(mine))
    another, other = await opened(alice), await opened(bob)
    assert statuses(await another.turn(b"hello.")) == ["TooManyRequests"]
    assert texts(await other.turn(b"hello.")) == ["hello."]
    for speaker in (*mine, another, other):
        await speaker.close()


async def test_a_client_waits_while_its_sound_is_not_processed(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.send_audio(wav_header() + b"wait")
    await until(lambda: len(speech_engines.streams) == 1)
    for _ in range(2 * streams.BUFFER_SECONDS):
        await speaker.send_audio(bytes(SECOND))
    await until(lambda: speaker.communicator.input_queue.qsize() <= streams.BUFFER_SECONDS)
    waiting = speaker.communicator.input_queue.qsize()
    assert waiting >= streams.BUFFER_SECONDS - 2
    speech_engines.released.set()
    await speaker.end()
    assert statuses(await speaker.receive_turn()) == ["Success", "EndOfDictation"]
    await speaker.close()


async def test_a_turn_in_which_nothing_comes_is_ended(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "TURN_IDLE_SECONDS", 0.05)
    speaker = await opened(alice)
    await speaker.send_audio(wav_header() + b"hello")
    assert statuses(await speaker.receive_turn()) == ["Success", "EndOfDictation"]
    await until(lambda: stream_limiter().active == 0)
    await speaker.close()


async def test_a_socket_without_a_turn_is_closed_after_a_while(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "IDLE_SECONDS", 0.05)
    speaker = await opened(alice)
    assert await speaker.close_code() == socket.NORMAL


async def test_sockets_are_bounded(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "SOCKETS_PER_STREAM", 0.5)
    inside = [await opened(alice) for _ in range(2)]
    another = Speaker(CONVERSATION, {"authorization": f"Bearer {alice.token}"})
    assert await another.open() == (False, 1000)
    for speaker in inside:
        await speaker.close()


async def test_one_user_does_not_get_all_sockets(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "SOCKETS_PER_USER", 1)
    inside = [await opened(alice)]
    another = Speaker(CONVERSATION, {"authorization": f"Bearer {alice.token}"})
    assert await another.open() == (False, 1000)
    # Who says so only afterwards is no better off.
    another = Speaker(CONVERSATION)
    assert (await another.open())[0]
    await another.send_text("authorization", {"token": alice.token})
    assert await another.close_code() == socket.TOO_MANY
    inside.append(await opened(bob))
    # Renewing a token takes no second place.
    await inside[0].send_text("authorization", {"token": alice.token})
    assert [path for path, _ in await inside[0].turn(b"hello")][-1] == "turn.end"
    for speaker in inside:
        await speaker.close()


async def test_one_socket_has_so_many_turns_a_minute(
    alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "TURNS_PER_MINUTE", 2)
    speaker = await opened(alice)
    for number in range(3):
        await speaker.send_audio(b"", request_id=f"turn{number}")
    assert await speaker.close_code() == socket.TOO_MANY


async def test_a_server_that_stops_ends_all_sockets(alice: Person) -> None:
    speaker = await opened(alice)
    await speaker.send_audio(wav_header() + b"hello")
    await until(lambda: len(speech_engines.streams) == 1)
    socket.end_all()
    await speaker.communicator.wait(5)
    await until(lambda: stream_limiter().active == 0 and not speech_engines.streams)


async def test_nothing_that_was_shown_or_said_is_logged(
    alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    speaker = Speaker(f"{CONVERSATION}&Authorization=Bearer%20{alice.token}")
    assert (await speaker.open())[0]
    await speaker.turn(b"a secret.and a crash")
    await speaker.close()
    assert alice.token not in caplog.text
    assert "secret" not in caplog.text
