"""Tests start without counts."""

from collections.abc import Iterator

import pytest

from identity.hosts import host_index
from monitoring import store
from monitoring.collector import collector


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    collector.take()
    collector._seen.clear()
    # The previous test's rows are gone, and with them the cached keys.
    store.series_cache.forget()
    host_index._read_at = float("-inf")
    yield
    collector.take()
    store.series_cache.forget()
