"""Admin forms; they validate with the management API's checks."""

import json
from datetime import UTC
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from identity.models import Resource
from webhooks.definition import (
    LONGEST_SECRET,
    check_name,
    check_signing_secret,
    properties,
    read_definition,
)
from webhooks.eventgrid import EVENT_TYPES, OPT_IN_EVENT_TYPES, PREFIX
from webhooks.models import EventSchema, EventSubscription
from webhooks.services import default_scope
from wire import strict_json
from wire.errors import ChatError
from wire.times import from_ms

_TYPES = [(name, name.removeprefix(PREFIX)) for name in (*EVENT_TYPES, *OPT_IN_EVENT_TYPES)]
_MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def _number(label: str, least: int, most: int, initial: int) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, initial=initial)


def _json(label: str, help_text: str) -> forms.JSONField:
    return forms.JSONField(
        label=label,
        required=False,
        initial=list,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 80}),
    )


class SubscriptionForm(forms.ModelForm):
    """The settings of a subscription."""

    resource = forms.ModelChoiceField(
        Resource.objects.all(),
        initial=lambda: Resource.objects.filter(is_default=True).first(),
        empty_label=None,
    )
    name = forms.CharField(
        min_length=3, max_length=64, help_text="3 to 64 letters, digits and hyphens."
    )
    endpoint_url = forms.CharField(
        label="Endpoint URL",
        required=False,
        max_length=4096,
        widget=forms.TextInput(attrs={"size": 80, "autocomplete": "off"}),
    )
    event_schema = forms.ChoiceField(
        label="Schema",
        choices=EventSchema.choices,
        help_text="CloudEvents endpoints must answer OPTIONS, and "
        "Event Grid endpoints must answer a validation event.",
    )
    included_event_types = forms.MultipleChoiceField(
        label="Event types",
        required=False,
        choices=_TYPES,
        widget=forms.CheckboxSelectMultiple,
        help_text="If none is selected, all except typing, which must be selected.",
    )
    subject_begins_with = forms.CharField(required=False, max_length=512)
    subject_ends_with = forms.CharField(required=False, max_length=512)
    is_subject_case_sensitive = forms.BooleanField(required=False)
    advanced_filters = _json(
        "Advanced filters",
        'A JSON list, such as [{"operatorType": "StringIn", "key": "data.type", '
        '"values": ["Text"]}]. All of them must match.',
    )
    filters_on_arrays = forms.BooleanField(label="Apply filters to arrays", required=False)
    max_events_per_batch = _number("Events per request", 1, 5000, 1)
    preferred_batch_size_kb = _number("Preferred request size (kB)", 1, 1024, 64)
    max_delivery_attempts = _number("Attempts", 1, 30, 30)
    event_ttl_minutes = _number("Time to live of an event (minutes)", 1, 1440, 1440)
    delivery_attributes = _json(
        "Headers",
        'A JSON list, such as [{"name": "X-Key", "type": "Static", "properties": {"value": "…", '
        '"isSecret": true}}]. Secret values are shown as null; null keeps the value.',
    )
    signing_secret = forms.CharField(
        required=False,
        max_length=LONGEST_SECRET,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Signs every request with the header Chatsite-Signature. "
        "Leave it empty to keep the secret.",
    )
    is_unsigned = forms.BooleanField(label="Stop signing", required=False)
    labels = _json("Labels", 'A JSON list of strings, such as ["team-a"].')
    expires = forms.DateTimeField(label="Expires at (UTC)", required=False, widget=_MOMENT)

    class Media:
        css: ClassVar = {"all": ["webhooks/webhooks.css"]}

    class Meta:
        model = EventSubscription
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.checked: dict[str, Any] = {}
        if self.instance.pk:
            self._fill(self.instance)
        else:
            self.fields["endpoint_url"].required = True

    def _fill(self, subscription: EventSubscription) -> None:
        """Fills in the current values. Secrets are never put into a page."""
        shown = properties(subscription)
        for name in ("resource", "name"):
            del self.fields[name]
        url = self.fields["endpoint_url"]
        url.help_text = f"Leave it empty to keep {subscription.endpoint_base_url}."
        secret = ("endpoint_url", "signing_secret", "delivery_attributes")
        for name in secret:
            self.initial.pop(name, None)
        for name in set(self.fields) - set(secret):
            if hasattr(subscription, name):
                self.initial[name] = getattr(subscription, name)
        destination = shown["destination"]["properties"]
        self.initial["delivery_attributes"] = destination["deliveryAttributeMappings"]
        if subscription.expires_ms is not None:
            self.initial["expires"] = from_ms(subscription.expires_ms)

    def clean_name(self) -> str:
        return _translated(check_name, self.cleaned_data["name"])

    def clean_signing_secret(self) -> str:
        return _translated(check_signing_secret, self.cleaned_data["signing_secret"])

    def clean(self) -> dict[str, Any]:
        """Runs the management API's checks."""
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            existing = self.instance if self.instance.pk else None
            # As it would arrive over HTTP: JSON fields accept characters that databases refuse.
            body = json.dumps(self._definition(given)).encode()
            definition = _translated(strict_json.parse_object, body)
            self.checked = _translated(read_definition, definition, existing)
            if given["is_unsigned"]:
                self.checked["signing_secret"] = ""
            elif given["signing_secret"]:
                self.checked["signing_secret"] = given["signing_secret"]
        return given

    def _post_clean(self) -> None:
        """Does nothing: the services write the checked fields."""

    def _definition(self, given: dict[str, Any]) -> dict[str, Any]:
        expires = given["expires"]
        return {
            "destination": {
                "endpointType": "WebHook",
                "properties": {
                    "endpointUrl": given["endpoint_url"] or None,
                    "maxEventsPerBatch": given["max_events_per_batch"],
                    "preferredBatchSizeInKilobytes": given["preferred_batch_size_kb"],
                    "deliveryAttributeMappings": given["delivery_attributes"],
                },
            },
            "filter": {
                "includedEventTypes": given["included_event_types"],
                "subjectBeginsWith": given["subject_begins_with"],
                "subjectEndsWith": given["subject_ends_with"],
                "isSubjectCaseSensitive": given["is_subject_case_sensitive"],
                "enableAdvancedFilteringOnArrays": given["filters_on_arrays"],
                "advancedFilters": given["advanced_filters"],
            },
            "eventDeliverySchema": given["event_schema"],
            "labels": given["labels"],
            "expirationTimeUtc": expires and expires.astimezone(UTC).isoformat(),
            "retryPolicy": {
                "maxDeliveryAttempts": given["max_delivery_attempts"],
                "eventTimeToLiveInMinutes": given["event_ttl_minutes"],
            },
        }

    @property
    def scope(self) -> str:
        """The scope of a new subscription."""
        return default_scope(self.cleaned_data["resource"])


def _translated(check: Any, *arguments: Any) -> Any:
    """What `check` returns; its refusal becomes the form's."""
    try:
        return check(*arguments)
    except ChatError as refusal:
        raise ValidationError(refusal.message or refusal.code) from None


class ReplayForm(forms.Form):
    """Since when events are to be sent again."""

    since = forms.DateTimeField(label="Everything since (UTC)", widget=_MOMENT)


def pretty(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=2)
