"""What monitoring records about a request when it is answered."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class ApiOperation:
    """An operation of an API: the metric that counts it, and its name there."""

    metric: str
    name: str


@dataclass(slots=True)
class AnsweredRequest:
    """An answered request, from which its row in the request log is made later.

    Texts are as received: too long for their columns, perhaps, or not storable in a database.
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
