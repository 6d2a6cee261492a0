"""Which resource a host name belongs to, known without asking the database each time."""

import logging
import threading
import time
from uuid import UUID

from django.db import DatabaseError

from identity.models import Resource
from monitoring.catalogue import SERVER

logger = logging.getLogger(__name__)

_SECONDS = 30.0


class Tenants:
    """Host names of resources, read again every half minute."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._by_host: dict[str, UUID] = {}
        self._default = SERVER

    def of_host(self, host: str) -> UUID:
        """The resource that answers for a host: its own, or the default one."""
        if time.monotonic() - self._read_at > _SECONDS:
            try:
                self.read()
            except DatabaseError:
                # What was known half a minute ago must do.
                logger.warning("The host names of resources could not be read")
        return self._by_host.get(host, self._default)

    def read(self) -> None:
        """Looks again."""
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


tenants = Tenants()
