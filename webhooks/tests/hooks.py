"""Helpers for tests of webhooks: validated subscriptions, clocks, deliverers run step by step."""

import time
from dataclasses import dataclass
from random import Random
from typing import Any

from identity.models import Resource
from webhooks import dispatcher
from webhooks.client import Client
from webhooks.deliverer import Deliverer
from webhooks.matching import CurrentIndex
from webhooks.models import Delivery, EventSubscription, ProvisioningState
from webhooks.services import default_scope
from wire.times import now_ms

PREFIX = "Microsoft.Communication."


class NoChance(Random):
    """Random numbers without jitter."""

    def random(self) -> float:
        return 0.0


@dataclass
class Clock:
    """A clock that tests move."""

    now: int

    def __call__(self) -> int:
        return self.now

    def forward(self, *, seconds: float = 0, minutes: float = 0, hours: float = 0) -> None:
        self.now += int((seconds + minutes * 60 + hours * 3600) * 1000)


def subscribe(resource: Resource, url: str, name: str = "hook", **fields: Any) -> EventSubscription:
    """A subscription whose endpoint has been validated."""
    dispatcher.ensure_position()
    return EventSubscription.objects.create(
        resource=resource,
        name=name,
        scope=default_scope(resource),
        endpoint_url=url,
        **{
            "provisioning_state": ProvisioningState.SUCCEEDED,
            "active_from_ms": now_ms(),
            **fields,
        },
    )


def dispatch() -> list[Delivery]:
    """All deliveries, after the log has been followed to its end."""
    index = CurrentIndex()
    while dispatcher.dispatch(index):
        pass
    return list(Delivery.objects.order_by("id"))


class SteppedDeliverer:
    """A deliverer that runs when the test says so, on the test's clock."""

    def __init__(self, clock: Clock | None = None) -> None:
        self.clock = clock or Clock(now_ms())
        self.deliverer = Deliverer(Client(), clock=self.clock, chance=NoChance())

    def deliver(self, seconds: float = 20) -> None:
        """Sends what is due at this time of the clock, until nothing is left."""
        deadline = time.monotonic() + seconds
        while self.deliverer.work() or self.deliverer.is_busy:
            assert time.monotonic() < deadline
            self.deliverer.pending.wait(0.01)
            self.deliverer.pending.clear()


def types_of(events: list[dict[str, Any]]) -> list[str]:
    """The event types without their prefix."""
    return [(e.get("eventType") or e["type"]).removeprefix(PREFIX) for e in events]
