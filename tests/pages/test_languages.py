"""Translation, sentiment and dictation on the chat page, with the engines of `make cognitive`."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.browsers import running_chromium
from tests.cognitive.conftest import speech_engine, text_engines
from tests.cognitive.test_speech_browser import heard
from tests.cognitive.test_speech_sdks import is_what_was_said
from tests.pages.visitors import Enter, Visitor

__all__ = ["heard", "speech_engine", "text_engines"]
pytestmark = [pytest.mark.browser, pytest.mark.cognitive, pytest.mark.timeout(240)]

SPANISH = "El cliente quiere cambiar el pedido mañana."
# The first start of an engine takes a while on a busy machine.
ENGINE_MS = 60_000


@pytest.fixture(scope="module")
def chromium(heard: Path) -> Iterator[Browser]:  # noqa: F811
    """Chromium whose microphone hears a sentence from a file, where a page may use it."""
    with running_chromium(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={heard}"
    ) as launched:
        yield launched


@pytest.fixture
def trip(anna: Visitor, ben: Visitor) -> str:
    """The topic of a conversation of anna and ben that both have open."""
    anna.start_conversation("Trip", ben)
    ben.open("Trip")
    return "Trip"


def prefer(visitor: Visitor, wish: str, *, on: bool = True) -> None:
    """Switch something on, or off, in the own menu."""
    visitor.page.get_by_role("button", name=re.compile("settings and sign out")).click()
    visitor.page.get_by_role("checkbox", name=wish).set_checked(on)
    visitor.picture("language-menu")
    visitor.page.keyboard.press("Escape")


def translated(visitor: Visitor, text: str) -> Locator:
    """The message with this text, once it says that it is a translation."""
    message = visitor.page.get_by_role("article").filter(has_text=text)
    expect(message).to_contain_text("Approximate translation from Spanish", timeout=ENGINE_MS)
    return message


@pytest.mark.usefixtures("text_engines", "trip")
def test_one_message_is_translated_with_the_original_one_click_away(
    anna: Visitor, ben: Visitor
) -> None:
    ben.write(SPANISH)
    anna.sees(SPANISH)
    assert "Approximate" not in anna.log.inner_text()
    anna.tool(SPANISH, "Translate")
    message = translated(anna, "client")
    expect(message).to_contain_text("apertium")
    expect(message).not_to_contain_text(SPANISH)
    anna.picture("translated")
    message.get_by_role("button", name="Show original").click()
    expect(anna.message(SPANISH)).to_be_visible()
    anna.press("Show translation")
    expect(message).to_contain_text("client")
    # Who wrote it reads it as it was written.
    assert "Approximate" not in ben.log.inner_text()


@pytest.mark.usefixtures("text_engines", "trip")
def test_incoming_messages_are_translated_for_who_wants_it(anna: Visitor, ben: Visitor) -> None:
    ben.write(SPANISH)
    anna.sees(SPANISH)
    prefer(anna, "Translate incoming messages")
    translated(anna, "client")
    ben.write("La reunión empieza a las nueve.")
    translated(anna, "meeting")
    ben.write("The bus leaves at nine from the old station.")
    anna.sees("The bus leaves at nine from the old station.")
    anna.write("Esto es mío y se queda así.")
    anna.sees("Esto es mío y se queda así.")

    ben.tool("La reunión empieza a las nueve.", "Edit")
    ben.composer.fill("El tren sale de la estación vieja.")
    ben.composer.press("Enter")
    translated(anna, "train")
    expect(anna.log).not_to_contain_text("meeting")
    # Neither what was in her language already, nor her own.
    expect(anna.log.get_by_text("Approximate translation")).to_have_count(2)

    # It is a choice of this person in this browser, and holds.
    anna.page.reload()
    translated(anna, "client")
    anna.page.set_viewport_size({"width": 360, "height": 740})
    anna.picture("translated-narrow")
    anna.page.set_viewport_size({"width": 1280, "height": 800})

    # Without the wish all is as it was written, but for what she asks about herself.
    prefer(anna, "Translate incoming messages", on=False)
    anna.sees(SPANISH)
    expect(anna.log.get_by_text("Approximate translation")).to_have_count(0)
    anna.tool(SPANISH, "Translate")
    translated(anna, "client")
    expect(anna.log.get_by_text("Approximate translation")).to_have_count(1)


@pytest.mark.usefixtures("text_engines", "trip")
def test_the_sentiment_of_incoming_messages_is_a_small_sign_and_off_by_default(
    anna: Visitor, ben: Visitor
) -> None:
    ben.write("I love this wonderful plan, thank you so much!")
    anna.sees("I love this wonderful plan, thank you so much!")
    expect(anna.log.get_by_role("img", name=re.compile("Sentiment"))).to_have_count(0)
    prefer(anna, "Show sentiment of incoming messages")
    sign = anna.log.get_by_role("img", name=re.compile("Sentiment: positive"))
    expect(sign).to_be_visible(timeout=ENGINE_MS)
    assert not ben.log.get_by_role("img", name=re.compile("Sentiment")).count()
    anna.picture("sentiment")
    anna.page.emulate_media(color_scheme="dark")
    anna.page.set_viewport_size({"width": 360, "height": 740})
    anna.picture("sentiment-dark-narrow")


@pytest.mark.usefixtures("text_engines", "trip")
def test_what_no_engine_could_translate_is_asked_for_again_when_it_is_shown_again(
    anna: Visitor, ben: Visitor
) -> None:
    asked: list[str] = []

    def busy(route: Route) -> None:
        (message,) = json.loads(route.request.post_data or "")["ids"]
        asked.append(message)
        errors = [{"code": "TooManyRequests", "message": "Try again."}]
        route.fulfill(json={"value": [{"messageId": message, "errors": errors}]})

    enrich = re.compile(r"/messages:enrich")
    anna.page.route(enrich, busy, times=1)
    prefer(anna, "Translate incoming messages")
    with anna.page.expect_response(enrich):
        ben.write(SPANISH)
    anna.sees(SPANISH)
    anna.start_conversation("Another", ben)
    anna.open("Trip")
    translated(anna, "client")
    assert len(asked) == 1


@pytest.mark.usefixtures("text_engines", "trip")
def test_a_late_translation_of_an_earlier_version_changes_nothing(
    anna: Visitor, ben: Visitor
) -> None:
    held: list[Route] = []
    anna.page.route(re.compile(r"/messages/\d+(:|%3A)translate"), lambda route: held.append(route))
    ben.write(SPANISH)
    anna.sees(SPANISH)
    anna.tool(SPANISH, "Translate")
    ben.tool(SPANISH, "Edit")
    ben.composer.fill("El tren sale de la estación vieja.")
    ben.composer.press("Enter")
    anna.sees("El tren sale de la estación vieja.")
    prefer(anna, "Translate incoming messages")
    translated(anna, "train")
    (route,) = held
    (message,) = re.findall(r"/messages/(\d+)", route.request.url)
    stale = {"to": "en", "text": "stale", "engine": "apertium", "quality": "gist", "cached": False}
    with anna.page.expect_response(re.compile("translate")):
        route.fulfill(json={"messageId": message, "version": message, "translations": [stale]})
    # Whatever comes of it has come when another message was answered for.
    ben.write("La reunión empieza a las nueve.")
    translated(anna, "meeting")
    translated(anna, "train")
    expect(anna.log).not_to_contain_text("stale")


@pytest.mark.usefixtures("speech_engine")
def test_a_spoken_sentence_fills_the_message_field_and_is_sent(
    visitors: Enter, ben: Visitor
) -> None:
    anna = visitors("Anna", permissions=["microphone"])
    anna.start_conversation("Spoken", ben)
    ben.open("Spoken")
    anna.press("Dictate")
    # First what is understood so far, greyed, then the sentence.
    expect(anna.page.locator(".hypothesis")).to_contain_text(re.compile(r"\w"), timeout=ENGINE_MS)
    anna.picture("dictation")
    expect(anna.composer).to_have_value(re.compile(r"\w+ \w+ \w+"), timeout=ENGINE_MS)
    anna.press("Stop dictating")
    expect(anna.page.get_by_role("button", name="Dictate")).to_be_visible(timeout=ENGINE_MS)
    expect(anna.page.locator(".hypothesis")).to_have_count(0)
    said = anna.composer.input_value()
    assert is_what_was_said(said), said
    anna.press("Send")
    ben.sees(said)


@pytest.mark.usefixtures("speech_engine", "trip")
def test_a_refused_microphone_is_said_clearly(anna: Visitor) -> None:
    anna.press("Dictate")
    expect(anna.page.get_by_text("Your microphone is blocked.").first).to_be_visible()
    expect(anna.page.get_by_role("button", name="Dictate")).to_be_visible()
    anna.write("typed instead")
    anna.sees("typed instead")
