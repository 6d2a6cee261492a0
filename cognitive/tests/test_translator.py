"""The API of Azure Translator, in both versions: requests of the SDKs and their responses."""

from typing import Any

import pytest
from pytest_django import Settings

from cognitive import engines
from cognitive.tests.azure_clients import AzureClient
from cognitive.tests.azure_clients import app as app
from cognitive.tests.azure_clients import engines_for_tests as engines_for_tests
from cognitive.tests.azure_clients import nobody as nobody
from cognitive.tests.azure_engines import ShoutingTranslator
from cognitive.translator import translation

V3 = "/translate?api-version=3.0"
NEWEST = "/translate?api-version=2026-06-06"


def error_of(answer: Any) -> tuple[int, int]:
    """Status and number of an error; asserts its form."""
    body = answer.json()
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    assert body["error"]["message"]
    assert answer["X-RequestId"]
    return answer.status_code, body["error"]["code"]


def item(text: str, *targets: str, **members: Any) -> dict[str, Any]:
    """An input of the newer version."""
    return {"text": text, "targets": [{"language": target} for target in targets], **members}


def test_version_3_detects_the_language_and_translates_to_each_target(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es&to=fr", [{"text": "Hello"}, {"Text": "hello you"}])
    assert answer.status_code == 200, answer.content
    detected = {"language": "en", "score": 0.99}
    assert answer.json() == [
        {
            "detectedLanguage": detected,
            "translations": [{"text": "es:HELLO", "to": "es"}, {"text": "fr:HELLO", "to": "fr"}],
        },
        {
            "detectedLanguage": detected,
            "translations": [
                {"text": "es:HELLO YOU", "to": "es"},
                {"text": "fr:HELLO YOU", "to": "fr"},
            ],
        },
    ]
    assert answer["X-metered-usage"] == "28"
    assert answer["X-MT-System"] == "shouting"
    assert answer["X-RequestId"]


def test_a_given_language_is_not_detected(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es&from=en", [{"text": "Hola"}])
    assert answer.json() == [{"translations": [{"text": "es:HOLA", "to": "es"}]}]


def test_texts_of_one_pair_are_one_question_to_the_engine(app: AzureClient) -> None:
    app.post(f"{V3}&to=es&from=en", [{"text": text} for text in ("a", "b", "a")])
    assert ShoutingTranslator.calls == [(("a", "b"), "en", "es")]


def test_the_newer_versions_carry_languages_in_the_body(app: AzureClient) -> None:
    inputs = [item("Hello", "es"), item("adios", "en", "es", language="es", textType="Plain")]
    for version in ("2026-06-06", "2025-10-01-preview"):
        answer = app.post(f"/translate?api-version={version}", {"inputs": inputs})
        assert answer.status_code == 200, answer.content
        assert answer.json() == {
            "value": [
                {
                    "detectedLanguage": {"language": "en", "score": 0.99},
                    "translations": [{"language": "es", "text": "es:HELLO", "sourceCharacters": 5}],
                },
                {
                    "translations": [
                        {"language": "en", "text": "en:ADIOS", "sourceCharacters": 5},
                        {"language": "es", "text": "adios", "sourceCharacters": 5},
                    ]
                },
            ]
        }


def test_html_keeps_its_tags_and_what_is_not_to_be_translated(app: AzureClient) -> None:
    html = '<p class="a">hello <b>big &amp; round</b> <span translate="no">world</span></p>'
    answer = app.post(f"{V3}&to=es&from=en&textType=html", [{"text": html}])
    assert answer.json()[0]["translations"][0]["text"] == (
        '<p class="a">es:HELLO <b>es:BIG &amp; ROUND</b> <span translate="no">world</span></p>'
    )


def test_plain_text_may_look_like_html(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es&from=en", [{"text": "a <b> c"}])
    assert answer.json()[0]["translations"][0]["text"] == "es:A <B> C"


def test_a_text_that_tells_no_language_comes_back_as_it_is(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es", [{"text": "👍"}, {"text": ""}])
    for text, one in zip(("👍", ""), answer.json(), strict=True):
        assert one["detectedLanguage"] == {"language": "und", "score": 0}
        assert one["translations"] == [{"text": text, "to": "es"}]


def test_a_suggested_language_helps_where_none_is_found(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es&suggestedFrom=en", [{"text": "brb"}])
    assert answer.json()[0] == {
        "detectedLanguage": {"language": "en", "score": 0},
        "translations": [{"text": "es:BRB", "to": "es"}],
    }


def test_where_it_is_not_sure_a_language_that_can_be_translated_is_taken(
    app: AzureClient,
) -> None:
    answer = app.post(f"{V3}&to=es", [{"text": "hey"}])
    assert answer.json()[0] == {
        "detectedLanguage": {"language": "en", "score": 0.2},
        "translations": [{"text": "es:HEY", "to": "es"}],
    }


def test_regions_find_the_nearest_language(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=ES-mx&to=pt-br&from=en-GB", [{"text": "a"}])
    texts = [(one["to"], one["text"]) for one in answer.json()[0]["translations"]]
    assert texts == [("ES-mx", "es:A"), ("pt-br", "pt-BR:A")]


def test_sentence_lengths_are_told_on_demand(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es&from=en&includeSentenceLength=true", [{"text": "Hi. You!"}])
    lengths = answer.json()[0]["translations"][0]["sentLen"]
    assert lengths == {"srcSentLen": [4, 4], "transSentLen": [7, 4]}


@pytest.mark.parametrize(
    "path",
    [
        "/cognitive/translate?api-version=3.0",
        "/translator/text/v3.0/translate?api-version=3.0",
        "/translator/text/v3.0/translate?",
        "/cognitive/translator/text/v3.0/translate?",
    ],
)
def test_the_other_paths_of_the_sdks_lead_to_the_same(app: AzureClient, path: str) -> None:
    answer = app.post(f"{path}&to=es&from=en", [{"text": "a"}])
    assert answer.status_code == 200, answer.content
    assert answer.json()[0]["translations"] == [{"text": "es:A", "to": "es"}]


@pytest.mark.parametrize(
    ("query", "body", "number"),
    [
        ("api-version=9.9&to=es", [{"text": "a"}], 400021),
        ("to=es", [{"text": "a"}], 400021),
        ("api-version=3.0", [{"text": "a"}], 400036),
        ("api-version=3.0&to=", [{"text": "a"}], 400036),
        ("api-version=3.0&to=xx", [{"text": "a"}], 400036),
        ("api-version=3.0&to=e%27s", [{"text": "a"}], 400036),
        ("api-version=3.0&to=es&from=xx", [{"text": "a"}], 400035),
        ("api-version=3.0&to=es&from=%00", [{"text": "a"}], 400035),
        ("api-version=3.0&to=es&suggestedFrom=xx", [{"text": "a"}], 400035),
        ("api-version=3.0&to=es&from=fr", [{"text": "a"}], 400023),
        ("api-version=3.0&to=es", [{"text": "konnichiwa"}], 400023),
        ("api-version=3.0&to=es&textType=pdf", [{"text": "a"}], 400071),
        ("api-version=3.0&to=es&from=en&fromScript=Cyrl", [{"text": "a"}], 400073),
        ("api-version=3.0&to=es&from=en&toScript=Cyrl", [{"text": "a"}], 400073),
        ("api-version=3.0&to=es&profanityAction=Deleted", [{"text": "a"}], 400042),
        ("api-version=3.0&to=es&category=mine&allowFallback=false", [{"text": "a"}], 400079),
        ("api-version=3.0&to=es&allowFallback=perhaps", [{"text": "a"}], 400000),
        ("api-version=3.0&to=es", {"text": "a"}, 400074),
        ("api-version=3.0&to=es", [], 400074),
        ("api-version=3.0&to=es", ["a"], 400020),
        ("api-version=3.0&to=es", [{"text": 7}], 400005),
        ("api-version=3.0&to=es", [{}], 400005),
        ("api-version=3.0&to=es", b"{", 400074),
        ("api-version=3.0&to=es", b" ", 400074),
        ("api-version=3.0&to=es", b'[{"text":"\\ud800"}]', 400074),
        ("api-version=3.0&to=es", b'[{"text":"\\u0000"}]', 400074),
        ("api-version=3.0&to=es", [{"text": "a"}] * 1001, 400072),
        ("api-version=3.0&to=es", [{"text": "a" * 50_001}], 400050),
        ("api-version=3.0&to=es&to=fr", [{"text": "a" * 25_001}], 400077),
        ("api-version=2026-06-06", {"inputs": []}, 400074),
        ("api-version=2026-06-06", [{"text": "a"}], 400074),
        ("api-version=2026-06-06", {"inputs": [7]}, 400020),
        ("api-version=2026-06-06", {"inputs": [{"targets": []}]}, 400005),
        ("api-version=2026-06-06", {"inputs": [{"text": "a"}]}, 400036),
        ("api-version=2026-06-06", {"inputs": [item("a")]}, 400036),
        ("api-version=2026-06-06", {"inputs": [{"text": "a", "targets": [7]}]}, 400036),
        ("api-version=2026-06-06", {"inputs": [item("a", "xx")]}, 400036),
        ("api-version=2026-06-06", {"inputs": [item("a", "es", language=7)]}, 400000),
        ("api-version=2026-06-06", {"inputs": [item("a", "es", textType="x")]}, 400071),
        ("api-version=2026-06-06", {"inputs": [item("a", "es")] * 1001}, 400072),
    ],
)
def test_bad_input_has_its_number(app: AzureClient, query: str, body: Any, number: int) -> None:
    assert error_of(app.post(f"/translate?{query}", body)) == (400, number)
    assert ShoutingTranslator.calls == []


def test_wishes_that_no_engine_can_follow_need_a_fallback(app: AzureClient) -> None:
    target: dict[str, Any] = {"language": "es", "tone": "formal", "deploymentName": "gpt"}
    inputs = [{"text": "a", "language": "en", "targets": [target]}]
    assert app.post(NEWEST, {"inputs": inputs}).status_code == 200
    target["allowFallback"] = False
    answer = app.post(NEWEST, {"inputs": inputs})
    assert error_of(answer) == (400, 400042)
    assert "deploymentName, tone" in answer.json()["error"]["message"]


def test_empty_texts_do_not_lift_the_limits(app: AzureClient) -> None:
    inputs = [item("", *["es"] * 90, language="en")] * (translation.TRANSLATIONS // 90 + 1)
    assert error_of(app.post(NEWEST, {"inputs": inputs})) == (400, 400077)


def test_other_content_types_are_refused(app: AzureClient) -> None:
    answer = app.post(f"{V3}&to=es", b"text=a", content_type="application/x-www-form-urlencoded")
    assert error_of(answer) == (415, 415000)


def test_other_methods_are_refused(app: AzureClient) -> None:
    answer = app.get(f"{V3}&to=es")
    assert error_of(answer) == (405, 405000)
    assert answer["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/translate/", "/translator/text/v3.0/sing", "/cognitive/dictionary/x", "/detect/a"]
)
def test_unknown_operations_are_refused(app: AzureClient, path: str) -> None:
    assert error_of(app.post(path, [])) == (404, 404000)


def test_a_body_over_the_limit_is_refused(app: AzureClient, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = app.post(f"{V3}&to=es", [{"text": "a" * 200}])
    assert error_of(answer) == (413, 413000)


def test_without_an_engine_the_service_is_unavailable(app: AzureClient, settings: Settings) -> None:
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "translation": []}
    engines.reset_engines()
    assert error_of(app.post(f"{V3}&to=es", [{"text": "a"}])) == (503, 503000)


def test_an_engine_without_time_is_a_429(app: AzureClient, settings: Settings) -> None:
    settings.COGNITIVE_ENGINES = {**settings.COGNITIVE_ENGINES, "detection": ["busy"]}
    engines.reset_engines()
    answer = app.post(f"{V3}&to=es", [{"text": "a"}])
    assert error_of(answer) == (429, 429000)
    assert answer["Retry-After"] == "1"


# --- /languages -----------------------------------------------------------------------------------


def test_languages_are_told_to_everybody(nobody: AzureClient) -> None:
    answer = nobody.get("/languages?api-version=3.0")
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"translation", "transliteration", "dictionary"}
    assert set(body["translation"]) == {"en", "es", "fr", "ar", "pt", "pt-BR"}
    assert body["translation"]["es"] == {"name": "Spanish", "nativeName": "español", "dir": "ltr"}
    assert body["translation"]["ar"]["dir"] == "rtl"


def test_the_newest_version_tells_the_models(nobody: AzureClient) -> None:
    answer = nobody.get("/languages?api-version=2026-06-06&scope=translation")
    assert answer.json()["translation"]["es"]["models"] == ["general"]
    assert set(answer.json()) == {"translation"}


def test_languages_are_named_in_the_readers_language(nobody: AzureClient) -> None:
    answer = nobody.get("/languages?api-version=3.0", accept_language="tlh, fr-CH;q=0.9")
    assert answer.json()["translation"]["es"]["name"] == "Espagnol"


def test_unchanged_languages_are_not_sent_again(nobody: AzureClient) -> None:
    path = "/languages?api-version=3.0"
    etag = nobody.get(path)["ETag"]
    answer = nobody.get(path, if_none_match=etag)
    assert (answer.status_code, answer.content) == (304, b"")
    assert nobody.get(path, if_none_match='"other"').status_code == 200
    assert nobody.get(f"{path}&scope=dictionary", if_none_match=etag).status_code == 200


def test_languages_of_nothing_else(nobody: AzureClient) -> None:
    answer = nobody.get("/languages?api-version=3.0&scope=everything")
    assert error_of(answer) == (400, 400001)
    assert error_of(nobody.get("/languages")) == (400, 400021)


# --- The smaller operations -----------------------------------------------------------------------


def test_detect_tells_language_and_what_can_be_done(app: AzureClient) -> None:
    texts = [{"Text": text} for text in ("hola", "konnichiwa", " ")]
    answer = app.post("/detect?api-version=3.0", texts)
    more = {"isTransliterationSupported": False}
    assert answer.json() == [
        {"language": "es", "score": 0.99, "isTranslationSupported": True, **more},
        {"language": "ja", "score": 0.99, "isTranslationSupported": False, **more},
        {"language": "und", "score": 0, "isTranslationSupported": False, **more},
    ]


def test_detect_takes_a_hundred_texts(app: AzureClient) -> None:
    path = "/detect?api-version=3.0"
    assert app.post(path, [{"Text": "hola"}] * 100).status_code == 200
    assert error_of(app.post(path, [{"Text": "hola"}] * 101)) == (400, 400072)
    assert error_of(app.post(path, [{"Text": "a " * 13_000}] * 2)) == (400, 400077)


def test_breaksentence_tells_lengths_that_add_up(app: AzureClient) -> None:
    text = "hello Mr. Smith. How are you?  Fine\n"
    answer = app.post("/breaksentence?api-version=3.0", [{"text": text}])
    [one] = answer.json()
    assert one["sentLen"] == [17, 14, 5]
    assert sum(one["sentLen"]) == len(text)
    assert one["detectedLanguage"]["language"] == "en"


def test_what_is_not_offered_says_so(app: AzureClient) -> None:
    path = "/transliterate?api-version=3.0&language=ja&fromScript=Jpan&toScript=Latn"
    assert error_of(app.post(path, [{"text": "a"}])) == (400, 400080)
    path = "/dictionary/lookup?api-version=3.0&from=en&to=es"
    assert error_of(app.post(path, [{"text": "a"}])) == (400, 400023)
