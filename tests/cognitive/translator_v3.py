"""What azure-ai-translation-text 1.0.1 gets from a server, as one JSON object on stdout.

A program of its own, because the folder with that version must come before the installed one:

    PYTHONPATH=<folder> python tests/cognitive/translator_v3.py ENDPOINT KEY TOKEN
"""

import json
import sys
from importlib.metadata import version
from typing import Any

from azure.ai.translation.text import TextTranslationClient
from azure.core.credentials import AccessToken, AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotModifiedError


class UserToken:
    """A chat user's token."""

    def __init__(self, token: str) -> None:
        self.token = token

    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        """The token, whatever it is wanted for."""
        return AccessToken(self.token, 2**31)


def refused(call: Any) -> dict[str, Any]:
    """How a call is refused."""
    try:
        call()
    except HttpResponseError as error:
        details = getattr(error.model, "error", None)
        return {
            "status": error.status_code,
            "kind": type(error).__name__,
            "code": getattr(details, "code", None),
        }
    return {"status": 200}


def translations(client: Any, texts: list[str], **options: Any) -> list[dict[str, Any]]:
    """What `translate` returns, as JSON."""
    return [item.as_dict() for item in client.translate(body=texts, **options)]


def languages(client: Any) -> dict[str, Any]:
    """What `get_supported_languages` returns, and what it does with an etag."""
    seen: dict[str, str] = {}
    found = client.get_supported_languages(
        scope="translation", cls=lambda _, value, headers: seen.update(headers) or value
    )
    try:
        client.get_supported_languages(scope="translation", headers={"If-None-Match": seen["ETag"]})
        is_unchanged = False
    except ResourceNotModifiedError:
        is_unchanged = True
    return {"spanish": found.translation["es"].as_dict(), "unchanged": is_unchanged}


def main(endpoint: str, key: str, token: str) -> dict[str, Any]:
    """Everything, by the name of what was asked."""
    fast = {"retry_total": 0}
    client = TextTranslationClient(endpoint=endpoint, credential=AzureKeyCredential(key), **fast)
    user = TextTranslationClient(endpoint=endpoint, credential=UserToken(token), **fast)
    nobody = TextTranslationClient(endpoint=endpoint, **fast)
    wrong = TextTranslationClient(endpoint=endpoint, credential=AzureKeyCredential("wrong"), **fast)
    headers: dict[str, Any] = {}
    hello = ["Hello, how are you?"]
    return {
        "version": version("azure-ai-translation-text"),
        "two targets": translations(client, hello, to_language=["es", "ca"]),
        "from": translations(client, ["Good morning"], to_language=["es"], from_language="en"),
        "html": translations(
            client,
            ["<p>The <b>house</b> is big.</p>"],
            to_language=["es"],
            from_language="en",
            text_type="html",
            include_sentence_length=True,
        ),
        "headers": client.translate(
            body=hello,
            to_language=["es"],
            from_language="en",
            cls=lambda _, value, given: headers.update(given) or headers,
        ),
        "by a user": translations(user, hello, to_language=["es"]),
        "sentences": client.find_sentence_boundaries(body=["One. Two."])[0].as_dict(),
        "languages": languages(nobody),
        "wrong key": refused(lambda: wrong.translate(body=hello, to_language=["es"])),
        "no key": refused(lambda: nobody.translate(body=hello, to_language=["es"])),
        "no target": refused(lambda: client.translate(body=hello, to_language=[])),
        "unknown target": refused(lambda: client.translate(body=hello, to_language=["tlh"])),
        "same language": refused(
            lambda: client.translate(body=hello, to_language=["es"], from_language="es-MX")
        ),
        "transliterate": refused(
            lambda: client.transliterate(
                body=hello, language="ja", from_script="Jpan", to_script="Latn"
            )
        ),
        "dictionary": refused(
            lambda: client.lookup_dictionary_entries(
                body=["fly"], from_language="en", to_language="es"
            )
        ),
        "examples": refused(
            lambda: client.lookup_dictionary_examples(
                body=[{"text": "fly", "translation": "volar"}],
                from_language="en",
                to_language="es",
            )
        ),
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
