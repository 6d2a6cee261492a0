"""Azure Speech as an engine, with a server of our own in Azure's place: it speaks the same."""

import pytest
from pytest_django import Settings

from cognitive.abilities import EngineUnavailable
from cognitive.providers.azure_speech import AzureSpeech
from tests.cognitive.test_speech_sdks import WAV, is_what_was_said
from tests.server import Server

pytestmark = [pytest.mark.cognitive, pytest.mark.usefixtures("speech_engine")]

SPEECH = WAV.read_bytes()[44:]
SILENCE = bytes(32_000)


@pytest.fixture
def azure(server: Server, access_key: str, settings: Settings) -> Settings:
    """Settings that name the server."""
    settings.CHATSITE_COGNITIVE_AZURE_SPEECH_URL = f"{server.http_url}/"
    settings.CHATSITE_COGNITIVE_AZURE_SPEECH_KEY = access_key
    return settings


def test_each_phrase_is_asked_for(azure: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # A machine that runs many tests at once is slower than Azure.
    monkeypatch.setattr("cognitive.providers.azure_speech._SECONDS", 60.0)
    stream = AzureSpeech().open("en", 16_000)
    assert stream.feed(SILENCE) == []
    (heard,) = stream.feed(SPEECH + SILENCE)
    assert is_what_was_said(heard.text) and heard.is_final
    assert 500 <= heard.offset_ms <= 1_200
    assert stream.finish() == []
    stream.close()


def test_an_error_is_unavailable_and_then_it_is_left_alone(azure: Settings) -> None:
    azure.CHATSITE_COGNITIVE_AZURE_SPEECH_KEY = "a wrong key"
    engine = AzureSpeech()
    for _ in range(3):
        with pytest.raises(EngineUnavailable) as problem:
            engine.open("en-US", 16_000).feed(SPEECH + SILENCE)
        assert "wrong" not in str(problem.value) and azure_host(azure) not in str(problem.value)
    with pytest.raises(EngineUnavailable) as resting:
        engine.open("en-US", 16_000)
    assert resting.value.retry_after_s


def test_without_an_address_it_is_not_there(settings: Settings) -> None:
    settings.CHATSITE_COGNITIVE_AZURE_SPEECH_URL = ""
    with pytest.raises(EngineUnavailable):
        AzureSpeech()


def azure_host(settings: Settings) -> str:
    """The host of the address."""
    return str(settings.CHATSITE_COGNITIVE_AZURE_SPEECH_URL).split("/")[2]
