"""The table of deliveries as a queue: claiming, acknowledging, trying again, giving up.

A claim (see `background.claims`) also leaves a token in the row. What a worker does with the row
afterwards counts only while its token is still there.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from background.claims import claim_due
from webhooks import dead_letters, schedule
from webhooks.client import TIMEOUT_SECONDS
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState, EventSubscription
from webhooks.models import ProvisioningState as State
from webhooks.requests import Batch, batches
from webhooks.schedule import Answer
from wire import telemetry

# Longer than the longest request, with time to spare before it begins and after it ends.
LEASE_MS = int(2.5 * TIMEOUT_SECONDS * 1000)
# How many rows a claim reads; as many as the largest request may hold.
_MOST_ROWS = 1000
_STORED_ANSWER = 1000


@dataclass(frozen=True)
class Result:
    """A batch and the answer to it."""

    batch: Batch
    answer: Answer


def due_subscriptions(
    now_ms: int, *, limit: int, after: int = 0, without: Iterable[int] = ()
) -> list[EventSubscription]:
    """Subscriptions to which something is due, by key, beginning after `after` and going round."""
    due = Delivery.objects.filter(
        subscription=OuterRef("pk"), state=DeliveryState.PENDING, due_ms__lte=now_ms
    )
    ready = (
        EventSubscription.objects.filter(
            Exists(due), provisioning_state=State.SUCCEEDED, delayed_until_ms__lte=now_ms
        )
        .exclude(pk__in=without)
        .order_by("pk")
    )
    found = list(ready.filter(pk__gt=after)[:limit])
    if len(found) < limit and after:
        found += ready.filter(pk__lte=after)[: limit - len(found)]
    return found


def claim(subscription: EventSubscription, now_ms: int, *, requests: int) -> list[Batch]:
    """Claims what is due for a subscription, for at most so many requests."""
    dead: list[Delivery] = []
    taken: list[Batch] = []

    def choose(rows: list[Delivery]) -> list[Delivery]:
        reasons = [_reason_to_give_up(row, subscription, now_ms) for row in rows]
        dead.extend(row for row, reason in zip(rows, reasons, strict=True) if reason)
        give_up(rows, reasons, now_ms)
        live = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
        # Rows beyond the last request are left to the next claim.
        taken.extend(list(batches(subscription, live))[:requests])
        return [row for batch in taken for row in batch.deliveries]

    with transaction.atomic():
        if subscription.allowed_rate:
            requests = _within_rate(subscription, requests, now_ms)
        claim_due(
            Delivery.objects.filter(
                subscription=subscription, state=DeliveryState.PENDING, due_ms__lte=now_ms
            ).order_by("due_ms", "id"),
            now_ms + LEASE_MS,
            most=min(requests * subscription.max_events_per_batch, _MOST_ROWS),
            choose=choose,
            lease=uuid.uuid4(),
        )
    dead_letters.write_files(dead)
    return taken


def _within_rate(subscription: EventSubscription, requests: int, now_ms: int) -> int:
    """Allows one request and delays the next one as the endpoint's rate demands."""
    pause = 60_000 // (subscription.allowed_rate or 1)
    mine = EventSubscription.objects.filter(pk=subscription.pk, delayed_until_ms__lte=now_ms)
    return mine.update(delayed_until_ms=now_ms + pause) and min(requests, 1)


def _reason_to_give_up(row: Delivery, subscription: EventSubscription, now_ms: int) -> str:
    if row.attempts >= subscription.max_delivery_attempts:
        return schedule.MAX_ATTEMPTS
    # Checked only when the next attempt is due.
    return schedule.TIME_TO_LIVE if row.expires_ms <= now_ms else ""


def release(batches_in_hand: Iterable[Batch], now_ms: int) -> None:
    """Releases what was claimed and not sent."""
    for rows in (batch.deliveries for batch in batches_in_hand):
        Delivery.objects.filter(
            pk__in=[row.pk for row in rows], lease=rows[0].lease, state=DeliveryState.PENDING
        ).update(lease=None, due_ms=now_ms, attempts=F("attempts") - 1)


def acknowledge(results: Sequence[Result], now_ms: int, chance: Random) -> None:
    """Records the answers to requests, all in one transaction."""
    dead: list[Delivery] = []
    with transaction.atomic():
        held = _still_held(results)
        _record_attempts(results, held)
        _finish([r for r in results if r.answer.is_success], held, now_ms)
        for result in results:
            if not result.answer.is_success:
                dead += _fail(result, held, now_ms, chance)
        _count_failures(results, now_ms)
    dead_letters.write_files(dead)


def _still_held(results: Sequence[Result]) -> set[int]:
    """The rows that are still claimed by this worker: not deleted, not claimed by another since."""
    tokens = {row.pk: row.lease for result in results for row in result.batch.deliveries}
    rows = Delivery.objects.select_for_update().filter(
        pk__in=tokens, lease__in=set(tokens.values()), state=DeliveryState.PENDING
    )
    return {pk for pk, lease in rows.values_list("pk", "lease") if tokens[pk] == lease}


