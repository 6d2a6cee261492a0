"""Makes the handshakes that are due and records their outcomes."""

import logging
import threading
from collections.abc import Callable, Sequence

from django.db import transaction

from background.claims import claim_due
from webhooks.client import Client
from webhooks.handshake import Outcome, shake_hands
from webhooks.models import UNVALIDATED, EventSubscription, ProvisioningState
from webhooks.queue import LEASE_MS
from webhooks.senders import Senders
from webhooks.services import activate
from webhooks.wakeups import subscriptions_changed
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
        pending: threading.Event | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        self._senders = senders or Senders(AT_ONCE)
        self._lock = threading.Lock()
        self._outcomes: list[tuple[EventSubscription, Outcome]] = []
        self.pending = pending or threading.Event()

    @property
    def is_busy(self) -> bool:
        """Whether handshakes are running or not recorded yet."""
        return self._senders.is_busy or bool(self._outcomes)

    def work(self) -> None:
        """Records outcomes, starts due handshakes, ends manual validations that took too long."""
        with self._lock:
            outcomes, self._outcomes = self._outcomes, []
        for place, (subscription, outcome) in enumerate(outcomes):
            try:
                _record(subscription, outcome, self._clock())
            except Exception:
                # The database may be busy: the others are recorded next time. This one's lease
                # ends by itself, and then the handshake is made again.
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
            logger.exception("Handshake failed unexpectedly subscription=%s", subscription.pk)
            outcome = Outcome(ProvisioningState.FAILED, repr(problem))
        with self._lock:
            self._outcomes.append((subscription, outcome))
        self.pending.set()


def _claim(now_ms: int, most: int) -> Sequence[EventSubscription]:
    due = EventSubscription.objects.filter(
        validation_due_ms__lte=now_ms, provisioning_state__in=UNVALIDATED
    ).order_by("validation_due_ms")
    return claim_due(
        due,
        now_ms + LEASE_MS,
        most=most,
        due_field="validation_due_ms",
        attempts_field="validation_attempts",
    )


def _record(handshake: EventSubscription, outcome: Outcome, now_ms: int) -> None:
    with transaction.atomic():
        # A subscription that was validated manually meanwhile, or changed, keeps its state.
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
        subscriptions_changed()


def _end_manual_validations(now_ms: int) -> None:
    waiting = EventSubscription.objects.filter(
        provisioning_state=ProvisioningState.AWAITING_MANUAL_ACTION,
        manual_validation_until_ms__lt=now_ms,
    )
    # Checked first: an UPDATE would take SQLite's write lock at every poll.
    if waiting.exists():
        waiting.update(provisioning_state=ProvisioningState.FAILED, changed_ms=now_ms)
