"""A client of the Azure APIs, with engines whose results are known."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from cognitive import engines
from cognitive.tests.azure_engines import GoodAndBad, ShoutingTranslator
from identity.models import Resource

HERE = "cognitive.tests.azure_engines"
PROVIDERS = {
    "detection": {
        "first-word": f"{HERE}.FirstWordDetector",
        "busy": f"{HERE}.BusyDetector",
    },
    "translation": {"shouting": f"{HERE}.ShoutingTranslator"},
    "sentiment": {
        "good-and-bad": f"{HERE}.GoodAndBad",
        "broken": f"{HERE}.BrokenAnalyzer",
    },
    "speech": {},
}
ENGINES = {
    "detection": ["first-word"],
    "translation": ["shouting"],
    "sentiment": ["good-and-bad"],
    "speech": [],
}


@dataclass
class AzureClient:
    """Sends JSON with credentials in the headers."""

    headers: dict[str, str]
    host: str = "testserver"
    client: Client = field(default_factory=Client)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """The response; `body` is sent as JSON unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.generic(
            "POST",
            path,
            content,
            content_type=headers.pop("content_type", "application/json"),
            headers={"host": self.host, **self.headers, **headers},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path, headers={"host": self.host, **self.headers, **headers})


@pytest.fixture(autouse=True)
def engines_for_tests(settings: Settings) -> Iterator[None]:
    """Replaces all engines by those of this folder."""
    settings.COGNITIVE_PROVIDERS = PROVIDERS
    settings.COGNITIVE_ENGINES = ENGINES
    settings.CHATSITE_COGNITIVE_REQUESTS = 60
    ShoutingTranslator.calls.clear()
    GoodAndBad.languages_called.clear()
    engines.reset_engines()
    yield
    engines.reset_engines()


@pytest.fixture
def app(resource: Resource) -> AzureClient:
    """An application with the access key of the resource."""
    return AzureClient({"ocp-apim-subscription-key": resource.primary_key})


@pytest.fixture
def nobody(resource: Resource) -> AzureClient:
    """A client without credentials."""
    return AzureClient({})
