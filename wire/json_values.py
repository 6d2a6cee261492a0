"""Checked reading of JSON members: each reader returns a typed value or raises ChatError 400.

`name` is the member's name for the error message. Protocols whose bodies have a fixed shape use
the serializers of `wire.fields`; these readers are for bodies that are read member by member.
"""

from typing import Any

from wire import times
from wire.errors import bad_request

# Floats represent whole numbers exactly up to about 9e15.
_LARGEST = 1e15


def read_object(value: Any, name: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise bad_request(f"'{name}' must be an object.")
    return value


def read_list(value: Any, name: str) -> list[Any]:
    """A list; null reads as an empty one."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise bad_request(f"'{name}' must be a list.")
    return value


def read_text(value: Any, name: str, *, max_length: int = 2000) -> str:
    """A text of at most `max_length` characters, without NUL."""
    if not isinstance(value, str) or len(value) > max_length or "\x00" in value:
        raise bad_request(f"'{name}' must be a text of at most {max_length} characters.")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_number(value: Any, name: str) -> float:
    """A number between -1e15 and 1e15."""
    if not _is_number(value) or abs(value) > _LARGEST:
        raise bad_request(f"'{name}' must be a number from {-_LARGEST:g} to {_LARGEST:g}.")
    return float(value)


def read_integer(value: Any, name: str, *, minimum: int, maximum: int) -> int:
    """A whole number between `minimum` and `maximum`, both included."""
    if not _is_number(value) or not minimum <= value <= maximum or value != int(value):
        raise bad_request(f"'{name}' must be a whole number from {minimum} to {maximum}.")
    return int(value)


def read_flag(value: Any, name: str, *, default: bool = True) -> bool:
    """True or false; null reads as `default`."""
    if value is None:
        return default
    if not isinstance(value, bool):
        raise bad_request(f"'{name}' must be true or false.")
    return value


def read_time(value: Any, name: str) -> int:
    """A time in RFC 3339, as epoch milliseconds."""
    try:
        return times.parse(value)
    except (TypeError, ValueError):
        raise bad_request(
            f"'{name}' must be a time in RFC 3339, for example 2026-11-23T06:00:00Z."
        ) from None
