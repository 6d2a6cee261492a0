"""The admin pages of alert rules."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join

from admin_toolkit.display import NOTHING, address_of, badge, moment
from admin_toolkit.lists import option_filter
from admin_toolkit.operations import Tool
from admin_toolkit.pages import Link, ToolkitAdmin
from monitoring.alerts import engine
from monitoring.alerts.alert_pages import severity_badge
from monitoring.alerts.forms import (
    CONDITION_FIELDS,
    BaseConditionFormSet,
    ConditionForm,
    ConditionFormSet,
    RuleForm,
)
from monitoring.alerts.models import (
    Alert,
    AlertCondition,
    AlertRule,
    Operator,
)
from monitoring.alerts.preview import preview
from monitoring.catalogue import METRICS
from wire.times import now_ms

# A change of these fields resolves the open alerts, which no longer match the rule.
_RESETTING_FIELDS = {
    "resource",
    "is_enabled",
    "window_minutes",
    "frequency_minutes",
    "auto_mitigate",
}


class PlainChoices(ToolkitAdmin):
    """Choices without Django's buttons for adding or changing the chosen object."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        formfield: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if formfield and hasattr(formfield.widget, "can_add_related"):
            formfield.widget = formfield.widget.widget
        if db_field.name == "resource" and formfield:
            formfield.empty_label = "All resources"
        return formfield


class ConditionInline(admin.StackedInline):
    model = AlertCondition
    form = ConditionForm
    formset = BaseConditionFormSet
    extra = 0
    min_num = 1
    max_num = 5

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Groups related fields on one line."""
        slots = [(f"dimension_{n}", f"operator_{n}", f"values_{n}") for n in (1, 2, 3)]
        return [
            (
                None,
                {
                    "fields": [
                        ("metric", "aggregation"),
                        *slots,
                        ("operator", "kind"),
                        "threshold",
                        ("sensitivity", "failing_periods", "evaluation_periods"),
                    ]
                },
            )
        ]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Names the model's fields, because Django would look for all of the form's there."""
        return super().get_formset(request, obj, **{**kwargs, "fields": CONDITION_FIELDS})


