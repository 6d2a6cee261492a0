"""Times of the protocol.

Inside the server a time is an int: epoch milliseconds, as in message ids. On the wire it is RFC
3339; responses have whole seconds, truncated.
"""

import re
import time
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)"
    r"(?:\.(\d{1,12}))?(?:([Zz])|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
# The format of startTime in the real service's next links.
_US = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,3}))? (AM|PM) \+00:00",
    re.ASCII,
)


def now_ms() -> int:
    """The current time in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def to_ms(moment: datetime) -> int:
    """Epoch milliseconds of an aware datetime, truncated."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC datetime of epoch milliseconds."""
    return EPOCH + timedelta(milliseconds=milliseconds)


def to_wire(milliseconds: int) -> str:
    """`yyyy-MM-ddTHH:mm:ssZ`: whole seconds, truncated (REST contract 3)."""
    return _second_to_wire(milliseconds // 1000)


@lru_cache(8192)
def _second_to_wire(seconds: int) -> str:
    # Messages of a page often share seconds, and formatting costs more than the rest of a message.
    if seconds >= 0:
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    moment = EPOCH + timedelta(seconds=seconds)
    # strftime does not pad years before 1000.
    return moment.replace(tzinfo=None).isoformat() + "Z"


def parse(text: str) -> int:
    """Epoch milliseconds of an RFC 3339 date-time with any fraction and offset.

    Raises ValueError for anything else, and for times outside the years 1 to 9999.
    """
    # In a query string an unescaped "+" of an offset arrives as a space.
    match = _RFC3339.fullmatch(text) or _RFC3339.fullmatch(re.sub(r" (\d\d:\d\d)$", r"+\1", text))
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 time")
    year, month, day, hour, minute, second, fraction, _, sign, off_hours, off_minutes = (
        match.groups()
    )
    zone = UTC
    if sign:
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        zone = timezone(offset if sign == "+" else -offset)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=zone
        ).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from error
    return to_ms(moment) + int((fraction or "0").ljust(3, "0")[:3])


def to_link(milliseconds: int) -> str:
    """The format of startTime in next links: `1/1/1970 12:00:00 AM +00:00` (REST contract 7)."""
    moment = from_ms(milliseconds)
    text = f"{moment.month}/{moment.day}/{moment.year:04} {moment.strftime('%I:%M:%S')}"
    if moment.microsecond:
        text += f".{moment.microsecond // 1000:03}"
    return f"{text} {'AM' if moment.hour < 12 else 'PM'} +00:00"


def parse_link(text: str) -> int:
    """Epoch milliseconds of a startTime in either format. Raises ValueError."""
    match = _US.fullmatch(re.sub(r" (\d\d:\d\d)$", r" +\1", text.replace("  ", " ")))
    if match is None:
        return parse(text)
    month, day, year, hour, minute, second, fraction, half = match.groups()
    if not 1 <= int(hour) <= 12:
        raise ValueError(f"{text!r} is not a time")
    hours = int(hour) % 12 + (12 if half == "PM" else 0)
    moment = datetime(int(year), int(month), int(day), hours, int(minute), int(second), tzinfo=UTC)
    return to_ms(moment) + int((fraction or "0").ljust(3, "0"))
