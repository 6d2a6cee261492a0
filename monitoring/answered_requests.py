"""What monitoring notes of a request when it is answered."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ApiOperation:
    """An operation of an API: the metric that counts it, and its name there."""

    metric: str
    name: str


@dataclass(slots=True)
class AnsweredRequest:
    """What is noted of a request when it is answered; the record is made of it later.

    Texts are as they came: they may be too long for their columns, or not storable.
    """

    operation: ApiOperation
    at_ms: int
    milliseconds: float
    status: int
    resource_id: UUID
    scheme: str
    host: str
    path: str
    query: str
    user_agent: str
    correlation_id: str
    address: str
    raw_id: str = ""
    scopes: frozenset[str] = frozenset()
    thread_id: str = ""
    message_id: str = ""
    error_code: str = ""
