"""How much one request, and one user, may ask for."""

from django.conf import settings
from django.db import connection

from wire.errors import ChatError
from wire.times import now_ms

# Characters of one message; a page of messages; languages of one request.
MESSAGE_CHARACTERS = 5_000
MESSAGES = 20
TARGETS = 5

_MINUTE_MS = 60_000

# One statement for count and limit, so that any number of server processes count together.
_TAKE = """
INSERT INTO cognitive_cognitiveuse (user_id, minute, requests) VALUES (%s, %s, 1)
ON CONFLICT (user_id) DO UPDATE SET
    requests = CASE WHEN cognitive_cognitiveuse.minute = excluded.minute
                    THEN cognitive_cognitiveuse.requests + 1 ELSE 1 END,
    minute = excluded.minute
RETURNING requests
"""


def take(user_id: int) -> int | None:
    """Counts a request of a user; the seconds to wait when it is one too many, else None.

    Minutes are those of the clock: around a full one twice as many may come.
    """
    at_ms = now_ms()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [user_id, at_ms // _MINUTE_MS])
        (requests,) = cursor.fetchone()
    if requests <= settings.CHATSITE_COGNITIVE_REQUESTS:
        return None
    return -(-(_MINUTE_MS - at_ms % _MINUTE_MS) // 1000)


def require_turn(user_id: int) -> None:
    """Counts a request of a user. Raises ChatError 429, with Retry-After."""
    wait_s = take(user_id)
    if wait_s is not None:
        raise ChatError(
            429,
            "TooManyRequests",
            f"At most {settings.CHATSITE_COGNITIVE_REQUESTS} requests a minute are answered."
            f" Try again in {wait_s} seconds.",
            headers={"Retry-After": str(wait_s)},
        )
