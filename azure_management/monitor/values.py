"""Reading the members of the management API's JSON, each with a clear refusal."""

import re
from collections.abc import Mapping
from typing import Any

from wire.errors import ChatError

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?", re.ASCII)
_NAME_PART = r"[^*#&+:<>?@%{}\\/|\x00-\x1f\x7f]"
_NAME = re.compile(rf"{_NAME_PART}{{0,259}}(?<!\.)")
# Beyond what floats count exactly there is nothing to compare with.
_LARGEST = 1e15


def invalid(message: str) -> ChatError:
    """400 in the management API's words."""
    return ChatError(400, "BadRequest", message)


def check_name(name: str) -> str:
    """`name` itself. Raises ChatError 400."""
    if not name or _NAME.fullmatch(name) is None:
        raise invalid(
            "A name has up to 260 characters without * # & + : < > ? @ % { } \\ / | and without "
            "line breaks, and no dot at its end."
        )
    return name


def minutes_of(text: Any, name: str) -> int:
    """The minutes of an ISO 8601 duration. Raises ChatError 400."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise invalid(f"'{name}' is a duration such as PT5M, not {text!r:.50}.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + minutes


def duration_of(minutes: int) -> str:
    """The ISO 8601 duration of minutes."""
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def object_of(value: Any, name: str) -> dict[str, Any]:
    """The JSON object `value`, a member called `name`. Raises ChatError 400."""
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be an object.")
    return value


def list_of(value: Any, name: str) -> list[Any]:
    """The same for a list; nothing is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise invalid(f"'{name}' must be a list.")
    return value


def text_of(value: Any, name: str, *, most: int = 2000) -> str:
    """The same for a text of at most `most` characters."""
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        raise invalid(f"'{name}' must be a text of at most {most} characters.")
    return value


def number_of(value: Any, name: str) -> float:
    """The same for a number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise invalid(f"'{name}' must be a number, at most {_LARGEST:g}.")
    return float(value)


def whole_of(value: Any, name: str) -> int:
    """The same for a whole number."""
    number = number_of(value, name)
    if not number.is_integer():
        raise invalid(f"'{name}' must be a whole number.")
    return int(number)


def flag_of(value: Any, name: str) -> bool:
    """The same for true or false; nothing is true."""
    if value is None:
        return True
    if not isinstance(value, bool):
        raise invalid(f"'{name}' must be true or false.")
    return value


def place_of(body: Mapping[str, Any], default: str) -> dict[str, Any]:
    """The members that mean nothing here and are returned as they came."""
    return {
        "location": text_of(body.get("location") or default, "location", most=100),
        "tags": object_of(body.get("tags") or {}, "tags"),
    }
