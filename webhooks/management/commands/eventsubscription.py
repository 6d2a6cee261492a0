"""`manage.py eventsubscription`: manages subscriptions from a shell."""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from identity.models import Resource
from webhooks import services
from webhooks.definition import (
    check_name,
    check_signing_secret,
    properties,
    read_definition,
)
from webhooks.handshake import validation_url
from webhooks.models import EventSchema, EventSubscription, ProvisioningState
from wire import strict_json
from wire.errors import ChatError

_WAIT_SECONDS = 90.0


class Command(BaseCommand):
    help = "Lists, shows, creates, changes, validates and deletes event subscriptions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--resource", metavar="NAME", help="instead of the default resource")
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="lists names, states and endpoints")
        for verb, text in (
            ("show", "shows a subscription as JSON, without secrets"),
            ("delete", "deletes a subscription and its pending events"),
            ("validate", "validates the endpoint again"),
        ):
            one = verbs.add_parser(verb, help=text)
            one.add_argument("name", help="the name of the subscription")
            if verb == "validate":
                _add_wait(one)
        _add_definition(verbs.add_parser("create", help="creates or replaces a subscription"))

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {"name": options["resource"]} if options["resource"] else {"is_default": True}
        resource = Resource.objects.filter(**wanted).first()
        if resource is None:
            raise CommandError(
                "There is no such resource. Starting the server once creates the default resource."
            )
        try:
            getattr(self, f"_{options['verb']}")(resource, options)
        except ChatError as refusal:
            raise CommandError(refusal.message or refusal.code) from None

    def _list(self, resource: Resource, options: dict[str, Any]) -> None:
        found = resource.event_subscriptions.order_by("name")
        if not found:
            self.stdout.write("There are no event subscriptions.")
        for one in found:
            self.stdout.write(f"{one.name}  {one.provisioning_state}  {one.endpoint_base_url}")

    def _show(self, resource: Resource, options: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(properties(_find(resource, options["name"])), indent=2))

    def _delete(self, resource: Resource, options: dict[str, Any]) -> None:
        services.delete_event_subscription(subscription=_find(resource, options["name"]))

    def _validate(self, resource: Resource, options: dict[str, Any]) -> None:
        subscription = _find(resource, options["name"])
        services.validate_again(subscription=subscription)
        self._report(subscription, options["wait"])

    def _create(self, resource: Resource, options: dict[str, Any]) -> None:
        check_name(options["name"])
        existing = resource.event_subscriptions.filter(name__iexact=options["name"]).first()
        fields = read_definition(_definition(options), existing)
        if options["signing_secret"] is not None:
            fields["signing_secret"] = check_signing_secret(options["signing_secret"])
        subscription, _ = services.create_or_update_event_subscription(
            resource=resource,
            name=options["name"],
            scope=existing.scope if existing else services.default_scope(resource),
            fields=fields,
        )
        self._report(subscription, options["wait"])

    def _report(self, subscription: EventSubscription, waits: bool) -> None:
        """Prints the state; `waits` waits for the end of the validation."""
        deadline = time.monotonic() + (_WAIT_SECONDS if waits else 0)
        open_states = (ProvisioningState.CREATING, ProvisioningState.UPDATING)
        while subscription.provisioning_state in open_states and time.monotonic() < deadline:
            time.sleep(0.2)
            subscription.refresh_from_db()
        self.stdout.write(subscription.provisioning_state)
        if subscription.provisioning_state == ProvisioningState.AWAITING_MANUAL_ACTION:
            self.stdout.write(f"Open within 10 minutes: {validation_url(subscription)}")
        if subscription.provisioning_state == ProvisioningState.FAILED:
            raise CommandError(
                (subscription.last_validation or {}).get("problem", "The validation failed.")
            )


def _find(resource: Resource, name: str) -> EventSubscription:
    found: EventSubscription | None = resource.event_subscriptions.filter(name__iexact=name).first()
    if found is None:
        raise CommandError(f"There is no event subscription {name!r}.")
    return found


def _add_wait(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait", action="store_true", help="wait until a worker has validated the endpoint"
    )


def _add_definition(parser: argparse.ArgumentParser) -> None:
    _add_wait(parser)
    parser.add_argument("name", help="the name of the subscription")
    parser.add_argument("url", nargs="?", help="the endpoint")
    parser.add_argument(
        "--definition", type=Path, metavar="FILE", help="the properties of the management API"
    )
    parser.add_argument("--schema", choices=EventSchema.values, help="default: EventGridSchema")
    parser.add_argument(
        "--event-type", action="append", metavar="TYPE", help="may be repeated; default: all"
    )
    parser.add_argument(
        "--subject-begins-with", metavar="TEXT", help="only events whose subject begins with TEXT"
    )
    parser.add_argument("--max-events-per-batch", type=int, metavar="COUNT")
    parser.add_argument("--signing-secret", metavar="SECRET", help="signs every request with it")


def _definition(options: dict[str, Any]) -> dict[str, Any]:
    """The file's properties, overridden by the options."""
    given = _read_file(options["definition"]) if options["definition"] else {}
    destination = _member(given, "destination")
    destination.setdefault("endpointType", "WebHook")
    endpoint, chosen = _member(destination, "properties"), _member(given, "filter")
    for place, name, option in (
        (endpoint, "endpointUrl", "url"),
        (endpoint, "maxEventsPerBatch", "max_events_per_batch"),
        (chosen, "includedEventTypes", "event_type"),
        (chosen, "subjectBeginsWith", "subject_begins_with"),
        (given, "eventDeliverySchema", "schema"),
    ):
        if options[option] is not None:
            place[name] = options[option]
    return given


def _read_file(file: Path) -> dict[str, Any]:
    """The definition in the file, with or without an enclosing `properties`."""
    try:
        given = strict_json.parse_object(file.read_bytes())
    except OSError as problem:
        raise CommandError(f"The definition cannot be read: {problem}") from None
    except ChatError as refusal:
        raise CommandError(f"The definition cannot be read: {refusal.message}") from None
    return _member(given, "properties") if "properties" in given else given


def _member(given: dict[str, Any], name: str) -> dict[str, Any]:
    """The object with that name; created if it is missing."""
    if given.get(name) is None:
        given[name] = {}
    found = given[name]
    if not isinstance(found, dict):
        raise CommandError(f"{name} must be an object.")
    return found
