"""POST /chat/threads/{id}/messages/{id}:translate."""

from typing import Any

import pytest
from pytest_django import Settings

from cognitive.abilities import EngineBusy, EngineUnavailable, Quality, Translation
from cognitive.breaker import FAILURES
from cognitive.engines import reset_engines
from cognitive.limits import MESSAGE_CHARACTERS
from cognitive.tests.message_engines import Parrot, Told, told
from tests.cast import NO_SUCH_THREAD, NOT_A_MEMBER, Person, error_of

__all__ = ["told"]


def translate(person: Person, thread: str, message: str, **body: Any) -> Any:
    return person.post(f"{thread}/messages/{message}:translate", {"to": ["es"], **body})


def test_a_participant_reads_a_message_in_another_language(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "Hello Bob")
    answer = translate(bob, thread, message)
    assert answer.status_code == 200
    assert answer.json() == {
        "messageId": message,
        "version": message,
        "detectedLanguage": {"language": "en", "score": 0.9},
        "translations": [
            {
                "to": "es",
                "text": "es<Hello Bob>",
                "engine": "parrot",
                "quality": "gist",
                "cached": False,
            }
        ],
    }


def test_a_message_is_translated_to_several_languages_at_once(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    found = translate(alice, thread, message, to=["de", "es", "pt-BR", "es"]).json()
    assert [(one["to"], one["engine"]) for one in found["translations"]] == [
        ("de", "backup"),
        ("es", "parrot"),
        ("pt-BR", "parrot"),
    ]


def test_a_given_source_language_is_believed(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    found = translate(alice, thread, message, **{"from": "ES", "to": ["en"]}).json()
    assert found["translations"][0]["text"] == "en<Hello>"
    assert "detectedLanguage" not in found
    assert told.asked("words") == []


def test_a_message_in_the_wanted_language_stays_as_it_is(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hola")
    (found,) = translate(alice, thread, message).json()["translations"]
    assert found == {
        "to": "es",
        "text": "Hola",
        "engine": None,
        "quality": "original",
        "cached": False,
    }
    assert told.asked("parrot") == []


def test_html_keeps_its_tags_and_is_sanitized_again(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    html = '<p>Hello <b>dear</b> <a href="https://example.org/">friend</a><br>1 &amp; 2</p>'
    message = alice.send(thread, html, type="html")
    (found,) = translate(alice, thread, message).json()["translations"]
    assert found["text"] == (
        "<p>es&lt;Hello&gt; <b>es&lt;dear&gt;</b> "
        '<a href="https://example.org/">es&lt;friend&gt;</a><br>1 &amp; 2</p>'
    )
    # One question, however many texts there are.
    assert told.asked("parrot") == [("Hello", "dear", "friend")]


def test_a_translation_cannot_smuggle_markup_in(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "<p>Hello &lt;img src=x onerror=alert(1)&gt;</p>", type="html")
    (found,) = translate(alice, thread, message).json()["translations"]
    assert "<img" not in found["text"]


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"to": []}, "to"),
        ({"to": "es"}, "to"),
        ({"to": ["es", 7]}, "to"),
        ({"to": ["not a language"]}, "to"),
        ({"to": ["a1", "es"]}, "to"),
        ({"to": ["en", "es", "fr", "de", "pt", "it"]}, "to"),
        ({"to": None}, "to"),
        ({"from": 1}, "from"),
        ({"from": "x"}, "from"),
    ],
)
def test_a_bad_body_is_refused(alice: Person, body: dict[str, Any], target: str) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    answer = translate(alice, thread, message, **body)
    assert (answer.status_code, answer.json()["error"]["target"]) == (400, target)


