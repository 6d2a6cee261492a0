"""Which resource a host name belongs to: its own, or the default one."""

import logging
import threading
import time
from uuid import UUID

from django.db import DatabaseError
from django.http import HttpRequest

from identity.models import Resource
from identity.services import ensure_default_resource

logger = logging.getLogger(__name__)

# For statements that look the resource up together with something else; one parameter, a host
# name in lower case.
RESOURCE_ID_SQL = """COALESCE(
    (SELECT id FROM identity_resource WHERE hostname = %s),
    (SELECT id FROM identity_resource WHERE is_default))"""


def host_name(host: str) -> str:
    """A Host header without its port."""
    return host if host.endswith("]") else host.rsplit(":", 1)[0] if ":" in host else host


def resource_of_host(name: str) -> Resource:
    """The resource that `name`, a host name without port, belongs to."""
    return Resource.objects.filter(hostname=name.lower()).first() or ensure_default_resource()


def resource_of(request: HttpRequest) -> Resource:
    """The resource that the request's host belongs to. Raises DisallowedHost."""
    return resource_of_host(host_name(request.get_host()))


class HostIndex:
    """The resources' host names in memory, read again every half minute.

    For counting only: recent changes may be missing.
    """

    SECONDS = 30.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._by_host: dict[str, UUID] = {}
        self._default: UUID | None = None

    def resource_id(self, name: str) -> UUID | None:
        """The id of the resource that `name` belongs to; None if it could never be read."""
        if time.monotonic() - self._read_at > self.SECONDS:
            try:
                self.read()
            except DatabaseError as error:
                logger.warning("Host names of resources could not be read error=%s", error)
        return self._by_host.get(name.lower(), self._default)

    def read(self) -> None:
        """Reads the host names from the database."""
        with self._lock:
            self._read_at = time.monotonic()
        rows = Resource.objects.values_list("id", "hostname", "is_default")
        by_host = {}
        for resource_id, hostname, is_default in rows:
            if hostname:
                by_host[hostname] = resource_id
            if is_default:
                self._default = resource_id
        self._by_host = by_host


host_index = HostIndex()
