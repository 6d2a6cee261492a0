"""Database work of the event loop, in threads of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseExecutor:
    """A few threads that run queries, so that the event loop never waits for the database."""

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `function`, called in one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, lambda: _with_connection(function, *args, **kwargs)
        )


def _with_connection(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return function(*args, **kwargs)
    except DatabaseError:
        # The connection may be broken; the next query opens a new one.
        connection.close()
        raise
    finally:
        # A pooled connection goes back to the pool; SQLite's own stays open.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close()


# The hub's reading of the log never queues behind connections that open and close.
hub_database = DatabaseExecutor("live-hub", 1)
connection_database = DatabaseExecutor("live-socket", 2)
