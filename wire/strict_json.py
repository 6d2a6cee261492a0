"""Strict JSON parsing and compact JSON output."""

import json
import math
from typing import Any, NoReturn

import orjson

from wire.errors import ChatError, bad_request


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise ValueError(f"{digits} is too large")
    return value


def parse_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; an empty body reads as `{}`.

    Raises ChatError 400 for anything that is not one UTF-8 JSON object, and for characters that a
    database cannot store or a client cannot read: NUL and unpaired surrogates.
    """
    if not body.strip():
        return {}
    value = parse_value(body)
    if not isinstance(value, dict):
        raise bad_request("The request body must be a JSON object.")
    return value


def parse_value(body: bytes) -> Any:
    """The JSON value in `body`, of any type. Raises ChatError 400 like `parse_object`."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
        if b"\\u" in body:
            _refuse_unstorable_text(value)
    except ChatError:
        raise
    except RecursionError:
        raise bad_request("The request body is nested too deeply.") from None
    except ValueError:
        # Invalid UTF-8, invalid JSON, NaN, a number with thousands of digits, or one like 1e999.
        raise bad_request("The request body is not valid JSON.") from None
    return value


def _refuse_unstorable_text(value: Any) -> None:
    # Only escape sequences can contain these: the decoders refuse unescaped ones.
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise bad_request("The request body contains an unpaired surrogate.") from None
    if "\\u0000" in text and _contains_nul(value):
        raise bad_request("The request body contains a NUL character.")


def _contains_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_contains_nul(key) or _contains_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(map(_contains_nul, value))


def render(value: object) -> bytes:
    """Compact UTF-8 JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def render_fast(value: object) -> bytes:
    """The same bytes as `render`, several times faster.

    Only for values without floating-point numbers, which orjson writes differently (`1e16` for
    `1e+16`), and without integers outside 64 bits. Raises TypeError for the latter.
    """
    return orjson.dumps(value)
