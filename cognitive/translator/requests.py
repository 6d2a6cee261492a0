"""Parses the requests of both versions of the Translator API (cognitive contract 4)."""

from typing import Any

from django.http import QueryDict

from cognitive.language_names import script_of
from cognitive.languages import is_code
from cognitive.translator.errors import translator_error
from cognitive.translator.translation import ELEMENTS, Input

# The maximum number of target languages of a text.
_MAX_TARGETS = 100
_TEXT_TYPES = {"plain": False, "html": True}
_BOOLEANS = {"true": True, "false": False}
# Options of the newer version that need a large language model or a custom model.
_MODEL_OPTIONS = ("tone", "gender", "adaptiveDatasetId", "referenceTextPairs")


def texts_of(body: Any, limit: int = ELEMENTS) -> list[str]:
    """The texts of `[{"text": …}]`; the member may also be `Text`."""
    if not isinstance(body, list) or not body:
        raise translator_error(400074, "The body must be an array of objects with a text.")
    if len(body) > limit:
        raise translator_error(400072, f"The array of input text must not exceed {limit} elements.")
    texts = []
    for element in body:
        if not isinstance(element, dict):
            raise translator_error(400020)
        text = element.get("text", element.get("Text"))
        if not isinstance(text, str):
            raise translator_error(400005)
        texts.append(text)
    return texts


def inputs_of_query(query: QueryDict, body: Any) -> list[Input]:
    """The inputs of version 3.0, with languages and options in the query, and texts in the body."""
    targets = _codes([code for given in query.getlist("to") for code in given.split(",")])
    source = _source(query.get("from"))
    suggested = _source(query.get("suggestedFrom"))
    is_html = _is_html(query.get("textType"))
    _check_script(query.get("fromScript"), source or suggested)
    for target in targets:
        _check_script(query.get("toScript"), target)
    _check_profanity(query.get("profanityAction"))
    allows_fallback = boolean(query.get("allowFallback"), default=True)
    if query.get("category", "general") not in ("", "general") and not allows_fallback:
        raise translator_error(400079)
    return [
        Input(text, targets, source=source, suggested=suggested, is_html=is_html)
        for text in texts_of(body)
    ]


def inputs_of_body(body: Any) -> list[Input]:
    """The inputs of newer versions, in which each text has its own languages and options."""
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, list) or not inputs:
        raise translator_error(400074, "The body must be an object with an array `inputs`.")
    if len(inputs) > ELEMENTS:
        raise translator_error(400072)
    return [_input(element) for element in inputs]


def _input(element: Any) -> Input:
    if not isinstance(element, dict):
        raise translator_error(400020)
    text = element.get("text")
    if not isinstance(text, str):
        raise translator_error(400005)
    source = _source(_optional_text(element, "language"))
    _check_script(_optional_text(element, "script"), source)
    targets = element.get("targets")
    if not isinstance(targets, list) or not all(isinstance(target, dict) for target in targets):
        raise translator_error(400036)
    for target in targets:
        _check_target(target)
    codes = _codes([_optional_text(target, "language") or "" for target in targets])
    is_html = _is_html(_optional_text(element, "textType"))
    return Input(text, codes, source=source, is_html=is_html)


def _check_target(target: dict[str, Any]) -> None:
    """Rejects options that are not supported, unless a fallback is allowed."""
    _check_profanity(_optional_text(target, "profanityAction"))
    _check_script(_optional_text(target, "script"), _optional_text(target, "language"))
    allows_fallback = target.get("allowFallback")
    if allows_fallback not in (None, True, False):
        raise translator_error(400042)
    model = _optional_text(target, "deploymentName") or "general"
    options = [name for name in _MODEL_OPTIONS if target.get(name)]
    if allows_fallback is False and (model != "general" or options):
        what = ", ".join([*([] if model == "general" else ["deploymentName"]), *options])
        raise translator_error(400042, f"{what}: not supported, and allowFallback is false.")


def _codes(codes: list[str]) -> tuple[str, ...]:
    codes = [code.strip() for code in codes]
    if not codes or len(codes) > _MAX_TARGETS or not all(map(is_code, codes)):
        raise translator_error(400036)
    return tuple(codes)


def _source(code: str | None) -> str | None:
    if not code:
        return None
    if not is_code(code):
        raise translator_error(400035)
    return code


def _is_html(text_type: str | None) -> bool:
    kind = _TEXT_TYPES.get((text_type or "plain").lower())
    if kind is None:
        raise translator_error(400071)
    return kind


def _check_script(script: str | None, language: str | None) -> None:
    """The only supported script is the one that the language is written in."""
    if script and (language is None or script.title() != script_of(language)):
        raise translator_error(400073)


def _check_profanity(action: str | None) -> None:
    if action and action.lower() != "noaction":
        raise translator_error(400042, "Marking or deleting profanity is not supported.")


def _optional_text(members: dict[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise translator_error(400000, f"The member {name} must be a string.")
    return value


def boolean(value: str | None, *, default: bool) -> bool:
    """A boolean of the query. Raises ChatError 400."""
    if not value:
        return default
    flag = _BOOLEANS.get(value.lower())
    if flag is None:
        raise translator_error(400000, "A boolean must be true or false.")
    return flag
