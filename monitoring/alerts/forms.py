"""Forms for alert rules, action groups and notes on alerts."""

from typing import Any

from django import forms
from django.forms.models import BaseInlineFormSet, inlineformset_factory

from monitoring.alerts import validation
from monitoring.alerts.models import (
    URL_KINDS,
    ActionGroup,
    AlertCondition,
    AlertRule,
    Receiver,
    ReceiverKind,
)
from monitoring.catalogue import DIMENSIONS
from webhooks.addresses import InvalidEndpoint, parse_endpoint

DIMENSION_SLOTS = (1, 2, 3)
CONDITION_FIELDS = [
    "metric",
    "aggregation",
    "operator",
    "kind",
    "threshold",
    "sensitivity",
    "failing_periods",
    "evaluation_periods",
]
_OPERATORS = (("Include", "is"), ("Exclude", "is not"))


class RuleForm(forms.ModelForm):
    """A rule. It is validated together with its conditions; see `BaseConditionFormSet`."""

    class Meta:
        model = AlertRule
        fields = [
            "name",
            "description",
            "resource",
            "severity",
            "is_enabled",
            "window_minutes",
            "frequency_minutes",
            "auto_mitigate",
            "action_groups",
        ]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "action_groups": forms.CheckboxSelectMultiple,
        }

    def clean_name(self) -> str:
        """Refuses names that cannot be part of the management API's resource ids."""
        name: str = self.cleaned_data["name"].strip()
        if set(name) & set("*#&+:<>?@%{}\\/|") or name.endswith("."):
            raise forms.ValidationError(
                "The name is part of a URL; it must not contain any of "
                "* # & + : < > ? @ % { } \\ / | and must not end with a dot."
            )
        resource = self.cleaned_data.get("resource") or self.instance.resource
        others = AlertRule.objects.filter(name__iexact=name, resource=resource)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another rule has this name; choose a different one.")
        return name

    def clean_action_groups(self) -> Any:
        """Requires at least one enabled receiver."""
        groups = self.cleaned_data["action_groups"]
        if not Receiver.objects.filter(group__in=groups, is_enabled=True).exists():
            raise forms.ValidationError(
                "None of the chosen groups has an enabled receiver; choose another group or add a "
                "receiver."
            )
        return groups


class ConditionForm(forms.ModelForm):
    """A condition, with up to three dimension filters of three fields each."""

    class Meta:
        model = AlertCondition
        fields = CONDITION_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {i: each for i, each in enumerate(self.instance.dimensions or [], start=1)}
        for slot in DIMENSION_SLOTS:
            each = given.get(slot, {})
            self.fields[f"dimension_{slot}"] = forms.ChoiceField(
                label="where" if slot == 1 else "and where",
                required=False,
                choices=[("", "–"), *((name, name) for name in DIMENSIONS)],
                initial=each.get("name", ""),
            )
            self.fields[f"operator_{slot}"] = forms.ChoiceField(
                label="", required=False, choices=_OPERATORS, initial=each.get("operator")
            )
            self.fields[f"values_{slot}"] = forms.CharField(
                label="",
                required=False,
                max_length=2000,
                initial=", ".join(each.get("values", [])),
                widget=forms.TextInput(attrs={"placeholder": "values, or * for all values"}),
            )
        for name in ("failing_periods", "evaluation_periods"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Sets the instance's dimensions from the fields of the slots."""
        cleaned = super().clean() or {}
        dimensions = []
        for slot in DIMENSION_SLOTS:
            name = cleaned.get(f"dimension_{slot}")
            text = cleaned.get(f"values_{slot}") or ""
            values = [value.strip() for value in text.split(",") if value.strip()]
            if name:
                operator = cleaned.get(f"operator_{slot}") or "Include"
                dimensions.append({"name": name, "operator": operator, "values": values or ["*"]})
            elif values:
                self.add_error(
                    f"dimension_{slot}", "Choose the dimension that these values belong to."
                )
        self.instance.dimensions = dimensions
        for name, default in (("failing_periods", 3), ("evaluation_periods", 4)):
            if cleaned.get(name) is None:
                cleaned[name] = default
        return cleaned


class BaseConditionFormSet(BaseInlineFormSet):
    """The conditions of a rule, validated together with it."""

    def clean(self) -> None:
        """Reports every problem of the rule and its conditions."""
        super().clean()
        if any(self.errors):
            return
        rule: AlertRule = self.instance
        problems = validation.problems(rule, self.conditions())
        if problems:
            raise forms.ValidationError(problems)

    def conditions(self) -> list[AlertCondition]:
        """The unsaved conditions that the forms describe."""
        return [
            form.instance
            for form in self.forms
            if form.is_valid()
            and not (self.can_delete and form.cleaned_data.get("DELETE"))
            and form.cleaned_data.get("metric")
        ]


ConditionFormSet = inlineformset_factory(
    AlertRule,
    AlertCondition,
    form=ConditionForm,
    formset=BaseConditionFormSet,
    extra=0,
    min_num=1,
    max_num=validation.MAX_CONDITIONS,
)


class ReceiverForm(forms.ModelForm):
    class Meta:
        model = Receiver
        fields = ["name", "kind", "address", "is_enabled"]

    def clean(self) -> dict[str, Any]:
        """Checks that the address suits the kind."""
        cleaned = super().clean() or {}
        problem = address_problem(cleaned.get("kind", ""), (cleaned.get("address") or "").strip())
        if problem:
            self.add_error("address", problem)
        return cleaned


def address_problem(kind: str, address: str) -> str:
    """The problem of a receiver's address; an empty text if it is valid."""
    if kind == ReceiverKind.EMAIL:
        try:
            forms.EmailField().clean(address)
        except forms.ValidationError:
            return "Enter an e-mail address, for example someone@example.org."
    elif kind in URL_KINDS:
        try:
            parse_endpoint(address)
        except (InvalidEndpoint, ValueError) as problem:
            return f"Enter the URL to call: {problem}"
    return ""


class ActionGroupForm(forms.ModelForm):
    class Meta:
        model = ActionGroup
        fields = ["name", "short_name", "resource", "is_enabled"]


class NoteForm(forms.Form):
    text = forms.CharField(
        label="Note",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
