"""The test run itself: what it must not touch, and when it must not pass."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from load_testing.servers import CHECKOUT, clean_environment
from tests.machine import SKIPPED_THOUGH_REQUIRED

SAMPLE = """
import pytest

@pytest.mark.redis
def test_of_redis():
    pytest.skip("not installed")

def test_of_nothing_special():
    pytest.skip("just because")

def test_that_fails():
    assert {fails} is False
"""


def run_sample(
    folder: Path, *options: str, require: str, fails: bool = False
) -> "subprocess.CompletedProcess[str]":
    (folder / "test_sample.py").write_text(SAMPLE.format(fails=fails))
    # Without Django, which these runs have no use for.
    command = [sys.executable, "-m", "pytest", "-c", str(CHECKOUT / "pyproject.toml"), "-q"]
    command += ["-p", "no:django"]
    return subprocess.run(
        [*command, *options, str(folder)],
        cwd=CHECKOUT,
        env=clean_environment(folder, CHATSITE_TEST_REQUIRE=require),
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_no_test_touches_the_data_of_the_checkout() -> None:
    data = Path(os.environ["CHATSITE_DATA"])
    assert CHECKOUT not in data.parents
    assert settings.CHATSITE_DATA == data


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "with workers"])
def test_a_run_fails_when_it_skips_what_it_may_not(tmp_path: Path, options: list[str]) -> None:
    finished = run_sample(tmp_path, *options, require="sdk,redis")
    assert finished.returncode == SKIPPED_THOUGH_REQUIRED, finished.stdout
    assert "skipped, but required by CHATSITE_TEST_REQUIRE" in finished.stdout
    assert "test_of_redis" in finished.stdout
    assert "test_of_nothing_special" not in finished.stdout


def test_a_run_may_skip_what_nobody_requires(tmp_path: Path) -> None:
    assert run_sample(tmp_path, require="sdk").returncode == 0


def test_what_failed_beside_it_does_not_hide_that_something_was_skipped(tmp_path: Path) -> None:
    finished = run_sample(tmp_path, require="redis", fails=True)
    assert finished.returncode == SKIPPED_THOUGH_REQUIRED, finished.stdout
    assert run_sample(tmp_path, require="sdk", fails=True).returncode == 1
