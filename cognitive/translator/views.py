"""The API of Azure Translator (cognitive contract 4)."""

import hashlib
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header
from rest_framework.request import Request

from cognitive import engine_calls
from cognitive.abilities import UNDETERMINED, DetectedLanguage
from cognitive.azure_views import AzureView, UnknownAzureRouteView
from cognitive.credentials import caller_of_request
from cognitive.language_names import name_in, name_of
from cognitive.sentences import split_sentences
from cognitive.translator.errors import translator_error
from cognitive.translator.requests import boolean, inputs_of_body, inputs_of_query, texts_of
from cognitive.translator.translation import (
    CHARACTERS,
    Input,
    Outcome,
    Output,
    detect_language,
    translate,
)
from wire import strict_json
from wire.errors import ChatError
from wire.views import JSON, json_response

V3 = "3.0"
# Versions in which each text has its own languages, in the body.
NEWER = frozenset({"2025-10-01-preview", "2026-06-06"})
SCOPES = frozenset({"translation", "transliteration", "dictionary"})
# The maximum number of elements of `/detect` and `/breaksentence`.
_MAX_SHORT_LIST = 100


class TranslatorView(AzureView):
    """The base class; `versions` are the api-versions that have the operation."""

    request_id_header = "X-RequestId"
    versions = frozenset({V3})
    version: str

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, and reads the api-version from the query or the path."""
        super().initial(request, *args, **kwargs)
        if not hasattr(self, (request.method or "").lower()):
            return
        self.version = request.query_params.get("api-version") or kwargs.get("path_version") or ""
        if self.version not in self.versions:
            raise translator_error(400021)

    def json(self, request: Request) -> Any:
        """The JSON value of the body. Raises ChatError 400074, 413 and 415."""
        try:
            return super().json(request)
        except ChatError as error:
            raise (
                translator_error(400074, error.message) if error.status == 400 else error
            ) from None


class TranslateView(TranslatorView):
    """`POST /translate`, in all versions."""

    versions = NEWER | {V3}

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        body = self.json(request)
        is_v3 = self.version == V3
        inputs = inputs_of_query(request.query_params, body) if is_v3 else inputs_of_body(body)
        lengths = is_v3 and boolean(
            request.query_params.get("includeSentenceLength"), default=False
        )
        outcome = translate(inputs, caller_of_request(request).resource_id)
        items = [
            _item(one, output, is_v3, lengths)
            for one, output in zip(inputs, outcome.outputs, strict=True)
        ]
        return _metered(json_response(items if is_v3 else {"value": items}), outcome)


def _item(one: Input, output: Output, is_v3: bool, with_lengths: bool) -> dict[str, Any]:
    translations = [
        _v3(one.text, text, target, with_lengths)
        if is_v3
        else {"language": target, "text": text, "sourceCharacters": len(one.text)}
        for target, text in zip(one.targets, output.translations, strict=True)
    ]
    detected = {"detectedLanguage": _detected(output.detected)} if output.detected else {}
    return {**detected, "translations": translations}


def _v3(source: str, text: str, target: str, with_lengths: bool) -> dict[str, Any]:
    both = {"srcSentLen": sentence_lengths(source), "transSentLen": sentence_lengths(text)}
    return {"text": text, "to": target, **({"sentLen": both} if with_lengths else {})}


def _detected(language: DetectedLanguage) -> dict[str, Any]:
    return {"language": language.language, "score": round(language.score, 2)}


def _metered(response: HttpResponse, outcome: Outcome) -> HttpResponse:
    response["X-metered-usage"] = str(outcome.characters)
    if outcome.engines:
        response["X-MT-System"] = ",".join(sorted(outcome.engines))
    return response


class LanguagesView(TranslatorView):
    """`GET /languages`, without authentication."""

    authentication_classes = ()
    versions = NEWER | {V3}

    def get(self, request: Request, **kwargs: Any) -> HttpResponseBase:
        """The languages by scope, with names in the language of Accept-Language."""
        given = request.query_params.get("scope") or ",".join(SCOPES)
        scopes = {scope.strip().lower() for scope in given.split(",") if scope.strip()}
        if not scopes or not scopes <= SCOPES | ({"models"} if self.version != V3 else set()):
            raise translator_error(400001)
        named_in = _accepted_language(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        body: dict[str, Any] = {}
        if "translation" in scopes:
            body["translation"] = self._translation(named_in)
        if "transliteration" in scopes:
            body["transliteration"] = {}
        if self.version == V3:
            body |= {"dictionary": {}} if "dictionary" in scopes else {}
        elif "models" in scopes:
            body["models"] = ["general"]
        return _with_etag(request, strict_json.render(body))

    def _translation(self, named_in: str) -> dict[str, Any]:
        codes = engine_calls.translation_sources() | engine_calls.translation_targets()
        more = {} if self.version == V3 else {"models": ["general"]}
        return {
            code: {
                "name": name_in(code, named_in),
                "nativeName": name_of(code).native_name,
                "dir": "rtl" if name_of(code).is_right_to_left else "ltr",
                **more,
            }
            for code in sorted(codes)
        }


def _accepted_language(header: str) -> str:
    for code, _ in parse_accept_lang_header(header.lower()[:200]):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return "en"


def _with_etag(request: Request, body: bytes) -> HttpResponse:
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {tag.strip() for tag in request.META.get("HTTP_IF_NONE_MATCH", "").split(",")}
    response = (
        HttpResponse(status=304)
        if known & {etag, f"W/{etag}", "*"}
        else HttpResponse(body, content_type=JSON)
    )
    response["ETag"] = etag
    patch_vary_headers(response, ["Accept-Language"])
    return response


class DetectView(TranslatorView):
    """`POST /detect`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The language of each text, and whether it can be translated."""
        texts = _short_list(self.json(request))
        resource_id = caller_of_request(request).resource_id
        sources = engine_calls.translation_sources()
        languages = [detect_language(text, resource_id) for text in texts]
        return json_response(
            [
                {
                    **_detected(language),
                    "isTranslationSupported": language.language in sources,
                    "isTransliterationSupported": False,
                }
                for language in languages
            ]
        )


class BreakSentenceView(TranslatorView):
    """`POST /breaksentence`."""

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        """The lengths of the sentences of each text; they add up to the length of the text."""
        texts = _short_list(self.json(request))
        items: list[dict[str, Any]] = [{"sentLen": sentence_lengths(text)} for text in texts]
        if not request.query_params.get("language"):
            resource_id = caller_of_request(request).resource_id
            for text, item in zip(texts, items, strict=True):
                language = detect_language(text, resource_id)
                if language.language != UNDETERMINED:
                    item["detectedLanguage"] = _detected(language)
        return json_response(items)


class UnsupportedView(TranslatorView):
    """`/transliterate` and `/dictionary/…`, which are not supported."""

    versions = NEWER | {V3}
    code = 400080

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        raise translator_error(self.code)


def _short_list(body: Any) -> list[str]:
    texts = texts_of(body, _MAX_SHORT_LIST)
    if sum(map(len, texts)) > CHARACTERS:
        raise translator_error(
            400077, f"The texts must not exceed {CHARACTERS} characters together."
        )
    return texts


def sentence_lengths(text: str) -> list[int]:
    """The lengths of the sentences in characters, including the white space that follows."""
    starts = [0, *(offset for offset, _ in split_sentences(text, limit=None)[1:]), len(text)]
    return [end - start for start, end in zip(starts, starts[1:], strict=False)]


class UnknownTranslatorView(UnknownAzureRouteView):
    """404 for paths under the Translator's prefixes that are not operations."""

    request_id_header = TranslatorView.request_id_header