def test_a_pair_that_no_engine_knows_is_a_client_error(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hallo")
    answer = translate(alice, thread, message)
    assert error_of(answer)[:2] == (400, "UnsupportedLanguagePair")


def test_a_language_that_nobody_can_tell_is_a_client_error(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "zzz")
    assert error_of(translate(alice, thread, message))[:2] == (400, "LanguageUndetermined")


def test_a_long_message_is_refused(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    just = alice.send(thread, "Hello" + "." * (MESSAGE_CHARACTERS - 5))
    longer = alice.send(thread, "Hello" + "." * (MESSAGE_CHARACTERS - 4))
    assert translate(alice, thread, just).status_code == 200
    assert error_of(translate(alice, thread, longer))[:2] == (400, "TextTooLong")


def test_what_the_thread_wrote_itself_is_not_translated(alice: Person) -> None:
    thread = alice.create_thread()
    for message in alice.messages(thread):
        assert translate(alice, thread, message["id"]).status_code == 400


@pytest.mark.parametrize("message", ["x", "-1", "9" * 19])
def test_a_malformed_message_id_is_refused(alice: Person, message: str) -> None:
    thread = alice.create_thread()
    assert error_of(translate(alice, thread, message))[:2] == (400, "BadRequest")


def test_a_deleted_message_is_not_found(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    alice.delete(f"{thread}/messages/{message}")
    assert error_of(translate(alice, thread, message)) == (404, "NotFound", None)


def test_a_message_from_before_the_shared_history_is_not_found(alice: Person, bob: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    newcomer = bob.as_participant(shareHistoryTime="2100-01-01T00:00:00Z")
    alice.post(f"{thread}/participants/:add", {"participants": [newcomer]})
    assert error_of(translate(bob, thread, message)) == (404, "NotFound", None)


def test_eve_gets_nothing_and_no_engine_is_asked(
    alice: Person, bob: Person, eve: Person, mallory: Person, told: type[Told]
) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "Hello secret")
    answer = translate(eve, thread, message)
    assert error_of(answer) == NOT_A_MEMBER
    assert error_of(translate(mallory, thread, message)) == NO_SUCH_THREAD
    stranger = Person("Nobody", alice.user, "no-token")
    assert translate(stranger, thread, message).status_code == 401
    assert told.calls == []
    # Nor what others have asked for already.
    translate(bob, thread, message)
    assert b"secret" not in translate(eve, thread, message).content


def test_who_left_the_thread_gets_nothing(alice: Person, bob: Person) -> None:
    thread = alice.create_thread(bob)
    message = alice.send(thread, "Hello")
    assert translate(bob, thread, message).status_code == 200
    alice.post(f"{thread}/participants/:remove", bob.identifier)
    assert error_of(translate(bob, thread, message)) == NOT_A_MEMBER


def test_the_next_engine_answers_for_one_that_fails(
    alice: Person, told: type[Told], caplog: pytest.LogCaptureFixture
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello secret")
    told.failures["parrot"] = ZeroDivisionError("while reading: Hello secret")
    (found,) = translate(alice, thread, message).json()["translations"]
    assert found["engine"] == "backup"
    assert "ZeroDivisionError" in caplog.text
    assert "secret" not in caplog.text


def test_an_engine_that_returns_nothing_counts_as_failed(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "x")
    answer = translate(alice, thread, message, **{"from": "en"})
    assert error_of(answer)[:2] == (503, "EngineUnavailable")


def test_without_any_engine_the_answer_says_so_and_chat_goes_on(
    alice: Person, settings: Settings
) -> None:
    settings.COGNITIVE_ENGINES = {"detection": ["absent"], "translation": [], "sentiment": []}
    reset_engines()
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    answer = translate(alice, thread, message)
    assert error_of(answer) == (
        503,
        "EngineUnavailable",
        "Language detection is currently unavailable.",
    )
    answer = translate(alice, thread, message, **{"from": "en"})
    assert error_of(answer)[2] == "Translation is currently unavailable."
    assert alice.send(thread, "still here")


def test_busy_engines_ask_to_come_again(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    told.failures = {"parrot": EngineBusy(), "backup": EngineUnavailable("gone")}
    answer = translate(alice, thread, message)
    assert error_of(answer)[:2] == (429, "TooManyRequests")
    assert answer["retry-after"] == "1"


def test_an_engine_that_keeps_failing_is_left_alone(alice: Person, told: type[Told]) -> None:
    thread = alice.create_thread()
    told.failures = {"parrot": EngineUnavailable("gone"), "backup": EngineUnavailable("gone")}
    for _ in range(5):
        message = alice.send(thread, "Hello")
        answer = translate(alice, thread, message)
        assert error_of(answer)[:2] == (503, "EngineUnavailable")
    assert len(told.asked("parrot")) == 3
    assert 0 < int(answer["retry-after"]) <= 30


def test_only_post_is_answered(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    assert alice.get(f"{thread}/messages/{message}:translate").status_code == 405


def test_an_unknown_operation_on_a_message_is_refused(alice: Person) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    assert alice.post(f"{thread}/messages/{message}:shout", {}).status_code in (400, 404, 405)


@pytest.mark.parametrize("problem", [EngineUnavailable("It does not say."), ZeroDivisionError()])
def test_the_next_engine_is_asked_where_one_does_not_tell_its_version(
    alice: Person, told: type[Told], problem: Exception
) -> None:
    thread = alice.create_thread()
    message = alice.send(thread, "Hello")
    told.nameless["parrot"] = problem
    (found,) = translate(alice, thread, message).json()["translations"]
    assert found["engine"] == "backup"
    told.nameless["backup"] = problem
    refused = translate(alice, thread, message)
    assert error_of(refused)[:2] == (503, "EngineUnavailable")


@pytest.mark.parametrize("sign", ["\u00ad", "…", "123"])
def test_signs_of_which_an_engine_makes_nothing_do_not_disable_it(
    alice: Person, monkeypatch: pytest.MonkeyPatch, sign: str
) -> None:
    def nothing(self: Parrot, texts: list[str], *pair: str) -> list[Translation]:
        return [Translation("" if text == sign else "hola", Quality.GIST) for text in texts]

    monkeypatch.setattr(Parrot, "translate", nothing)
    thread = alice.create_thread()
    for _ in range(FAILURES):
        (found,) = translate(alice, thread, alice.send(thread, sign), **{"from": "en"}).json()[
            "translations"
        ]
        assert (found["engine"], found["text"]) == ("parrot", sign)
