"""Fixtures for the tests of live events."""

import pytest

from live import hub, subscribers


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribers are checked all the time."""
    monkeypatch.setattr(hub, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(subscribers, "MAX_CHECK_SECONDS", 0.02)
    monkeypatch.setattr(hub, "REVOCATION_CHECK_SECONDS", 0.0)
