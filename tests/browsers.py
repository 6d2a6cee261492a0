"""The installed Chromium, for all tests that need a browser."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

# How long an expectation waits: long, for busy machines; only a failing test takes the whole time.
PATIENCE_MS = 15_000


@contextmanager
def running_chromium(*options: str) -> Iterator[Browser]:
    """Chromium with command line options; skips if it is not installed.

    Its loop must end with a file's tests, so that the next file may have one of its own: use it in
    fixtures of modules.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    # Chromium's sandbox does not work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=[*options, *sandbox])
        yield launched
        launched.close()
