"""The unmodified Python SDKs of Azure Translator, both API versions, against a real server."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from azure.ai.translation.text import TextTranslationClient
from azure.ai.translation.text.models import TranslateInputItem, TranslationTarget
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotModifiedError,
)

from tests.cognitive.conftest import UserToken
from tests.server import Server

pytestmark = [
    pytest.mark.cognitive,
    pytest.mark.sdk,
    pytest.mark.usefixtures("text_engines", "trust"),
]


def texts(item: dict[str, Any]) -> dict[str, str]:
    """The translations of an item by their language."""
    return {one["to"]: one["text"] for one in item["translations"]}


def test_the_sdk_of_version_3_does_everything(
    server: Server, access_key: str, user: UserToken, older_translator: Path
) -> None:
    program = Path(__file__).parent / "translator_v3.py"
    done = subprocess.run(
        [sys.executable, program, server.https_url, access_key, user.token],
        env=os.environ | {"PYTHONPATH": str(older_translator)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    got = json.loads(done.stdout)
    assert got["version"] == "1.0.1"
    [item] = got["two targets"]
    assert item["detectedLanguage"]["language"] == "en"
    assert "cómo" in texts(item)["es"].lower()
    assert texts(item)["ca"] not in ("", texts(item)["es"])
    [item] = got["from"]
    assert "detectedLanguage" not in item
    assert texts(item)["es"].lower().startswith("buen")
    [item] = got["html"]
    html = texts(item)["es"]
    assert html.startswith("<p>") and html.endswith("</p>") and "<b>casa</b>" in html.lower()
    lengths = item["translations"][0]["sentLen"]
    assert sum(lengths["srcSentLen"]) == len("<p>The <b>house</b> is big.</p>")
    assert sum(lengths["transSentLen"]) == len(html)
    assert got["headers"]["X-RequestId"]
    assert got["headers"]["x-mt-system"] == "apertium"
    assert got["headers"]["x-metered-usage"] == 19
    assert got["by a user"] == [
        {**got["two targets"][0], "translations": [got["two targets"][0]["translations"][0]]}
    ]
    assert got["sentences"]["sentLen"] == [5, 4]
    spanish = {"name": "Spanish", "nativeName": "español", "dir": "ltr"}
    assert got["languages"] == {"spanish": spanish, "unchanged": True}
    unauthorized = {"status": 401, "kind": "ClientAuthenticationError", "code": None}
    assert got["wrong key"] == got["no key"] == unauthorized
    assert got["same language"] == {"status": 200}
    for name, code in {
        "no target": 400036,
        "unknown target": 400036,
        "transliterate": 400080,
        "dictionary": 400023,
        "examples": 400023,
    }.items():
        assert got[name] == {"status": 400, "kind": "HttpResponseError", "code": code}, name


@pytest.fixture
def client(server: Server, access_key: str) -> TextTranslationClient:
    """The newer SDK with the access key."""
    return TextTranslationClient(
        endpoint=server.https_url, credential=AzureKeyCredential(access_key), retry_total=0
    )


def to(text: str, *languages: str, **more: Any) -> Any:
    """An input of the newer SDK."""
    targets = [TranslationTarget(language=language) for language in languages]
    return TranslateInputItem(text=text, targets=targets, **more)


@pytest.mark.parametrize("version", ["2026-06-06", "2025-10-01-preview"])
def test_the_newer_sdk_translates(server: Server, access_key: str, version: str) -> None:
    with TextTranslationClient(
        endpoint=server.https_url, credential=AzureKeyCredential(access_key), api_version=version
    ) as client:
        inputs = [to("Hello, how are you?", "es", "ca"), to("La casa es grande.", "en")]
        result = client.translate(body={"inputs": inputs})
    english, spanish = result
    assert english.detected_language.language == "en"
    assert 0 < english.detected_language.score <= 1
    assert [one.language for one in english.translations] == ["es", "ca"]
    assert english.translations[0].source_characters == 19
    assert spanish.detected_language.language == "es"
    assert "house" in spanish.translations[0].text.lower()


def test_the_first_example_of_every_tutorial_works(client: TextTranslationClient) -> None:
    [item] = client.translate(body=["Hello"], to_language=["es"])
    assert item.detected_language.language == "en"
    assert item.translations[0].text.lower().startswith("hola")


def test_the_newer_sdk_tells_languages_without_a_credential(server: Server) -> None:
    seen: dict[str, str] = {}
    with TextTranslationClient(endpoint=server.https_url) as nobody:
        found = nobody.get_supported_languages(
            cls=lambda _, value, headers: seen.update(headers) or value
        )
        assert found.translation["es"].native_name == "español"
        assert found.translation["es"].models == ["general"]
        with pytest.raises(ResourceNotModifiedError):
            nobody.get_supported_languages(headers={"If-None-Match": seen["ETag"]})
        french = nobody.get_supported_languages(accept_language="fr")
        assert french.translation["en"].name == "Anglais"


def test_the_newer_sdk_takes_a_users_token_and_a_path(server: Server, user: UserToken) -> None:
    for path in ("", "/cognitive"):
        with TextTranslationClient(endpoint=f"{server.https_url}{path}", credential=user) as client:
            result = client.translate(body={"inputs": [to("Good morning", "es", language="en")]})
        assert result[0].translations[0].text.lower().startswith("buen")


def test_endpoints_that_name_cognitiveservices_lead_here(
    server: Server, access_key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Browsers find every name below localhost here, the system's resolver does not.
    look_up = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest: look_up(host.removeprefix("cognitiveservices."), *rest),
    )
    endpoint = server.http_url.replace("//localhost", "//cognitiveservices.localhost")
    with TextTranslationClient(
        endpoint=endpoint, credential=AzureKeyCredential(access_key)
    ) as client:
        assert "/translator/text/v2026-06-06" in client._config.endpoint
        result = client.translate(body={"inputs": [to("Good morning", "es", language="en")]})
    assert result[0].translations[0].text.lower().startswith("buen")


def test_the_newer_sdk_reads_the_refusals(client: TextTranslationClient, server: Server) -> None:
    with pytest.raises(HttpResponseError) as refused:
        client.translate(body={"inputs": [to("Hello", "tlh")]})
    assert (refused.value.status_code, int(refused.value.model.error.code)) == (400, 400036)
    with pytest.raises(HttpResponseError) as refused:
        client.transliterate(
            body={"inputs": [{"text": "a"}]}, language="ja", from_script="Jpan", to_script="Latn"
        )
    assert int(refused.value.model.error.code) == 400080
    with TextTranslationClient(
        endpoint=server.https_url, credential=AzureKeyCredential("wrong")
    ) as wrong:
        with pytest.raises(ClientAuthenticationError):
            wrong.translate(body={"inputs": [to("Hello", "es")]})
