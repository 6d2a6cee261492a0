"""`/healthz`: the process is running. `/readyz`: it can serve requests, and if not, why."""

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from channels import DEFAULT_CHANNEL_LAYER
from channels.layers import channel_layers
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from background.heartbeat import GONE_MS
from background.models import Worker
from webhooks.models import EventSubscription
from wire.times import now_ms

logger = logging.getLogger(__name__)

# A worker without a heartbeat for this long counts as stopped.
WORKER_GONE_MS = GONE_MS
_LAYER_SECONDS = 3.0
# How long successful checks of migrations and the channel layer are reused.
_CACHE_SECONDS = 5.0


class NotReady(Exception):
    """A check failed; the text is the reason, for the operator."""


@dataclass(frozen=True)
class Check:
    """The outcome of one check."""

    name: str
    is_ok: bool
    detail: str


def healthz(request: HttpRequest) -> HttpResponse:
    """200 whenever the process can respond; checks nothing else."""
    return _answer({"status": "ok"}, 200)


def readyz(request: HttpRequest) -> HttpResponse:
    """200 if requests can be served; otherwise 503 with the failed checks."""
    checks = list(run_checks())
    is_ready = all(check.is_ok for check in checks)
    body = {
        "status": "ready" if is_ready else "not ready",
        "checks": [{"name": c.name, "ok": c.is_ok, "detail": c.detail} for c in checks],
    }
    return _answer(body, 200 if is_ready else 503)


def _answer(body: object, status: int) -> HttpResponse:
    response = JsonResponse(body, status=status)
    response["Cache-Control"] = "no-store"
    return response


def run_checks() -> Iterator[Check]:
    """Runs all checks; those that need the database are skipped if it is not available."""
    database = _check("database", check_database)
    yield database
    if database.is_ok:
        yield _check("migrations", check_migrations)
        yield _check("workers", check_workers)
    yield _check("channel layer", check_channel_layer)


def _check(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name, True, check())
    except NotReady as problem:
        return Check(name, False, str(problem))
    except DatabaseError:
        logger.exception("Readiness check failed check=%r", name)
        return Check(name, False, "A database query failed; see the log.")


def check_database() -> str:
    """Runs a trivial query."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        logger.exception("Readiness check failed check=%r", "database")
        connection.close()
        raise NotReady("The database is not available; see the log.") from None
    return connection.vendor


class _CachedCheck:
    """A slow check whose last success is reused for a while."""

    def __init__(self, check: Callable[[], str]) -> None:
        self._check, self._until, self._detail = check, 0.0, ""

    def __call__(self) -> str:
        if time.monotonic() >= self._until:
            self._detail = self._check()
            self._until = time.monotonic() + _CACHE_SECONDS
        return self._detail


def _migrations() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise NotReady(f"{len(missing)} migrations are not applied; run `manage.py migrate`.")
    return "applied"


def check_workers() -> str:
    """Requires a live worker if anything needs one."""
    at_ms = now_ms()
    alive = Worker.objects.filter(stopped_ms=None, seen_ms__gte=at_ms - WORKER_GONE_MS).count()
    if alive:
        return f"{alive} running"
    if settings.CHATSITE_EMBEDDED_WORKER or EventSubscription.objects.exists():
        hint = (
            "it should run inside this server; see the log."
            if settings.CHATSITE_EMBEDDED_WORKER
            else "start `manage.py worker`."
        )
        raise NotReady(f"No worker has been seen for {WORKER_GONE_MS // 1000} seconds; {hint}")
    return "none running; none is needed"


def _channel_layer() -> str:
    """Sends a message through Redis and receives it. The in-memory layer is not checked."""
    if not settings.REDIS_URL:
        return "in memory"
    problems: list[BaseException] = []

    def run() -> None:
        # Uses its own event loop and layer: the server's layer is bound to the server's loop.
        try:
            asyncio.run(asyncio.wait_for(_round_trip(), _LAYER_SECONDS))
        except Exception as found:
            problems.append(found)

    thread = threading.Thread(target=run, name="ready-layer", daemon=True)
    thread.start()
    thread.join(_LAYER_SECONDS + 2)
    if problems or thread.is_alive():
        logger.error("Channel layer check failed error=%r", problems[0] if problems else "timeout")
        raise NotReady("The channel layer (REDIS_URL) does not deliver messages; see the log.")
    return "redis"


async def _round_trip() -> None:
    layer = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    try:
        channel = await layer.new_channel("ready")
        token = secrets.token_hex(8)
        await layer.send(channel, {"type": "ready", "token": token})
        received = await layer.receive(channel)
        if received["token"] != token:
            raise NotReady("The channel layer delivered a different message.")
    finally:
        # Closes the connections; publish/subscribe stores no messages that flush could delete.
        await layer.flush()


check_migrations = _CachedCheck(_migrations)
check_channel_layer = _CachedCheck(_channel_layer)
