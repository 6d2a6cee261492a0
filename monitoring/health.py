"""`/healthz`: the process answers. `/readyz`: it can do its work, and if not, why."""

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

from background.models import Worker
from webhooks.models import EventSubscription
from wire.times import now_ms

logger = logging.getLogger(__name__)

# A worker that has not been seen for so long is not there.
WORKER_GONE_MS = 30_000
_LAYER_SECONDS = 3.0
# Migrations and the channel layer are not asked again for every probe.
_CACHE_SECONDS = 5.0


class NotReady(Exception):
    """The reason, in a sentence for the operator."""


@dataclass(frozen=True)
class Check:
    """How one part is."""

    name: str
    is_ok: bool
    detail: str


def healthz(request: HttpRequest) -> HttpResponse:
    """The process is alive; nothing else is asked."""
    return _answer({"status": "ok"}, 200)


def readyz(request: HttpRequest) -> HttpResponse:
    """200 when requests can be served, else 503 with what is wrong."""
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
    """Every part in turn. Without a database the others cannot be asked."""
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
        logger.exception("The check of %s failed", name)
        return Check(name, False, "The database does not answer as it should; see the log.")


def check_database() -> str:
    """A statement has an answer."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:
        logger.exception("The database does not answer")
        connection.close()
        raise NotReady("The database does not answer; the log says why.") from None
    return connection.vendor


class _CachedCheck:
    """The last success of a check that takes its time."""

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
    """Somebody works in the background."""
    at_ms = now_ms()
    alive = Worker.objects.filter(stopped_ms=None, seen_ms__gte=at_ms - WORKER_GONE_MS).count()
    if alive:
        return f"{alive} at work"
    if settings.CHATSITE_EMBEDDED_WORKER or EventSubscription.objects.exists():
        hint = (
            "it should run inside this server; the log says why it does not."
            if settings.CHATSITE_EMBEDDED_WORKER
            else "start `manage.py worker`."
        )
        raise NotReady(f"No worker has been seen for {WORKER_GONE_MS // 1000} seconds; {hint}")
    return "none, and nothing needs one"


def _channel_layer() -> str:
    """A message to ourselves arrives. In memory there is nothing that could fail."""
    if not settings.REDIS_URL:
        return "in memory"
    problems: list[BaseException] = []

    def run() -> None:
        # A loop and a layer of its own: the server's belong to the server's loop.
        try:
            asyncio.run(asyncio.wait_for(_round_trip(), _LAYER_SECONDS))
        except Exception as found:
            problems.append(found)

    thread = threading.Thread(target=run, name="ready-layer", daemon=True)
    thread.start()
    thread.join(_LAYER_SECONDS + 2)
    if problems or thread.is_alive():
        logger.error("The channel layer does not answer: %r", problems)
        raise NotReady("The channel layer (REDIS_URL) does not pass messages on; the log says why.")
    return "redis"


async def _round_trip() -> None:
    layer = channel_layers.make_backend(DEFAULT_CHANNEL_LAYER)
    try:
        channel = await layer.new_channel("ready")
        token = secrets.token_hex(8)
        await layer.send(channel, {"type": "ready", "token": token})
        received = await layer.receive(channel)
        if received["token"] != token:
            raise NotReady("Another message came back.")
    finally:
        # Closes its connections; with publish and subscribe nothing is kept that could be lost.
        await layer.flush()


check_migrations = _CachedCheck(_migrations)
check_channel_layer = _CachedCheck(_channel_layer)
