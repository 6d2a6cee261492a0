"""Database work of the loop, in threads of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, connection

P = ParamSpec("P")
R = TypeVar("R")


class Desk:
    """A few threads that run queries for the loop, which must never wait for a database itself."""

    def __init__(self, name: str, threads: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """What `function` returns, run in one of the threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, lambda: _with_connection(function, *args, **kwargs)
        )


def _with_connection(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    try:
        return function(*args, **kwargs)
    except DatabaseError:
        # It may be broken, and the next query deserves a good one.
        connection.close()
        raise
    finally:
        # A pooled connection goes back to the pool; SQLite's own stays open.
        if connection.vendor != "sqlite" and not connection.in_atomic_block:
            connection.close()


# The hub's own reading is never queued behind that of sockets which come and go.
hub_desk = Desk("live-hub", 1)
socket_desk = Desk("live-socket", 2)
