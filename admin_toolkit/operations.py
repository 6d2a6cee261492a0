"""Operations on objects in the admin. Each asks for confirmation, calls a service and is logged.

They replace Django's change and delete forms for data that the protocol defines.
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

# How many objects one confirmation can cover.
LARGEST_SELECTION = 200
# How many of them the confirmation page lists.
_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation on objects of one model.

    `run` must be idempotent. `done` completes "Thread x: …" in the success message and the log.
    """

    name: str
    label: str
    consequences: tuple[str, ...]
    done: str
    run: Callable[[Any], object]
    # The Django model permission that it requires.
    permission: Literal["change", "delete"]
    # It is offered only for objects to which it applies.
    applies_to: Callable[[Any], bool] = lambda row: True
    # Whether it is also offered for a selection in a list.
    for_many: bool = True
    # Additional consequences for a single object.
    details: Callable[[Any], Iterable[str]] = lambda row: ()
    # Whether the operator must type the object's name, for operations that cannot be undone.
    retype: bool = False
    # Whether the object no longer exists afterwards.
    removes_row: bool = False


@dataclass(frozen=True)
class Tool:
    """A button on an object's page."""

    label: str
    url: str
    is_destructive: bool = False


class OperationsAdmin(ModelAdmin):
    """A ModelAdmin with operations on single objects and on selections of its list."""

    operations: ClassVar[Sequence[Operation]] = ()

    def summary(self, row: Any) -> str:
        """The description of an object on the confirmation page."""
        return str(row)

    def url_after(self, operation: Operation, row: Any) -> str:
        """The URL of the page that follows the operation."""
        if operation.removes_row:
            return address_of(self.model, "changelist")
        return page_of(row)

    def may_operate(self, request: HttpRequest, operation: Operation) -> bool:
        """Whether the operator has the permission for the operation."""
        opts = self.opts
        return request.user.has_perm(f"{opts.app_label}.{operation.permission}_{opts.model_name}")

    def operation_tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """The buttons of the operations that apply to the object."""
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
        """Adds `<id>/operations/<name>/`."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_operation"
        view = self.admin_site.admin_view(self.operation_view)
        return [
            path("<path:object_id>/operations/<slug:name>/", view, name=name),
            *super().get_urls(),
        ]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The operations on selections that the operator may use, as actions of the list."""
        if IS_POPUP_VAR in request.GET:
            return {}
        return {
            operation.name: (_as_action(operation), operation.name, operation.label)
            for operation in self.operations
            if operation.for_many and self.may_operate(request, operation)
        }

    def operation_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """GET shows the confirmation page, POST runs the operation."""
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
        return self._confirmation_page(request, operation, [row], page_of(row))

    def operate_on_selection(
        self, request: HttpRequest, operation: Operation, selected: QuerySet
    ) -> HttpResponse | None:
        """Shows the confirmation page for a selection, or runs the operation if confirmed."""
        rows = list(selected[: LARGEST_SELECTION + 1])
        if len(rows) > LARGEST_SELECTION:
            text = f"Select at most {LARGEST_SELECTION} objects. Nothing was changed."
            self.message_user(request, text, messages.ERROR)
            return None
        if "confirmed" in request.POST:
            self._run(request, operation, rows)
            return HttpResponseRedirect(request.get_full_path())
        return self._confirmation_page(request, operation, rows, request.get_full_path())

    def _is_confirmed(
        self, request: HttpRequest, operation: Operation, rows: Sequence[Any]
    ) -> bool:
        if "confirmed" not in request.POST:
            return False
        return not operation.retype or request.POST.get("retyped", "").strip() == str(rows[0])

    def _confirmation_page(
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
            "not_listed": max(len(affected) - _NAMED, 0),
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
            return "There was nothing to do.", messages.WARNING
        if len(rows) == 1:
            name = capfirst(str(self.opts.verbose_name))
            return f"{name} “{rows[0]}”: {operation.done}.", messages.SUCCESS
        text = f"{len(affected)} {model_ngettext(self.opts, len(affected))}: {operation.done}."
        unchanged = len(rows) - len(affected)
        return text + (f" Unchanged: {unchanged}." if unchanged else ""), messages.SUCCESS


def _as_action(operation: Operation) -> Callable[..., HttpResponse | None]:
    def action(
        model_admin: OperationsAdmin, request: HttpRequest, selected: QuerySet
    ) -> HttpResponse | None:
        return model_admin.operate_on_selection(request, operation, selected)

    return action
