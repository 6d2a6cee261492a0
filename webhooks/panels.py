"""Panels of a subscription's admin page."""

from admin_toolkit.display import NOTHING, link, moment, source
from admin_toolkit.pages import Panel, PanelRow
from webhooks.delivery_pages import delivery_badge
from webhooks.eventgrid import PREFIX
from webhooks.forms import pretty
from webhooks.models import EventSubscription

_SHOWN_DELIVERIES = 20


def handshake_panel(subscription: EventSubscription) -> Panel:
    """The last handshake: request, response and problem."""
    record = subscription.last_validation
    if not record:
        return Panel("Last validation", [], [], note="The endpoint has not been validated yet.")
    request, response = record["request"], record.get("response")
    rows = [
        PanelRow(["Time", moment(record["at_ms"])]),
        PanelRow(["Request", source(f"{request['method']} {request['url']}")]),
        PanelRow(["Request headers", source(pretty(request["headers"]))]),
        PanelRow(["Request body", source(request["body"])]),
    ]
    if response:
        rows += [
            PanelRow(["Response", source(str(response["status"]))]),
            PanelRow(["Response headers", source(pretty(response["headers"]))]),
            PanelRow(["Response body", source(response["body"])]),
        ]
    return Panel("Last validation", ["", "Content"], rows, note=record.get("problem", ""))


def deliveries_panel(subscription: EventSubscription) -> Panel:
    """The latest deliveries, each a link to its attempts."""
    latest = subscription.deliveries.order_by("-id")[:_SHOWN_DELIVERIES]
    rows = [
        PanelRow(
            [
                link(delivery, delivery.event_type.removeprefix(PREFIX)),
                delivery_badge(delivery),
                delivery.attempts,
                delivery.last_outcome or NOTHING,
                moment(delivery.event_ms),
            ]
        )
        for delivery in latest
    ]
    columns = ["Event", "State", "Attempts", "Last outcome", "Happened"]
    return Panel("Latest deliveries", columns, rows, note="" if rows else "None yet.")
