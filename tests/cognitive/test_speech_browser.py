"""Speech in Chromium, whose microphone hears a file: the official SDK, and the page's module."""

import shutil
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browsers import running_chromium
from tests.cognitive.test_speech_sdks import WAV, is_what_was_said
from tests.live.bundles import served
from tests.server import Server

pytestmark = [
    pytest.mark.cognitive,
    pytest.mark.browser,
    pytest.mark.usefixtures("speech_engine"),
]
SDK = "node_modules/microsoft-cognitiveservices-speech-sdk/distrib/browser"
BUNDLE = f"{SDK}/microsoft.cognitiveservices.speech.sdk.bundle-min.js"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Application</title>
<link rel="icon" href="data:,">
<script src="sdk.js"></script></html>"""
WITH_SDK = """([host, token]) => new Promise((resolve) => {
  const config = SpeechSDK.SpeechConfig.fromHost(new URL(host));
  config.authorizationToken = token;
  config.speechRecognitionLanguage = "en-US";
  const microphone = SpeechSDK.AudioConfig.fromDefaultMicrophoneInput();
  const recognizer = new SpeechSDK.SpeechRecognizer(config, microphone);
  const hypotheses = [];
  recognizer.recognizing = (_, event) => hypotheses.push(event.result.text);
  recognizer.recognizeOnceAsync(
    ({ text, errorDetails }) => resolve({ text, errorDetails, hypotheses }),
    (errorDetails) => resolve({ errorDetails, hypotheses }),
  );
})"""
WITH_DICTATION = """async ([module, token, language, stopAtOnce]) => {
  const { Dictation } = await import(module);
  const seen = { hypotheses: [], phrases: [], errors: [], ends: 0 };
  await new Promise((resolve) => {
    const dictation = new Dictation({
      url: location.origin,
      token: async () => token,
      language,
      onHypothesis: (text) => seen.hypotheses.push(text),
      onPhrase: (text) => {
        seen.phrases.push(text);
        dictation.stop();
      },
      onError: (reason) => seen.errors.push(reason),
      onEnd: () => {
        seen.ends += 1;
        resolve();
      },
    });
    dictation.start();
    if (stopAtOnce) dictation.stop();
  });
  return seen;
}"""


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the microphone hears: a moment of silence, the sentence, silence."""
    path = tmp_path_factory.mktemp("microphone") / "microphone.wav"
    with wave.open(str(WAV)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(bytes(16_000))
        target.writeframes(source.readframes(source.getnframes()))
        target.writeframes(bytes(6 * 32_000))
    return path


@pytest.fixture(scope="module")
def chromium(heard: Path) -> Iterator[Browser]:
    """Chromium with a microphone; pages may use it."""
    with running_chromium(
        "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={heard}"
    ) as launched:
        yield launched


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of."""
    return []


def open_page(chromium: Browser, address: str, complaints: list[str], **options: Any) -> Page:
    """A page of its own context."""
    page = chromium.new_context(**options).new_page()
    page.on("pageerror", lambda problem: complaints.append(str(problem)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(address)
    return page


def test_the_sdk_hears_the_microphone_on_a_page_of_another_origin(
    chromium: Browser,
    server: Server,
    issued_token: str,
    packages: Path,
    tmp_path: Path,
    complaints: list[str],
) -> None:
    (tmp_path / "index.html").write_text(PAGE)
    shutil.copyfile(packages / BUNDLE, tmp_path / "sdk.js")
    with served(tmp_path) as address:
        page = open_page(chromium, address, complaints, permissions=["microphone"])
        host = server.http_url.replace("http", "ws")
        result = page.evaluate(WITH_SDK, [host, issued_token])
        page.context.close()
    assert is_what_was_said(result.get("text", "")), result
    assert result["hypotheses"]
    assert complaints == []


def dictate(page: Page, token: str, language: str = "en-US", *, stop_at_once: bool = False) -> Any:
    """What the page's module reported."""
    arguments = ["/static/chat/dictation.js", token, language, stop_at_once]
    return page.evaluate(WITH_DICTATION, arguments)


def test_the_chat_pages_module_hears_the_microphone(
    chromium: Browser, server: Server, issued_token: str, complaints: list[str]
) -> None:
    address = f"{server.http_url}/chat/sign-in/"
    page = open_page(chromium, address, complaints, permissions=["microphone"])
    requested: list[str] = []
    page.on("websocket", lambda socket: requested.append(socket.url))
    seen = dictate(page, issued_token)
    assert [is_what_was_said(text) for text in seen["phrases"]] == [True], seen
    assert seen["hypotheses"] and seen["errors"] == [] and seen["ends"] == 1
    # No token in an address, where proxies would write it down.
    assert requested and issued_token not in requested[0]
    # The page's policy forbids nothing of it.
    assert complaints == []
    page.context.close()


def test_the_module_says_why_it_hears_nothing(
    chromium: Browser, server: Server, issued_token: str
) -> None:
    address = f"{server.http_url}/chat/sign-in/"
    page = open_page(chromium, address, [], permissions=["microphone"])
    assert dictate(page, issued_token, "xx-XX")["errors"] == ["language"]
    assert dictate(page, "forged")["errors"] == ["unauthorized"]
    assert dictate(page, issued_token, stop_at_once=True)["ends"] == 1
    page.context.clear_permissions()
    refused = dictate(page, issued_token)
    assert (refused["errors"], refused["ends"]) == (["refused"], 1)
    page.context.close()
