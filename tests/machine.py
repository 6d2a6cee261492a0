"""A pytest plugin that prepares the environment before Django reads its settings.

Loaded by `-p tests.machine` in pyproject.toml, because a conftest.py comes too late: the data
folder and the database are chosen by environment variables. Every test run has its own data
folder and, with `--database postgresql`, its own PostgreSQL server.
"""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path

import pytest

from load_testing import postgresql

# Set by the process that prepared the run; the workers of pytest-xdist inherit it.
PREPARED = "CHATSITE_TEST_PREPARED"
REQUIRED = "CHATSITE_TEST_REQUIRE"
# The exit code of a run in which a required test was skipped; tests/run.sh does not repeat it.
SKIPPED_THOUGH_REQUIRED = 9

_cleanup = contextlib.ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("chatsite")
    group.addoption(
        "--database",
        choices=["sqlite", "postgresql"],
        default="sqlite",
        help="the database of the tests (default: sqlite)",
    )


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Choose folder and database before pytest-django reads the settings."""
    if PREPARED not in os.environ:
        _prepare(early_config.known_args_namespace.database)
    yield


def _prepare(database: str) -> None:
    for name in [n for n in os.environ if n.startswith("CHATSITE_")]:
        if not name.startswith("CHATSITE_TEST_"):
            del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    folder = Path(tempfile.mkdtemp(prefix="chatsite-test-"))
    _cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
    os.environ["CHATSITE_DATA"] = str(folder)
    if database == "postgresql":
        try:
            os.environ["DATABASE_URL"] = _cleanup.enter_context(postgresql.running_server())
        except postgresql.ProgramMissing as problem:
            raise pytest.UsageError(str(problem)) from None
    os.environ[PREPARED] = database
    _cleanup.callback(os.environ.pop, PREPARED, None)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop and remove what this process prepared (workers prepare nothing)."""
    _cleanup.close()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect the tests that are only for PostgreSQL in a run on SQLite."""
    if config.getoption("--database") == "postgresql":
        return
    others = [item for item in items if item.get_closest_marker("postgresql")]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not item.get_closest_marker("postgresql")]


def required_marks() -> set[str]:
    """The kinds of tests that may not be skipped in this run, from CHATSITE_TEST_REQUIRE."""
    return {name.strip() for name in os.environ.get(REQUIRED, "").split(",") if name.strip()}


def _skipped_though_required(reports: Iterable[pytest.TestReport]) -> list[str]:
    required = required_marks()
    return [r.nodeid for r in reports if required & set(getattr(r, "marks", ()))]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the marks to the report: the main process needs them."""
    report = yield
    vars(report)["marks"] = sorted({mark.name for mark in item.iter_markers()})
    return report


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, None, None]:
    """Fail the run if a required kind of test was skipped."""
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("PYTEST_XDIST_WORKER"):
        return
    skipped = _skipped_though_required(reporter.stats.get("skipped", []))
    if skipped and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        session.exitstatus = SKIPPED_THOUGH_REQUIRED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """List the required tests that were skipped."""
    skipped = _skipped_though_required(terminalreporter.stats.get("skipped", []))
    if skipped:
        terminalreporter.section(f"skipped, but required by {REQUIRED}", red=True)
        for nodeid in skipped:
            terminalreporter.line(nodeid)
