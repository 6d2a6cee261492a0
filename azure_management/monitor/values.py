"""Values that Azure Monitor's JSON and query strings share: names, durations, location and tags."""

import re
from collections.abc import Mapping
from typing import Any

from wire.errors import bad_request
from wire.json_values import read_object, read_text
from wire.times import from_ms

_DURATION = re.compile(r"P(?:(\d{1,3})D)?(?:T(?:(\d{1,3})H)?(?:(\d{1,4})M)?)?", re.ASCII)
_NAME_CHARACTER = r"[^*#&+:<>?@%{}\\/|\x00-\x1f\x7f]"
_NAME = re.compile(rf"{_NAME_CHARACTER}{{0,259}}(?<!\.)")


def check_name(name: str) -> str:
    """Returns `name` if a rule or group can have it. Raises ChatError 400."""
    if not name or _NAME.fullmatch(name) is None:
        raise bad_request(
            "A name must have 1 to 259 characters, must not contain any of "
            "* # & + : < > ? @ % { } \\ / | or control characters, and must not end with a dot."
        )
    return name


def read_minutes(text: Any, name: str) -> int:
    """The whole minutes of an ISO 8601 duration. Raises ChatError 400."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None or not any(found.groups()):
        raise bad_request(f"'{name}' must be a duration such as PT5M, not {text!r:.50}.")
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return days * 1440 + hours * 60 + minutes


def duration(minutes: int) -> str:
    """Minutes as an ISO 8601 duration: `PT5M`, `PT6H`, `P1D`."""
    if minutes % 1440 == 0:
        return f"P{minutes // 1440}D"
    return f"PT{minutes // 60}H" if minutes % 60 == 0 else f"PT{minutes}M"


def whole_seconds(at_ms: int) -> str:
    """A time as `2026-11-23T06:00:00Z`."""
    return from_ms(at_ms).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_location_and_tags(body: Mapping[str, Any], default: str) -> dict[str, Any]:
    """The members that this server stores and returns without using them."""
    return {
        "location": read_text(body.get("location") or default, "location", max_length=100),
        "tags": read_object(body.get("tags") or {}, "tags"),
    }
