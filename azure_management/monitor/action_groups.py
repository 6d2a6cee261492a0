"""Action groups, as azure-mgmt-monitor reads and writes them (monitoring contract 5)."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from rest_framework.request import Request

from azure_management.base import ManagementView, NamedObjectView, apply_patch, deletion_response
from azure_management.monitor.values import check_name, read_location_and_tags
from monitoring.alerts.forms import address_problem
from monitoring.alerts.models import ActionGroup, Receiver, ReceiverKind
from monitoring.alerts.services import replace_receivers
from wire.errors import bad_request
from wire.json_values import read_flag, read_list, read_object, read_text
from wire.views import json_response

# The admin allows the same number.
MAX_RECEIVERS = 20


class ActionGroupsView(ManagementView):
    """`…/providers/Microsoft.Insights/actionGroups`."""

    def get(self, request: Request, scope: str) -> HttpResponse:
        """Lists the resource's groups that were created under this scope."""
        groups = ActionGroup.objects.filter(resource=self.resource, scope__istartswith=f"/{scope}")
        found = groups.prefetch_related("receivers").order_by("name")
        return json_response({"value": [group_body(group) for group in found]})


class ActionGroupView(NamedObjectView[ActionGroup]):
    """`…/providers/Microsoft.Insights/actionGroups/{name}`."""

    model = ActionGroup
    label = "action group"

    def get(self, request: Request, scope: str, name: str) -> HttpResponse:
        return json_response(group_body(self.get_object(name)))

    def put(self, request: Request, scope: str, name: str) -> HttpResponse:
        existing = self.find(check_name(name))
        group = existing or ActionGroup(resource=self.resource, name=name)
        group.scope = f"/{scope}"
        return _save(group, self.body(request), 200 if existing else 201)

    def patch(self, request: Request, scope: str, name: str) -> HttpResponse:
        group = self.get_object(name)
        return _save(group, apply_patch(group_body(group), self.body(request)), 200)

    def delete(self, request: Request, scope: str, name: str) -> HttpResponse:
        group = self.find(name)
        if group is not None:
            group.delete()
        return deletion_response(existed=group is not None)


def _save(group: ActionGroup, body: Mapping[str, Any], status: int) -> HttpResponse:
    receivers = read_group(body, group)
    with transaction.atomic():
        group.save()
        replace_receivers(group, receivers)
    return json_response(group_body(group), status=status)


def group_id(group: ActionGroup) -> str:
    """The group's Azure resource id, by which rules refer to it."""
    return f"{group.scope}/providers/Microsoft.Insights/actionGroups/{group.name}"


def read_group(body: Mapping[str, Any], group: ActionGroup) -> list[Receiver]:
    """Copies `body` into `group`; returns its unsaved receivers. Raises ChatError 400."""
    given = read_object(body.get("properties"), "properties")
    short = read_text(given.get("groupShortName"), "groupShortName", max_length=12)
    if not short:
        raise bad_request("'groupShortName' must have 1 to 12 characters.")
    group.short_name, group.is_enabled = short, read_flag(given.get("enabled"), "enabled")
    group.definition = {
        **read_location_and_tags(body, "Global"),
        "properties": dict(given),
    }
    receivers = [
        *_receivers(given, "emailReceivers", "emailAddress", ReceiverKind.EMAIL),
        *_receivers(given, "webhookReceivers", "serviceUri", ReceiverKind.WEBHOOK),
    ]
    if len(receivers) > MAX_RECEIVERS:
        raise bad_request(
            f"The group has {len(receivers)} receivers; at most {MAX_RECEIVERS} are allowed."
        )
    for receiver in receivers:
        problem = address_problem(receiver.kind, receiver.address)
        if problem:
            raise bad_request(f"The receiver '{receiver.name}' is not valid: {problem}")
    return receivers


def _receivers(
    given: Mapping[str, Any], member: str, address: str, kind: ReceiverKind
) -> list[Receiver]:
    return [
        Receiver(
            name=read_text(read_object(each, member).get("name"), f"{member}.name", max_length=100),
            kind=kind,
            address=read_text(each.get(address), f"{member}.{address}"),
        )
        for each in read_list(given.get(member), member)
    ]


def group_body(group: ActionGroup) -> dict[str, Any]:
    """A group as the SDK reads it."""
    stored = group.definition or {}
    given = stored.get("properties") or {}
    receivers = list(group.receivers.all())
    emails = [each for each in receivers if each.kind == ReceiverKind.EMAIL]
    hooks = [each for each in receivers if each.kind == ReceiverKind.WEBHOOK]
    return {
        "id": group_id(group),
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
