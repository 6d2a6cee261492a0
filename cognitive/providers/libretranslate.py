"""LibreTranslate: translation and detection by a self-hosted server (cognitive contract 8)."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from cognitive.abilities import (
    UNDETERMINED,
    DetectedLanguage,
    EngineUnavailable,
    Quality,
    Translation,
)
from cognitive.http import DailyCache, request_json
from cognitive.languages import base

# The maximum number of texts in a request.
_TEXTS = 50


class _Libre:
    """The base class: address, key and list of languages."""

    name = "libretranslate"
    # The server does not report its version.
    version = "1"

    def __init__(self) -> None:
        if not settings.CHATSITE_COGNITIVE_LIBRETRANSLATE_URL:
            raise EngineUnavailable("CHATSITE_COGNITIVE_LIBRETRANSLATE_URL is not set.")
        self._cache = DailyCache()

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = settings.CHATSITE_COGNITIVE_LIBRETRANSLATE_URL.rstrip("/")
        key = settings.CHATSITE_COGNITIVE_LIBRETRANSLATE_KEY
        if body is not None and key:
            body = body | {"api_key": key}
        return request_json("LibreTranslate", method, f"{url}/{path}", body=body)

    def _listed(self) -> dict[str, list[str]]:
        """Targets by source."""

        def fetch() -> dict[str, list[str]]:
            try:
                return {
                    str(one["code"]): [str(target) for target in one.get("targets", [])]
                    for one in self._ask("GET", "languages")
                }
            except (TypeError, KeyError):
                raise EngineUnavailable("LibreTranslate sent no list of languages.") from None

        listed: dict[str, list[str]] = self._cache.get("languages", fetch)
        return listed

    @property
    def languages(self) -> frozenset[str]:
        """The languages that the server lists. Raises EngineUnavailable."""
        return frozenset(self._listed())


class LibreDetector(_Libre):
    def detect(self, text: str) -> DetectedLanguage:
        """Raises EngineUnavailable."""
        found = self._ask("POST", "detect", {"q": text})
        try:
            best = max(found, key=lambda one: one["confidence"], default=None)
            if best is None:
                return DetectedLanguage(UNDETERMINED, 0.0)
            score = min(max(float(best["confidence"]) / 100, 0.0), 1.0)
            return DetectedLanguage(base(str(best["language"])), score)
        except (TypeError, KeyError, ValueError, AttributeError):
            raise EngineUnavailable("LibreTranslate sent a response without a language.") from None


class LibreTranslator(_Libre):
    @property
    def pairs(self) -> frozenset[tuple[str, str]]:
        """The pairs that the server lists. Raises EngineUnavailable."""
        return frozenset(
            (source, target)
            for source, targets in self._listed().items()
            for target in targets
            if source != target
        )

    def translate(self, texts: Sequence[str], source: str, target: str) -> list[Translation]:
        """Raises EngineUnavailable."""
        return [
            Translation(text, Quality.NEURAL)
            for start in range(0, len(texts), _TEXTS)
            for text in self._translate(texts[start : start + _TEXTS], source, target)
        ]

    def _translate(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        body = {"q": list(texts), "source": source, "target": target, "format": "text"}
        answer = self._ask("POST", "translate", body)
        found = answer.get("translatedText") if isinstance(answer, dict) else None
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise EngineUnavailable("LibreTranslate sent a response without translations.")
        return found
