"""The base classes of the ModelAdmins of all rooms."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.text import capfirst

from admin_toolkit.display import shortened
from admin_toolkit.lists import BoundedPaginator
from admin_toolkit.operations import OperationsAdmin, Tool


@dataclass(frozen=True)
class Link:
    """A button on an object's page that opens a filtered list of another room.

    Higher rooms append their links to the `links` of a ToolkitAdmin in a lower room.
    """

    label: str
    # The URL name of the list, and the query parameter that filters it, with its value.
    url_name: str
    parameter: str
    value: Callable[[Any], Any]
    permission: str

    def tool(self, row: Any) -> Tool:
        query = urlencode({self.parameter: self.value(row)})
        return Tool(self.label, f"{reverse(self.url_name)}?{query}")


@dataclass(frozen=True)
class PanelRow:
    """A row of a panel's table, with buttons at its end."""

    cells: Sequence[Any]
    tools: Sequence[Tool] = ()
    is_past: bool = False


@dataclass(frozen=True)
class Panel:
    """A table below the fields of an object."""

    title: str
    columns: Sequence[str]
    rows: Sequence[PanelRow]
    # A line below the table: what it leaves out, or that it is empty.
    note: str = ""
    labelled_rows: list[tuple[PanelRow, list[tuple[str, Any]]]] = field(init=False)

    def __post_init__(self) -> None:
        labelled = [(row, list(zip(self.columns, row.cells, strict=True))) for row in self.rows]
        object.__setattr__(self, "labelled_rows", labelled)


class ToolkitAdmin(OperationsAdmin):
    """A ModelAdmin with bounded lists, and with buttons and panels on the pages of objects."""

    # A sentence for the index page.
    purpose: ClassVar[str] = ""
    # Whether the search form on the index page offers this list.
    is_searchable: ClassVar[bool] = False
    links: ClassVar[list[Link]] = []

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    empty_value_display = ""

    def panels(self, request: HttpRequest, row: Any) -> list[Panel]:
        """The panels of an object's page."""
        return []

    def tools(self, request: HttpRequest, row: Any) -> list[Tool]:
        """The buttons of an object's page."""
        links = [link.tool(row) for link in self.links if request.user.has_perm(link.permission)]
        return [*links, *self.operation_tools(request, row)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Uses the plural name of the model as the title."""
        title = {"title": capfirst(str(self.opts.verbose_name_plural))}
        return super().changelist_view(request, title | (extra_context or {}))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        kind = capfirst(str(self.opts.verbose_name))
        more: dict[str, Any] = {"title": shortened(row), "subtitle": None, "kind": kind}
        if row is not None and self.has_view_permission(request, row):
            more |= {"tools": self.tools(request, row), "panels": self.panels(request, row)}
        return super().change_view(request, object_id, form_url, more | (extra_context or {}))


class ReadOnlyAdmin(ToolkitAdmin):
    """A ModelAdmin for data that the protocol defines: only operations change it."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """False: there is no form. `may_operate` checks the permission itself."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All fields."""
        return list(flatten_fieldsets(self.get_fieldsets(request, obj)))
