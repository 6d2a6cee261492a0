"""The list of accepted differences is what users are told about them."""

from __future__ import annotations

import pytest

from .differences import ACCEPTED
from .recordings import ROOT


@pytest.mark.parametrize("name", sorted({entry.name for entry in ACCEPTED}))
def test_every_accepted_difference_is_documented(name: str) -> None:
    """docs/compatibility.md explains each under its name."""
    assert f"| {name} |" in (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
