"""Operations: what an operator can do to objects. Each asks first, runs a service, and is logged.

They take the place of Django's own change and delete forms wherever the protocol owns the data.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import model_ngettext, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst

from admin_toolkit.display import address_of, page_of

# How many objects one answered question may be about.
LARGEST_SELECTION = 200
# How many of them the question names.
_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class Operation:
    """Something to do to objects of one kind.

    `run` must be idempotent. `done` completes "Thread x: …" in the answer and in the log.
    """

    name: str
    label: str
    consequences: tuple[str, ...]
    done: str
    run: Callable[[Any], object]
    # Django's model permission that it takes.
    permission: Literal["change", "delete"]
    # Where it would change nothing it is not offered.
    applies_to: Callable[[Any], bool] = lambda row: True
    # Whether it is offered for a selection of a list, too.
    for_many: bool = True
    # More consequences, found out for the one object at hand.
    details: Callable[[Any], Iterable[str]] = lambda row: ()
    # Whether the object's name must be typed, because nothing brings it back.
    retype: bool = False
    # Whether the object is gone afterwards.
    removes_row: bool = False


@dataclass(frozen=True)
class Tool:
    """A button on an object's page."""

    label: str
    url: str
    is_destructive: bool = False


class OperationsAdmin(ModelAdmin):
    """A ModelAdmin with operations, for single objects and for selections of its list."""

    operations: ClassVar[Sequence[Operation]] = ()

    def summary(self, row: Any) -> str:
        """How a question names an object."""
        return str(row)

    def url_after(self, operation: Operation, row: Any) -> str:
        """Where the operator goes when it is done."""
        if operation.removes_row:
            return address_of(self.model, "changelist")
        return page_of(row)

    def may_operate(self, request: HttpRequest, operation: Operation) -> bool:
        """Whether the operator has the permission for it."""
        opts = self.opts
        return request.user.has_perm(f"{opts.app_label}.{operation.permission}_{opts.model_name}")

    def operation_tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """The buttons of what can be done to this object now."""
        return [
            Tool(
                operation.label,
                address_of(self.model, "operation", row.pk, operation.name),
                is_destructive=True,
            )
            for operation in self.operations
            if self.may_operate(request, operation) and operation.applies_to(row)
        ]

    def get_urls(self) -> list[URLPattern]:
        """Django's addresses and `<id>/operations/<name>/`."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_operation"
        view = self.admin_site.admin_view(self.operation_view)
        return [
            path("<path:object_id>/operations/<slug:name>/", view, name=name),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The operations for many that the operator may use, as actions of the list."""
        if IS_POPUP_VAR in request.GET:
            return {}
        return {
            operation.name: (_as_action(operation), operation.name, operation.label)
            for operation in self.operations
            if operation.for_many and self.may_operate(request, operation)
        }

    def operation_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """GET asks, POST does it."""
        operation = next((each for each in self.operations if each.name == name), None)
        row = self.get_object(request, unquote(object_id))
        if operation is None or row is None:
            raise Http404
        allowed = self.has_view_permission(request, row) and self.may_operate(request, operation)
        if not allowed:
            raise PermissionDenied
        if request.method == "POST" and self._is_confirmed(request, operation, [row]):
            self._run(request, operation, [row])
            return HttpResponseRedirect(self.url_after(operation, row))
        return self._question(request, operation, [row], page_of(row))

    def operate_on_selection(
        self, request: HttpRequest, operation: Operation, selected: QuerySet
    ) -> HttpResponse | None:
        """The question about a selection of the list, or its answer carried out."""
        rows = list(selected[: LARGEST_SELECTION + 1])
        if len(rows) > LARGEST_SELECTION:
            text = f"Select at most {LARGEST_SELECTION} at once. Nothing was done."
            self.message_user(request, text, messages.ERROR)
            return None
        if "confirmed" in request.POST:
            self._run(request, operation, rows)
            return HttpResponseRedirect(request.get_full_path())
        return self._question(request, operation, rows, request.get_full_path())

    def _is_confirmed(
        self, request: HttpRequest, operation: Operation, rows: Sequence[Any]
    ) -> bool:
        if "confirmed" not in request.POST:
            return False
        return not operation.retype or request.POST.get("retyped", "").strip() == str(rows[0])

    def _question(
        self, request: HttpRequest, operation: Operation, rows: Sequence[Any], back: str
    ) -> HttpResponse:
        affected = [row for row in rows if operation.applies_to(row)]
        details = operation.details(affected[0]) if len(affected) == 1 == len(rows) else ()
        hidden = [("confirmed", "yes")]
        if "action" in request.POST:
            hidden.append(("action", operation.name))
            hidden += [(ACTION_CHECKBOX_NAME, str(row.pk)) for row in rows]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": operation.label,
            "original": rows[0] if len(rows) == 1 else None,
            "operation": operation,
            "consequences": [*operation.consequences, *details],
            "summaries": [self.summary(row) for row in affected[:_NAMED]],
            "affected": f"{len(affected)} {model_ngettext(self.opts, len(affected))}",
            "unnamed": max(len(affected) - _NAMED, 0),
            "unaffected": len(rows) - len(affected),
            "hidden": hidden,
            "back": back,
            "is_wrong": request.method == "POST" and operation.retype,
        }
        return TemplateResponse(request, "admin/operation.html", context)

    def _run(self, request: HttpRequest, operation: Operation, rows: Sequence[Any]) -> None:
        affected = [row for row in rows if operation.applies_to(row)]
        for row in affected:
            operation.run(row)
            if operation.removes_row:
                self.log_deletions(request, [row])  # type: ignore[arg-type]
            else:
                self.log_change(request, row, f"{capfirst(operation.done)}.")
        text, level = self._report(operation, rows, affected)
        self.message_user(request, text, level)

    def _report(
        self, operation: Operation, rows: Sequence[Model], affected: Sequence[Model]
    ) -> tuple[str, int]:
        if not affected:
            return "There was nothing left to do.", messages.WARNING
        if len(rows) == 1:
            name = capfirst(str(self.opts.verbose_name))
            return f"{name} “{rows[0]}”: {operation.done}.", messages.SUCCESS
        text = f"{len(affected)} {model_ngettext(self.opts, len(affected))}: {operation.done}."
        left = len(rows) - len(affected)
        return text + (f" Left as they were: {left}." if left else ""), messages.SUCCESS


def _as_action(operation: Operation) -> Callable[..., HttpResponse | None]:
    def action(
        model_admin: OperationsAdmin, request: HttpRequest, selected: QuerySet
    ) -> HttpResponse | None:
        return model_admin.operate_on_selection(request, operation, selected)

    return action
