"""The webhook threads of a worker: dispatching, delivering, validating endpoints.

They are woken by changes in this process (`webhooks.wakeups`). Work that other processes create is
found by polling: at a short interval while there are subscriptions, at a long one otherwise.
"""

import uuid
from functools import partial

from background.activity import activity
from background.loops import Loop
from background.parts import Counts
from background.scheduler import Job, LeasedScheduler
from webhooks import dispatcher, wakeups
from webhooks.client import Client
from webhooks.deletion import Notifier
from webhooks.deliverer import Deliverer
from webhooks.validator import Validator
from wire.times import now_ms

# While a subscription is active, and for handshakes while there is a subscription.
POLL_SECONDS = 0.25
HANDSHAKE_POLL_SECONDS = 1.0
# Without one.
IDLE_POLL_SECONDS = 30.0
# An active index is compared with the database this often, beside what each event does.
_INDEX_SECONDS = 5.0
# Several events share one pass of the dispatcher.
_SPACING_SECONDS = 0.025
# While no subscription is active the position follows the log at most this often.
_SKIP_MS = 60_000
# How long the end of a worker waits for answers of endpoints.
STOP_SECONDS = 3.0


class WebhooksPart:
    """See `settings.WORKER_PARTS`."""

    def __init__(self, worker_id: uuid.UUID) -> None:
        self._client = Client()
        self._deliverer = Deliverer(self._client, pending=wakeups.deliveries_pending)
        self._validator = Validator(self._client, pending=wakeups.handshakes_pending)
        self._notifier = Notifier(self._client, pending=wakeups.handshakes_pending)
        self._index = wakeups.index
        self._dispatching = LeasedScheduler(
            "dispatch", worker_id, [Job("dispatch", self._dispatch, 0)]
        )
        self._has_position = self._has_handshakes = False
        self._dispatched = self._skipped_ms = 0
        # The versions of the index whose deliveries and handshakes have been looked for.
        self._delivered_version = self._validated_version = -1
        self.loops = (
            Loop(
                "webhooks-dispatch",
                self._follow,
                finish=self._dispatching.end,
                pending=wakeups.events_pending,
                spacing=_SPACING_SECONDS,
            ),
            Loop(
                "webhooks-deliver",
                self._deliver,
                finish=partial(self._deliverer.finish, STOP_SECONDS),
                pending=wakeups.deliveries_pending,
            ),
            Loop("webhooks-validate", self._validate, pending=wakeups.handshakes_pending),
        )

    def start(self) -> None:
        """Forgets what this process knew: other processes may have changed it."""
        self._index.invalidate()
        self._index.is_followed = True

    def stop(self) -> None:
        """Closes the connections to endpoints."""
        self._index.is_followed = False
        self._client.close_idle(older_than=0)

    def counts(self) -> Counts:
        """Events delivered and failed so far."""
        return Counts(self._deliverer.delivered, self._deliverer.failed)

    # --- Dispatching

    def _follow(self) -> float:
        if not self._has_position:
            dispatcher.ensure_position()
            self._has_position = True
        if self._index.age_seconds >= _INDEX_SECONDS:
            self._refresh()
        if not self._index.is_empty:
            # Sweeps and gauges concern pending deliveries of any subscription.
            activity.note()
        if not self._index.recent(float("inf")):
            return self._without_subscriptions(now_ms())
        self._dispatched = 0
        self._dispatching.work(now_ms())
        if self._dispatched >= dispatcher.EVENTS_PER_PASS:
            return 0
        return _SPACING_SECONDS if self._dispatched else POLL_SECONDS

    def _refresh(self) -> None:
        before = self._index.version
        self._index.get()
        if self._index.version != before:
            wakeups.deliveries_pending.set()
            wakeups.handshakes_pending.set()

    def _without_subscriptions(self, at_ms: int) -> float:
        """Lets the position follow the log slowly, so that the first subscription starts soon."""
        if self._index.is_settling:
            return HANDSHAKE_POLL_SECONDS
        if activity.last_ms > self._skipped_ms and at_ms - self._skipped_ms >= _SKIP_MS:
            dispatcher.skip_to_end(self._index)
            self._skipped_ms = at_ms
        return IDLE_POLL_SECONDS

    def _dispatch(self, at_ms: int) -> None:
        self._dispatched = dispatcher.dispatch(self._index) + dispatcher.replay_some()
        if self._dispatched:
            wakeups.deliveries_pending.set()

    # --- Delivering and validating

    def _deliver(self) -> float:
        version = self._index.version
        if self._is_idle(self._delivered_version) and not self._deliverer.is_busy:
            return IDLE_POLL_SECONDS
        has_worked = self._deliverer.work()
        self._delivered_version = version
        return 0 if has_worked else POLL_SECONDS

    def _validate(self) -> float:
        self._client.close_idle()
        version = self._index.version
        if self._is_idle(self._validated_version) and not self._has_handshakes:
            return IDLE_POLL_SECONDS
        self._validator.work()
        self._has_handshakes = self._notifier.work() or self._validator.is_busy
        self._validated_version = version
        return HANDSHAKE_POLL_SECONDS

    def _is_idle(self, handled_version: int) -> bool:
        """Whether there are no subscriptions, and none has changed since that version."""
        return self._index.is_empty and self._index.version == handled_version