def _record_attempts(results: Sequence[Result], held: set[int]) -> None:
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            delivery_id=row.pk,
            number=row.attempts,
            started_ms=result.answer.started_ms,
            latency_ms=result.answer.latency_ms,
            status=result.answer.status,
            outcome=result.answer.outcome,
            response=_storable(result.answer.text),
        )
        for result in results
        for row in result.batch.deliveries
        if row.pk in held
    )


def _storable(text: str) -> str:
    """The beginning of an answer, without characters that databases refuse."""
    return text[:_STORED_ANSWER].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _finish(results: Sequence[Result], held: set[int], now_ms: int) -> None:
    arrived = [row.pk for result in results for row in result.batch.deliveries if row.pk in held]
    if arrived:
        Delivery.objects.filter(pk__in=arrived).update(
            state=DeliveryState.DELIVERED,
            lease=None,
            last_attempt_ms=now_ms,
            last_outcome=schedule.DELIVERED,
            finished_ms=now_ms,
        )


def _fail(result: Result, held: set[int], now_ms: int, chance: Random) -> list[Delivery]:
    """Schedules the next attempt of a batch, or gives it up; returns the new dead letters."""
    answer = result.answer
    rows = [row for row in result.batch.deliveries if row.pk in held]
    for row in rows:
        row.lease, row.last_attempt_ms = None, answer.started_ms
        row.last_outcome = answer.outcome
        row.due_ms = schedule.next_attempt_ms(row.attempts, answer, now_ms, chance)
    Delivery.objects.bulk_update(
        rows, ["lease", "last_attempt_ms", "last_outcome", "due_ms"], batch_size=100
    )
    most = result.batch.subscription.max_delivery_attempts
    reasons = [
        schedule.NOT_RETRYABLE
        if answer.is_hopeless
        else schedule.MAX_ATTEMPTS
        if row.attempts >= most
        else ""
        for row in rows
    ]
    give_up(rows, reasons, now_ms)
    return [row for row, reason in zip(rows, reasons, strict=True) if reason]


def give_up(rows: Sequence[Delivery], reasons: Sequence[str], now_ms: int) -> None:
    """Turns the rows that have a reason into dead letters."""
    for reason in set(reasons) - {""}:
        those = [row for row, why in zip(rows, reasons, strict=True) if why == reason]
        for row in those:
            row.state, row.dead_letter_reason = DeliveryState.DEAD, reason
            row.finished_ms, row.lease = now_ms, None
        Delivery.objects.filter(pk__in=[row.pk for row in those]).update(
            state=DeliveryState.DEAD, dead_letter_reason=reason, finished_ms=now_ms, lease=None
        )
        _count_dead(those, reason)


def _count_dead(rows: Sequence[Delivery], reason: str) -> None:
    of = {row.subscription_id for row in rows}
    for subscription in EventSubscription.objects.filter(pk__in=of):
        telemetry.count(
            "WebhookDeadLetters",
            times=sum(row.subscription_id == subscription.pk for row in rows),
            resource_id=subscription.resource_id,
            Subscription=subscription.name,
            Reason=reason,
        )


def _count_failures(results: Sequence[Result], now_ms: int) -> None:
    """Counts consecutive failures, after which deliveries to an endpoint are delayed."""
    for pk in {result.batch.subscription.pk for result in results}:
        answers = [r.answer for r in results if r.batch.subscription.pk == pk]
        mine = EventSubscription.objects.filter(pk=pk)
        if any(answer.is_success for answer in answers):
            if any(r.batch.subscription.failures for r in results if r.batch.subscription.pk == pk):
                mine.update(failures=0)
            continue
        mine.update(failures=F("failures") + len(answers))
        failures = mine.values_list("failures", flat=True).first() or 0
        until = schedule.delayed_until_ms(failures, answers[-1], now_ms)
        if until:
            mine.update(delayed_until_ms=until)


def delete_some(deliveries: QuerySet[Delivery]) -> int:
    """Deletes the first of them with their attempts; returns how many.

    In slices: one statement over a million would hold up every other writer.
    """
    if not deliveries.exists():
        return 0
    with transaction.atomic():
        # Locked first, to wait for a worker that records an attempt of one at this moment.
        some = list(deliveries.select_for_update().values_list("pk", flat=True)[:_MOST_ROWS])
        Delivery.objects.filter(pk__in=some).delete()
    return len(some)


def expire_undeliverable(now_ms: int) -> int:
    """Gives up deliveries whose time to live ended while their endpoint was delayed or unvalidated.

    Returns how many.
    """
    waiting = list(
        Delivery.objects.filter(
            ~Q(subscription__provisioning_state=State.SUCCEEDED)
            | Q(subscription__delayed_until_ms__gt=now_ms),
            state=DeliveryState.PENDING,
            due_ms__lte=now_ms,
            expires_ms__lte=now_ms,
        )[:_MOST_ROWS]
    )
    if not waiting:
        return 0
    with transaction.atomic():
        locked = list(
            Delivery.objects.select_for_update().filter(
                pk__in=[row.pk for row in waiting],
                state=DeliveryState.PENDING,
                due_ms__lte=now_ms,
            )
        )
        give_up(locked, [schedule.TIME_TO_LIVE] * len(locked), now_ms)
    dead_letters.write_files(locked)
    return len(locked)
