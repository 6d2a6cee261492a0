"""Makes the handshakes that are due and notes what came of them."""

import logging
import threading
from collections.abc import Callable

from django.db import transaction
from django.db.models import F

from webhooks.client import Client
from webhooks.handshake import Outcome, shake_hands
from webhooks.models import UNVALIDATED, EventSubscription, ProvisioningState
from webhooks.queue import LEASE_MS
from webhooks.senders import Senders
from webhooks.services import activate
from wire.times import now_ms

logger = logging.getLogger(__name__)

AT_ONCE = 16
_ATTEMPTS = 2
_PAUSE_MS = 5_000
MANUAL_MS = 10 * 60_000


class Validator:
    """One worker's handshakes. Only the thread that calls `work` touches the database."""

    def __init__(
        self,
        client: Client,
        *,
        clock: Callable[[], int] = now_ms,
        senders: Senders | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        self._senders = senders or Senders(AT_ONCE)
        self._lock = threading.Lock()
        self._outcomes: list[tuple[EventSubscription, Outcome]] = []
        self.news = threading.Event()

    def work(self) -> None:
        """Notes outcomes, begins the handshakes that are due, ends waits that were too long."""
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        for place, (subscription, outcome) in enumerate(outcomes):
            try:
                _note(subscription, outcome, self._clock())
            except Exception:
                # The database may be busy: those that come after it are noted next time. Its own
                # lease ends by itself, and then it is asked again.
                with self._lock:
                    self._outcomes += outcomes[place + 1 :]
                raise
        for subscription in _claim(self._clock(), min(self._senders.free, AT_ONCE)):
            self._senders.submit(lambda s=subscription: self._shake_hands(s))  # type: ignore[misc]
        _end_manual_validations(self._clock())

    def _shake_hands(self, subscription: EventSubscription) -> None:
        """Runs in a sender's thread."""
        try:
            outcome = shake_hands(subscription, self._client)
        except Exception as problem:
            logger.exception("A handshake failed")
            outcome = Outcome(ProvisioningState.FAILED, repr(problem))
        with self._lock:
            self._outcomes.append((subscription, outcome))
        self.news.set()


def _claim(now_ms: int, most: int) -> list[EventSubscription]:
    """Handshakes that are due and now ours; of two workers one gets each."""
    due = EventSubscription.objects.filter(
        validation_due_ms__lte=now_ms, provisioning_state__in=UNVALIDATED
    ).order_by("validation_due_ms")[:most]
    return [
        subscription
        for subscription in due
        if EventSubscription.objects.filter(
            pk=subscription.pk,
            validation_due_ms=subscription.validation_due_ms,
            validation_code=subscription.validation_code,
        ).update(
            validation_due_ms=now_ms + LEASE_MS, validation_attempts=F("validation_attempts") + 1
        )
    ]


def _note(handshake: EventSubscription, outcome: Outcome, now_ms: int) -> None:
    with transaction.atomic():
        # Whoever was validated by hand meanwhile, or changed, keeps that.
        subscription = (
            EventSubscription.objects.select_for_update()
            .filter(
                pk=handshake.pk,
                validation_code=handshake.validation_code,
                provisioning_state__in=UNVALIDATED,
            )
            .first()
        )
        if subscription is None:
            EventSubscription.objects.filter(
                pk=handshake.pk, validation_code=handshake.validation_code
            ).update(last_validation=outcome.record)
            return
        subscription.last_validation = outcome.record
        subscription.changed_ms = now_ms
        if outcome.state == ProvisioningState.SUCCEEDED:
            activate(subscription)
            subscription.allowed_rate = outcome.allowed_rate
        elif outcome.state == ProvisioningState.AWAITING_MANUAL_ACTION:
            subscription.provisioning_state = outcome.state
            subscription.manual_validation_until_ms = now_ms + MANUAL_MS
            subscription.validation_due_ms = None
        elif subscription.validation_attempts < _ATTEMPTS:
            subscription.validation_due_ms = now_ms + _PAUSE_MS
        else:
            subscription.provisioning_state = ProvisioningState.FAILED
            subscription.validation_due_ms = None
        subscription.save()


def _end_manual_validations(now_ms: int) -> None:
    waiting = EventSubscription.objects.filter(
        provisioning_state=ProvisioningState.AWAITING_MANUAL_ACTION,
        manual_validation_until_ms__lt=now_ms,
    )
    # Asked first: an UPDATE would take SQLite's write lock several times a second.
    if waiting.exists():
        waiting.update(provisioning_state=ProvisioningState.FAILED, changed_ms=now_ms)
