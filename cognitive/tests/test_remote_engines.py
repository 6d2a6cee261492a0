"""Azure and LibreTranslate as engines: what they are asked, and what becomes of bad answers."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django import Settings

from cognitive import http
from cognitive.abilities import EngineUnavailable, Quality, SentimentScores
from cognitive.providers.azure import AzureDetector, AzureSentiment, AzureTranslator
from cognitive.providers.libretranslate import LibreDetector, LibreTranslator

Answer = Callable[[str, Any], Any]


class Drip(bytes):
    """An answer that comes byte by byte, twenty a second."""


class Service:
    """A server elsewhere that answers as the test says, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.answer: Answer = lambda path, body: {}
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(size) or b"null")
                headers = {name.lower(): value for name, value in self.headers.items()}
                service.asked.append((self.command, self.path, headers, body))
                found = service.answer(self.path, body)
                status, content = found if isinstance(found, tuple) else (200, found)
                self.send_response(status)
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                if status == 302:
                    self.send_header("Location", f"{service.url}/elsewhere")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                for piece in [b"%c" % byte for byte in raw] if isinstance(raw, Drip) else [raw]:
                    time.sleep(0.05 if isinstance(raw, Drip) else 0)
                    self.wfile.write(piece)

            do_GET = do_POST

            def log_message(self, *args: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    one = Service()
    for name in ("AZURE_TRANSLATOR", "AZURE_LANGUAGE", "LIBRETRANSLATE"):
        setattr(settings, f"CHATSITE_COGNITIVE_{name}_URL", one.url + "/")
        setattr(settings, f"CHATSITE_COGNITIVE_{name}_KEY", "a-secret-key")
    settings.CHATSITE_COGNITIVE_AZURE_TRANSLATOR_REGION = "westeurope"
    yield one
    one.server.shutdown()
    one.server.server_close()


def test_azure_translates(service: Service) -> None:
    def answer(path: str, body: Any) -> Any:
        if path.startswith("/languages"):
            return {"translation": {"en": {}, "es": {}, "zh-Hans": {}}}
        return [{"translations": [{"text": item["Text"].upper(), "to": "es"}]} for item in body]

    service.answer = answer
    engine = AzureTranslator()
    assert ("en", "zh") in engine.pairs
    assert ("zh-Hans", "es") in engine.pairs
    assert ("en", "en") not in engine.pairs
    found = engine.translate(["one"] * 150, "en", "zh")
    assert [(one.text, one.quality) for one in found] == [("ONE", Quality.CLOUD)] * 150
    lists, *questions = service.asked
    # The list needs no key and gets none.
    assert "ocp-apim-subscription-key" not in lists[2]
    assert [len(body) for *_, body in questions] == [100, 50]
    assert all("from=en&to=zh-Hans" in path for _, path, *_ in questions)
    assert questions[0][2]["ocp-apim-subscription-key"] == "a-secret-key"
    assert questions[0][2]["ocp-apim-subscription-region"] == "westeurope"


def test_azure_detects(service: Service) -> None:
    service.answer = lambda path, body: [{"language": "zh-Hans", "score": 0.97}]
    found = AzureDetector().detect("最悪です")
    assert (found.language, found.score) == ("zh", 0.97)


def test_azure_judges_sentiment_in_portions_and_asks_not_to_be_logged(service: Service) -> None:
    def answer(path: str, body: Any) -> Any:
        documents = body["analysisInput"]["documents"]
        scores = {"positive": 0.7, "neutral": 0.2, "negative": 0.1}
        # In no particular order, as the service says.
        found = [{"id": one["id"], "confidenceScores": scores} for one in reversed(documents)]
        return {"results": {"documents": found, "errors": []}}

    service.answer = answer
    found = AzureSentiment().analyze(["fine"] * 12, "en")
    assert found == [SentimentScores(0.7, 0.2, 0.1)] * 12
    assert [len(body["analysisInput"]["documents"]) for *_, body in service.asked] == [10, 2]
    assert service.asked[0][3]["parameters"]["loggingOptOut"] is True


def test_libretranslate_translates_and_detects(service: Service) -> None:
    def answer(path: str, body: Any) -> Any:
        if path == "/languages":
            return [{"code": "en", "targets": ["en", "es"]}, {"code": "es", "targets": ["en"]}]
        if path == "/detect":
            return [{"language": "en", "confidence": 12}, {"language": "es", "confidence": 88.0}]
        return {"translatedText": [text.upper() for text in body["q"]]}

    service.answer = answer
    engine = LibreTranslator()
    assert engine.pairs == {("en", "es"), ("es", "en")}
    assert [one.text for one in engine.translate(["one", "two"], "en", "es")] == ["ONE", "TWO"]
    found = LibreDetector().detect("hola")
    assert (found.language, found.score) == ("es", 0.88)
    assert service.asked[1][3] == {
        **{"q": ["one", "two"], "source": "en", "target": "es", "format": "text"},
        "api_key": "a-secret-key",
    }


@pytest.mark.parametrize(
    "answer",
    [
        (500, {}),
        (401, {"error": {"code": 401000}}),
        (302, b""),
        b"<html>",
        b"[" * 100_000,
        None,
        {},
        {"translatedText": "one text for two"},
        {"translatedText": [1, 2]},
        [],
        [{"translations": []}],
        {"results": {"documents": []}},
        {"results": {"documents": [{"id": "0", "confidenceScores": {"positive": "x"}}]}},
    ],
    ids=str,
)
def test_a_bad_answer_makes_an_engine_unavailable(service: Service, answer: Any) -> None:
    service.answer = lambda path, body: answer
    asked: list[Callable[[], object]] = [
        lambda: AzureTranslator().pairs,
        lambda: AzureTranslator().translate(["one", "two"], "en", "es"),
        lambda: AzureDetector().detect("one"),
        lambda: AzureSentiment().analyze(["one", "two"], "en"),
        lambda: LibreTranslator().translate(["one", "two"], "en", "es"),
    ]
    for ask in asked:
        with pytest.raises(EngineUnavailable) as problem:
            ask()
        assert "secret" not in str(problem.value)
        assert "127.0.0.1" not in str(problem.value)
    assert not any(path == "/elsewhere" for _, path, *_ in service.asked)


def test_an_answer_that_comes_in_drips_ends_at_the_deadline(
    service: Service,
) -> None:
    service.answer = lambda path, body: Drip(b'"' + b"x" * 400 + b'"')
    started = time.monotonic()
    with pytest.raises(EngineUnavailable, match="too long"):
        http.request_json("It", "GET", service.url, seconds=0.3)
    # Twenty seconds if every byte began a new time-out.
    assert time.monotonic() - started < 10


def test_nobody_listening_makes_an_engine_unavailable(service: Service, settings: Settings) -> None:
    service.server.shutdown()
    service.server.server_close()
    with pytest.raises(EngineUnavailable, match="Azure Translator did not respond"):
        AzureDetector().detect("one")
