"""The timeline of a message: requests, storage, live events, webhook deliveries, read receipts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from admin_toolkit.display import moment, page_of, quantity
from events.models import Event
from messaging.models import ChatMessage, ReadReceipt
from monitoring.models import MINUTE_MS, RequestRecord
from threads.audience import audiences
from webhooks import eventgrid
from webhooks.models import Delivery, DeliveryAttempt, DeliveryState

Kind = Literal["", "good", "warn", "bad"]

_EVENTS = ("ChatMessageReceived", "ChatMessageEdited", "ChatMessageDeleted")
_MAX_READERS = 50
_MAX_ROWS = 100


@dataclass(frozen=True)
class TimelineEntry:
    """One event in a message's history."""

    at_ms: int
    title: str
    text: str = ""
    kind: Kind = ""
    url: str = ""


def timeline_of(message: ChatMessage) -> list[TimelineEntry]:
    """Everything known about a message, in order of time."""
    events = list(_events(message))
    entries = [
        *_requests(message),
        TimelineEntry(
            message.message_id,
            "Stored",
            f"with sequence number {message.sequence} in its thread",
            "good",
        ),
        *(entry for event in events for entry in _published(event)),
        *_deliveries(events),
        *_read_receipts(message),
    ]
    return sorted(entries, key=lambda entry: entry.at_ms)


def _requests(message: ChatMessage) -> Iterator[TimelineEntry]:
    """Requests about the message, if the request log is enabled."""
    records = RequestRecord.objects.filter(
        chat_thread_id=message.thread.thread_id, chat_message_id=str(message.message_id)
    ).order_by("time_ms")[:_MAX_ROWS]
    titles = {
        "SendChatMessage": "Accepted",
        "UpdateChatMessage": "Edit requested",
        "DeleteChatMessage": "Deletion requested",
        "SendReadReceipt": "Read receipt",
        "GetChatMessage": "Fetched",
    }
    for record in records:
        text = (
            f"{record.operation_name} answered {record.result_signature} after "
            f"{record.duration_ms:,.1f} ms{f', {record.sdk_type}' if record.sdk_type else ''}"
            f"{f', correlation id {record.correlation_id}' if record.correlation_id else ''}"
        )
        title = titles.get(record.operation_name, record.operation_name)
        kind: Kind = "good" if record.result_signature < 400 else "bad"
        # Records have the time of the response; the timeline shows the start of the request.
        began_ms = record.time_ms - round(record.duration_ms)
        yield TimelineEntry(began_ms, title, text, kind, page_of(record))


def _events(message: ChatMessage) -> Iterable[Event]:
    """The message's events, while the event log keeps them."""
    return [
        event
        for event in Event.objects.filter(
            thread_id=message.thread.thread_id,
            type__in=_EVENTS,
            at_ms__gte=message.message_id - MINUTE_MS,
            data__message_id=message.message_id,
        ).order_by("sequence")[:_MAX_ROWS]
    ]


def _published(event: Event) -> Iterator[TimelineEntry]:
    people = audiences([(event.thread_id, event.sequence)]).get(
        (event.thread_id, event.sequence), []
    )
    count = quantity(len(people), "participant")
    what = {
        "ChatMessageReceived": "Published",
        "ChatMessageEdited": "Edit published",
        "ChatMessageDeleted": "Deletion published",
    }[event.type]
    text = f"to the live connections of {count}; event {event.sequence} of the thread"
    yield TimelineEntry(event.at_ms, what, text, "good")


def _deliveries(events: Iterable[Event]) -> Iterator[TimelineEntry]:
    """Webhook deliveries of the message, with every attempt."""
    ids = [rendered.id for row in events for rendered in _rendered(row)]
    deliveries = Delivery.objects.filter(event_id__in=ids).select_related("subscription")
    for delivery in deliveries[:_MAX_ROWS]:
        name = f"webhook {delivery.subscription.name}"
        kind_of_event = delivery.event_type.rpartition(".")[2]
        yield TimelineEntry(delivery.created_ms, f"Matched by {name}", kind_of_event)
        attempts = DeliveryAttempt.objects.filter(delivery=delivery).order_by("number")
        for attempt in attempts[:_MAX_ROWS]:
            yield TimelineEntry(
                attempt.started_ms,
                f"Delivery attempt {attempt.number} to {name}",
                f"{attempt.outcome}{f' ({attempt.status})' if attempt.status else ''} after "
                f"{attempt.latency_ms:,} ms",
                "good" if attempt.outcome == "Delivered" else "warn",
            )
        if delivery.state == DeliveryState.DEAD and delivery.finished_ms:
            text = f"{delivery.dead_letter_reason}, after {quantity(delivery.attempts, 'attempt')}"
            yield TimelineEntry(delivery.finished_ms, f"Dead-lettered for {name}", text, "bad")


def _rendered(row: Event) -> Iterator[Any]:
    event = row.event()
    yield from eventgrid.per_thread(event)
    people = audiences([(row.thread_id, row.sequence)]).get((row.thread_id, row.sequence), [])
    yield from eventgrid.per_user(event, people)


def _read_receipts(message: ChatMessage) -> Iterator[TimelineEntry]:
    """Users who have read the message; only the last receipt of each user is kept."""
    receipts = (
        ReadReceipt.objects.filter(thread=message.thread, message_id__gte=message.message_id)
        .select_related("user")
        .order_by("read_ms")
    )
    for receipt in receipts[:_MAX_READERS]:
        is_exact = receipt.message_id == message.message_id
        text = receipt.user.raw_id if is_exact else f"{receipt.user.raw_id}, with a later message"
        yield TimelineEntry(receipt.read_ms, "Read", text, "good", page_of(receipt.user))


def timeline_page(request: HttpRequest) -> HttpResponse:
    """The timeline page; `message` in the query is the message's primary key."""
    if not request.user.has_perm("messaging.view_chatmessage"):
        raise PermissionDenied
    key = request.GET.get("message", "")
    message = (
        ChatMessage.objects.select_related("thread").filter(pk=key).first()
        if key.isdecimal() and len(key) < 19
        else None
    )
    if message is None:
        raise Http404
    entries = timeline_of(message)
    first = entries[0].at_ms
    context = {
        **admin.site.each_context(request),
        "opts": ChatMessage._meta,
        "original": message,
        "title": "Timeline",
        "subtitle": f"Message {message.message_id}",
        "entries": [(entry, moment(entry.at_ms), _since(entry.at_ms - first)) for entry in entries],
    }
    return TemplateResponse(request, "admin/monitoring/timeline.html", context)


def _since(milliseconds: int) -> str:
    if milliseconds < 1000:
        return f"+{milliseconds} ms"
    seconds = milliseconds / 1000
    return f"+{seconds:,.1f} s" if seconds < 600 else f"+{seconds / 60:,.0f} min"
