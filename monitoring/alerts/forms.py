"""The forms of rules: what an operator types becomes conditions that can work, or a sentence."""

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

SLOTS = (1, 2, 3)
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
    """A rule. Whether it works depends on its conditions; see `ConditionFormSet`."""

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
        """The management API puts it into addresses."""
        name: str = self.cleaned_data["name"].strip()
        if set(name) & set("*#&+:<>?@%{}\\/|") or name.endswith("."):
            raise forms.ValidationError(
                "The name is part of an address: leave out * # & + : < > ? @ % { } \\ / | "
                "and a dot at the end."
            )
        resource = self.cleaned_data.get("resource") or self.instance.resource
        others = AlertRule.objects.filter(name__iexact=name, resource=resource)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError("Another rule has this name: choose another one.")
        return name

    def clean_action_groups(self) -> Any:
        """Somebody must be told."""
        groups = self.cleaned_data["action_groups"]
        if not Receiver.objects.filter(group__in=groups, is_enabled=True).exists():
            raise forms.ValidationError(
                "None of the chosen groups has an enabled receiver: choose another one, or add a "
                "receiver to it."
            )
        return groups


class ConditionForm(forms.ModelForm):
    """A condition. Its dimensions are typed in up to three lines of three fields."""

    class Meta:
        model = AlertCondition
        fields = CONDITION_FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = {i: each for i, each in enumerate(self.instance.dimensions or [], start=1)}
        for slot in SLOTS:
            each = given.get(slot, {})
            self.fields[f"dimension_{slot}"] = forms.ChoiceField(
                label="only where" if slot == 1 else "and where",
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
                widget=forms.TextInput(attrs={"placeholder": "values, or * for each one"}),
            )
        for name in ("failing_periods", "evaluation_periods"):
            self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        """Puts the dimensions together."""
        cleaned = super().clean() or {}
        dimensions = []
        for slot in SLOTS:
            name = cleaned.get(f"dimension_{slot}")
            text = cleaned.get(f"values_{slot}") or ""
            values = [value.strip() for value in text.split(",") if value.strip()]
            if name:
                operator = cleaned.get(f"operator_{slot}") or "Include"
                dimensions.append({"name": name, "operator": operator, "values": values or ["*"]})
            elif values:
                self.add_error(f"dimension_{slot}", "Choose what these are values of.")
        self.instance.dimensions = dimensions
        for name, default in (("failing_periods", 3), ("evaluation_periods", 4)):
            if cleaned.get(name) is None:
                cleaned[name] = default
        return cleaned


class BaseConditionFormSet(BaseInlineFormSet):
    """The conditions of a rule, checked together with it."""

    def clean(self) -> None:
        """Refuses what cannot work, with everything that must be changed."""
        super().clean()
        if any(self.errors):
            return
        rule: AlertRule = self.instance
        problems = validation.problems(rule, self.conditions())
        if problems:
            raise forms.ValidationError(problems)

    def conditions(self) -> list[AlertCondition]:
        """What the forms say, unsaved."""
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
    """Who is told, and where."""

    class Meta:
        model = Receiver
        fields = ["name", "kind", "address", "is_enabled"]

    def clean(self) -> dict[str, Any]:
        """The address must be what its kind needs."""
        cleaned = super().clean() or {}
        problem = address_problem(cleaned.get("kind", ""), (cleaned.get("address") or "").strip())
        if problem:
            self.add_error("address", problem)
        return cleaned


def address_problem(kind: str, address: str) -> str:
    """What is wrong with a receiver's address, or nothing."""
    if kind == ReceiverKind.EMAIL:
        try:
            forms.EmailField().clean(address)
        except forms.ValidationError:
            return "Enter an e-mail address, someone@example.org for example."
    elif kind in URL_KINDS:
        try:
            parse_endpoint(address)
        except (InvalidEndpoint, ValueError) as problem:
            return f"Enter the URL that is to be called: {problem}"
    return ""


class ActionGroupForm(forms.ModelForm):
    """A group's names."""

    class Meta:
        model = ActionGroup
        fields = ["name", "short_name", "resource", "is_enabled"]


class NoteForm(forms.Form):
    """What an operator has to say about an alert."""

    text = forms.CharField(
        label="Note",
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
