"""Subscriptions from a shell."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from identity.models import Resource
from webhooks.management.commands.eventsubscription import Command
from webhooks.models import EventSubscription, ProvisioningState
from webhooks.tests.hooks import PREFIX, subscribe

URL = "https://example.org/hook?code=hidden"


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("eventsubscription", *arguments, stdout=out)
    return out.getvalue()


def test_a_subscription_is_created_listed_shown_and_deleted(resource: Resource) -> None:
    created = run(
        "create", "my-hook", URL, "--event-type", f"{PREFIX}ChatThreadCreated",
        "--schema", "CloudEventSchemaV1_0", "--max-events-per-batch", "10",
        "--subject-begins-with", "thread/", "--signing-secret", "sixteen or more!",
    )  # fmt: skip
    assert created == "Creating\n"
    made = EventSubscription.objects.get()
    assert made.endpoint_url == URL
    assert made.signing_secret == "sixteen or more!"
    assert made.max_events_per_batch == 10
    assert run("list") == "my-hook  Creating  https://example.org/hook\n"
    shown = json.loads(run("show", "MY-HOOK"))
    assert shown["filter"]["includedEventTypes"] == [f"{PREFIX}ChatThreadCreated"]
    assert shown["eventDeliverySchema"] == "CloudEventSchemaV1_0"
    assert "hidden" not in run("show", "my-hook")
    run("delete", "my-hook")
    assert run("list") == "There are no event subscriptions.\n"


def test_a_definition_comes_from_a_file_and_options_win(resource: Resource, tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    definition: dict[str, Any] = {
        "properties": {
            "destination": {
                "endpointType": "WebHook",
                "properties": {"endpointUrl": "https://example.org/old"},
            },
            "labels": ["x"],
        }
    }
    file.write_text(json.dumps(definition))
    run("create", "hook", URL, "--definition", str(file))
    made = EventSubscription.objects.get()
    assert (made.endpoint_url, made.labels) == (URL, ["x"])


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ("[", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"labels": ["\\u0000"]}', "cannot be read"),
        ('{"properties": 5}', "properties must be an object"),
        ('{"destination": "https://example.org/"}', "destination must be an object"),
        ('{"destination": {"endpointType": "EventHub"}}', "must be WebHook"),
        ('{"filter": []}', "filter must be an object"),
    ],
)
def test_an_invalid_file_is_refused_in_one_sentence(
    resource: Resource, tmp_path: Path, definition: str, problem: str
) -> None:
    file = tmp_path / "definition.json"
    file.write_text(definition)
    with pytest.raises(CommandError, match=problem):
        run("create", "hook", URL, "--definition", str(file))
    assert not EventSubscription.objects.exists()


def test_a_file_may_say_little_and_options_the_rest(resource: Resource, tmp_path: Path) -> None:
    file = tmp_path / "definition.json"
    file.write_text('{"filter": null, "destination": {"endpointType": "WebHook"}}')
    run("create", "hook", URL, "--definition", str(file), "--subject-begins-with", "thread/")
    made = EventSubscription.objects.get()
    assert (made.endpoint_url, made.subject_begins_with) == (URL, "thread/")
    run("create", "hook", "--definition", str(file))
    assert EventSubscription.objects.get().subject_begins_with == ""


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["create", "hook"], "endpointUrl"),
        (["create", "a_b", URL], "letters, digits and hyphens"),
        (["create", "hook", "http://example.org/"], "https"),
        (["create", "hook", URL, "--event-type", "x"], "event type"),
        (["create", "hook", URL, "--signing-secret", "guess me"], "at least 16"),
        (["create", "hook", URL, "--signing-secret", "x" * 201], "at most 200"),
        (["show", "nobody"], "no event subscription"),
        (["delete", "nobody"], "no event subscription"),
        (["--resource", "nobody", "list"], "no such resource"),
    ],
)
def test_invalid_arguments_are_refused_in_one_sentence(
    resource: Resource, arguments: list[str], problem: str
) -> None:
    with pytest.raises(CommandError, match=problem):
        run(*arguments)


def test_waiting_ends_with_the_result_of_the_handshake(resource: Resource) -> None:
    subscribe(
        resource,
        URL,
        provisioning_state=ProvisioningState.FAILED,
        last_validation={"problem": "The endpoint answered with 500."},
    )
    command = Command(stdout=io.StringIO())
    subscription = EventSubscription.objects.get()
    with pytest.raises(CommandError, match="answered with 500"):
        command._report(subscription, waits=True)
    EventSubscription.objects.update(
        provisioning_state=ProvisioningState.AWAITING_MANUAL_ACTION, validation_code="code-1"
    )
    subscription.refresh_from_db()
    command._report(subscription, waits=True)
    assert "/eventgrid/validate" in command.stdout._out.getvalue()  # type: ignore[attr-defined]


def test_validating_again_starts_over(resource: Resource) -> None:
    subscribe(resource, URL, provisioning_state=ProvisioningState.FAILED)
    assert run("validate", "hook") == "Creating\n"
