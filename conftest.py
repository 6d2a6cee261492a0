"""Fixtures for every room. tests/machine.py prepares what Django's settings need."""

import contextlib
import inspect
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import redis
from asgiref.sync import sync_to_async
from django.core.management.commands import flush
from django.db import connections

from load_testing.ports import free_port
from tests.waiting import wait_until

pytest_plugins = ["tests.cast", "tests.server"]

# Django fills these after every migration, always with the same rows.
_KEPT_TABLES = {"auth_permission", "django_content_type"}


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> Iterator[None]:
    """Keep these tables when the database is flushed after a test.

    Django would empty and fill them again after every test, which takes longer than most tests.
    """

    def sql_of(
        style: Any, connection: Any, reset_sequences: bool = True, allow_cascade: bool = False
    ) -> list[str]:
        tables = connection.introspection.django_table_names(
            only_existing=True, include_views=False
        )
        wiped = [table for table in tables if table not in _KEPT_TABLES]
        statements: list[str] = connection.ops.sql_flush(
            style, wiped, reset_sequences=reset_sequences, allow_cascade=allow_cascade
        )
        return statements

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", sql_of)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args: None)
        yield


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--short-path`: test clients meet the short path first, as clients of a server do."""
    parser.addoption("--short-path", action="store_true", help="test clients use the short path")


@pytest.fixture(scope="session", autouse=True)
def _short_path(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if request.config.getoption("--short-path"):
            from tests import short_path

            short_path.install(patch)
        yield


@pytest.fixture
async def _async_connections() -> AsyncIterator[None]:
    """Close the connection in the ORM's thread: PostgreSQL cannot drop a database in use."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _connections_of_async_tests(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_async_connections")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The REDIS_URL of a server for this run; skips if redis-server is not installed."""
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("redis-server is not installed (apt-get install redis-server)")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for_redis(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_redis(port: int) -> None:
    with redis.Redis(host="127.0.0.1", port=port) as client:

        def answers() -> bool:
            with contextlib.suppress(redis.ConnectionError):
                return bool(client.ping())
            return False

        wait_until(answers, seconds=10, failure="redis-server did not start in time")