class AlertRuleAdmin(PlainChoices):
    links: ClassVar[list[Link]] = []
    purpose = "Conditions on metrics, and the action groups to notify when they are met."
    form = RuleForm
    inlines = [ConditionInline]
    change_form_template = "admin/monitoring/rule.html"
    list_display = [
        "name",
        "severity_column",
        "state",
        "condition_texts",
        "group_names",
        "last_fired",
    ]
    list_filter = [
        option_filter(
            "state",
            "state",
            {
                "firing": ("firing", Q(instances__is_firing=True)),
                "disabled": ("disabled", Q(is_enabled=False)),
            },
        ),
        "severity",
        "resource",
    ]
    search_fields = ["name", "description"]
    search_help_text = "A part of the name or description."
    ordering = ["severity", "name"]
    fieldsets = [
        (None, {"fields": ["name", "description", "resource", "severity", "is_enabled"]}),
        (
            "Evaluation",
            {"fields": [("window_minutes", "frequency_minutes"), "auto_mitigate"]},
        ),
        ("Notifications", {"fields": ["action_groups"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        """Adds what the columns show."""
        return (
            super()
            .get_queryset(request)
            .annotate(
                firing=Count("instances", filter=Q(instances__is_firing=True), distinct=True),
                last_fired_ms=Max("alerts__fired_ms"),
            )
            .prefetch_related("conditions", "action_groups")
        )

    @admin.display(description="severity", ordering="severity")
    def severity_column(self, rule: AlertRule) -> str:
        return severity_badge(rule.severity)

    @admin.display(description="state")
    def state(self, rule: Any) -> str:
        if not rule.is_enabled:
            return badge("disabled")
        if rule.last_problem:
            return badge("evaluation fails", "bad")
        if rule.firing:
            return badge("firing" if rule.firing == 1 else f"firing ({rule.firing})", "bad")
        return badge("healthy", "good")

    @admin.display(description="conditions")
    def condition_texts(self, rule: AlertRule) -> str:
        return format_html_join(
            " and ", "{}", [(in_words(condition),) for condition in rule.conditions.all()]
        )

    @admin.display(description="action groups")
    def group_names(self, rule: AlertRule) -> str:
        return ", ".join(group.name for group in rule.action_groups.all()) or NOTHING

    @admin.display(description="last fired")
    def last_fired(self, rule: Any) -> str:
        return moment(rule.last_fired_ms)

    def tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """Adds a link to the rule's alerts."""
        url = f"{address_of(Alert, 'changelist')}?rule={row.pk}"
        return [Tool("Alerts of this rule", url), *super().tools(request, row)]

    def get_urls(self) -> list[URLPattern]:
        """Adds the preview, which the page requests while a rule is edited."""
        view = self.admin_site.admin_view(self.preview_view)
        return [
            path("preview/", view, name="monitoring_alertrule_preview"),
            *super().get_urls(),
        ]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Adds the metrics' aggregations and dimensions for the page's script."""
        metrics = {
            metric.name: {"aggregations": metric.aggregations, "dimensions": metric.dimensions}
            for metric in METRICS.values()
        }
        more = {"metrics": metrics, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, more)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Answers when the rule in the form would have fired, as JSON; saves nothing."""
        allowed = self.has_change_permission(request) or self.has_add_permission(request)
        if request.method != "POST" or not allowed:
            raise PermissionDenied
        rule = AlertRule()
        form = RuleForm(request.POST, instance=rule)
        # A preview does not need a valid name.
        form.fields["name"].required = False
        form.clean_name = lambda: "preview"  # type: ignore[method-assign]
        formset = ConditionFormSet(request.POST, instance=rule, prefix="conditions")
        _as_new(formset)
        form.is_valid()
        if not formset.is_valid():
            problems = [*formset.non_form_errors(), *_form_problems(formset)]
            return JsonResponse({"problems": [str(problem) for problem in problems]})
        conditions = formset.conditions()  # type: ignore[attr-defined]
        return JsonResponse(preview(rule, conditions, now_ms()))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Resolves the rule's open alerts if its meaning has changed."""
        super().save_related(request, form, formsets, change)
        is_new = not change
        resets = _RESETTING_FIELDS & set(form.changed_data)
        if is_new or resets or any(formset.has_changed() for formset in formsets):
            engine.end_alerts(form.instance, now_ms(), "The rule was changed.")

    def delete_model(self, request: HttpRequest, obj: AlertRule) -> None:
        """Resolves the rule's open alerts first."""
        engine.end_alerts(obj, now_ms(), "The rule was deleted.")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        """Resolves the open alerts of the rules first."""
        for rule in queryset:
            engine.end_alerts(rule, now_ms(), "The rule was deleted.")
        super().delete_queryset(request, queryset)


def _as_new(formset: Any) -> None:
    """Treats all conditions as new, so that the preview uses the form's values."""
    data = formset.data.copy()
    data["conditions-INITIAL_FORMS"] = "0"
    for name in [name for name in data if name.endswith(("-id", "-rule"))]:
        data[name] = ""
    formset.data = data


def _form_problems(formset: Any) -> list[str]:
    found = []
    for form in formset.forms:
        for name, errors in form.errors.items():
            label = form.fields[name].label or name if name in form.fields else ""
            found += [f"{label}: {error}" if label else str(error) for error in errors]
    return found


def in_words(condition: AlertCondition) -> str:
    """A condition in words, for lists."""
    metric = METRICS.get(condition.metric)
    label = metric.label if metric else condition.metric
    where = ", ".join(
        f"{each['name']} {'not ' if each.get('operator') == 'Exclude' else ''}"
        f"{' or '.join(each['values'])}"
        for each in condition.dimensions
    )
    limit = "the usual value" if condition.kind == "dynamic" else f"{condition.threshold or 0:g}"
    operator = Operator(condition.operator).label
    return f"{label}{f' ({where})' if where else ''}: {condition.aggregation} {operator} {limit}"
