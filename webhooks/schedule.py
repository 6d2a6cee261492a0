"""When a delivery is retried (events contract 4). Pure functions; times are milliseconds."""

from dataclasses import dataclass
from random import Random

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

# The pauses after the first, second, … attempt; the last one repeats.
PAUSES = (
    10 * SECOND,
    30 * SECOND,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    3 * HOUR,
    6 * HOUR,
    12 * HOUR,
)
# At least that long after an answer with this status.
_LEAST_PAUSES = {404: 5 * MINUTE, 408: 2 * MINUTE, 503: 30 * SECOND}
# Any other 2xx is a failure, and so is a redirect.
SUCCESSES = (200, 201, 202, 203, 204)
# Statuses that a retry would not change.
HOPELESS = (400, 401, 403, 413)
# A random part of the pause, up to this fraction, is added.
_JITTER = 0.1

# After this many consecutive failures new events are delayed, too.
PROBATION_AFTER = 10
_PROBATIONS = {
    "Busy": 10 * SECOND,
    "TimedOut": 10 * SECOND,
    "SocketError": 30 * SECOND,
    "NotFound": 5 * MINUTE,
    "ResolutionError": 5 * MINUTE,
    "Unauthorized": 5 * MINUTE,
    "Forbidden": 5 * MINUTE,
}
_OUTCOMES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    413: "PayloadTooLarge",
    504: "TimedOut",
}

DELIVERED = "Delivered"
MAX_ATTEMPTS = "MaxDeliveryAttemptsExceeded"
TIME_TO_LIVE = "TimeToLiveExceeded"
# Our own: Event Grid has no name for "no second attempt".
NOT_RETRYABLE = "NotRetryable"


@dataclass(frozen=True)
class Answer:
    """The result of a request; `outcome` is Event Grid's name for it."""

    outcome: str
    status: int | None
    started_ms: int
    latency_ms: int
    # The beginning of the body, or the error.
    text: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the events were delivered."""
        return self.outcome == DELIVERED

    @property
    def is_hopeless(self) -> bool:
        """Whether a retry would be useless."""
        return self.status in HOPELESS


def outcome_of(status: int) -> str:
    """Event Grid's name for an answer with that status."""
    if status in SUCCESSES:
        return DELIVERED
    return _OUTCOMES.get(status, "Busy" if status >= 429 else "Aborted")


def next_attempt_ms(attempts: int, answer: Answer, now_ms: int, chance: Random) -> int:
    """When the attempt after number `attempts` is due."""
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    pause += int(pause * _JITTER * chance.random())
    return now_ms + max(pause, _LEAST_PAUSES.get(answer.status or 0, 10 * SECOND))


def delayed_until_ms(failures: int, answer: Answer, now_ms: int) -> int:
    """Until when deliveries to an endpoint are delayed after that many consecutive failures."""
    if failures < PROBATION_AFTER:
        return 0
    return now_ms + _PROBATIONS.get(answer.outcome, 10 * SECOND)
