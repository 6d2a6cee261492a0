"""Action groups: the management API's JSON, checked, and back."""

from collections.abc import Mapping
from typing import Any

from azure_management.monitor.values import flag_of, invalid, list_of, object_of, place_of, text_of
from monitoring.alerts.forms import address_problem
from monitoring.alerts.models import ActionGroup, Receiver, ReceiverKind

# As many as a group has in the admin.
MOST_RECEIVERS = 20


def address_of(group: ActionGroup) -> str:
    """The id by which rules name a group."""
    return f"{group.scope}/providers/Microsoft.Insights/actionGroups/{group.name}"


def read_group(body: Mapping[str, Any], group: ActionGroup) -> list[Receiver]:
    """Puts `body` into `group`; returns its unsaved receivers. Raises ChatError 400."""
    given = object_of(body.get("properties"), "properties")
    short = text_of(given.get("groupShortName"), "groupShortName", most=12)
    if not short:
        raise invalid("'groupShortName' must have 1 to 12 characters.")
    group.short_name, group.is_enabled = short, flag_of(given.get("enabled"), "enabled")
    group.definition = {
        **place_of(body, "Global"),
        "properties": dict(given),
    }
    receivers = [
        *_receivers(given, "emailReceivers", "emailAddress", ReceiverKind.EMAIL),
        *_receivers(given, "webhookReceivers", "serviceUri", ReceiverKind.WEBHOOK),
    ]
    if len(receivers) > MOST_RECEIVERS:
        raise invalid(
            f"The group has {len(receivers)} receivers; at most {MOST_RECEIVERS} can be used."
        )
    for receiver in receivers:
        problem = address_problem(receiver.kind, receiver.address)
        if problem:
            raise invalid(f"The receiver '{receiver.name}': {problem}")
    return receivers


def _receivers(
    given: Mapping[str, Any], member: str, address: str, kind: ReceiverKind
) -> list[Receiver]:
    return [
        Receiver(
            name=text_of(object_of(each, member).get("name"), f"{member}.name", most=100),
            kind=kind,
            address=text_of(each.get(address), f"{member}.{address}"),
        )
        for each in list_of(given.get(member), member)
    ]


def unsupported_receivers(group: ActionGroup) -> list[str]:
    """What the management API was given and nobody here can serve."""
    given = (group.definition or {}).get("properties") or {}
    served = ("emailReceivers", "webhookReceivers")
    return [
        f"{member.removesuffix('Receivers')}: {each.get('name', '')}"
        for member, entries in sorted(given.items())
        if member.endswith("Receivers") and member not in served and isinstance(entries, list)
        for each in entries
        if isinstance(each, dict)
    ]


def group_body(group: ActionGroup) -> dict[str, Any]:
    """A group as the SDK reads it."""
    stored = group.definition or {}
    given = stored.get("properties") or {}
    receivers = list(group.receivers.all())
    emails = [each for each in receivers if each.kind == ReceiverKind.EMAIL]
    hooks = [each for each in receivers if each.kind == ReceiverKind.WEBHOOK]
    return {
        "id": address_of(group),
        "name": group.name,
        "type": "Microsoft.Insights/ActionGroups",
        "location": stored.get("location", "Global"),
        "tags": stored.get("tags") or {},
        "properties": {
            **given,
            "groupShortName": group.short_name,
            "enabled": group.is_enabled,
            "emailReceivers": [
                {
                    "name": each.name,
                    "emailAddress": each.address,
                    "useCommonAlertSchema": True,
                    "status": "Enabled" if each.is_enabled else "Disabled",
                }
                for each in emails
            ],
            "webhookReceivers": [
                {"name": each.name, "serviceUri": each.address, "useCommonAlertSchema": True}
                for each in hooks
            ],
        },
    }
