"""Limits of one request, and of the requests of one user."""

from django.conf import settings
from django.db import connection

from admin_toolkit.display import quantity
from wire.errors import ChatError
from wire.times import now_ms

MESSAGE_CHARACTERS = 5_000
MESSAGES_PER_REQUEST = 20
TARGETS_PER_REQUEST = 5

_MINUTE_MS = 60_000

# Counts in one statement, so that it is exact with any number of server processes.
_COUNT = """
INSERT INTO cognitive_cognitiveuse (user_id, minute, requests) VALUES (%s, %s, 1)
ON CONFLICT (user_id) DO UPDATE SET
    requests = CASE WHEN cognitive_cognitiveuse.minute = excluded.minute
                    THEN cognitive_cognitiveuse.requests + 1 ELSE 1 END,
    minute = excluded.minute
RETURNING requests
"""


def count_request(user_id: int) -> int | None:
    """Counts a request of a user. Returns the seconds to wait if it exceeds the limit, else None.

    Counts per calendar minute, so that twice the limit is possible around the turn of a minute.
    """
    at_ms = now_ms()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [user_id, at_ms // _MINUTE_MS])
        (requests,) = cursor.fetchone()
    if requests <= settings.CHATSITE_COGNITIVE_REQUESTS:
        return None
    return -(-(_MINUTE_MS - at_ms % _MINUTE_MS) // 1000)


def enforce_request_limit(user_id: int) -> None:
    """Counts a request of a user. Raises ChatError 429, with Retry-After."""
    wait_s = count_request(user_id)
    if wait_s is not None:
        raise ChatError(
            429,
            "TooManyRequests",
            f"You may send at most {quantity(settings.CHATSITE_COGNITIVE_REQUESTS, 'request')}"
            f" per minute. Try again in {quantity(wait_s, 'second')}.",
            headers={"Retry-After": str(wait_s)},
        )
