"""Fixtures for every room. What must happen before Django's settings is in tests/machine.py."""

import inspect
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import redis
from asgiref.sync import sync_to_async
from django.db import connections

from tests.ports import free_port

pytest_plugins = ["tests.cast", "tests.server"]


@pytest.fixture
async def _async_connections() -> AsyncIterator[None]:
    """Close the connection that the ORM keeps in its thread, or PostgreSQL's database stays."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture(autouse=True)
def _connections_of_async_tests(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request.node, "obj", None)):
        request.getfixturevalue("_async_connections")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The REDIS_URL of a server of our own; skips where redis-server is not installed."""
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
    deadline = time.monotonic() + 10
    with redis.Redis(host="127.0.0.1", port=port) as client:
        while True:
            try:
                client.ping()
                return
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
