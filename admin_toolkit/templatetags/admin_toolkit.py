"""Tags for the templates of the operator's pages."""

from typing import Any

from django import template
from django.contrib import admin

from admin_toolkit.display import shortened
from admin_toolkit.pages import ToolkitAdmin

register = template.Library()
register.filter("shortened", shortened)

# The rooms in the order of a day's work; others follow, the accounts of the staff come last.
_ORDER = ("identity", "threads", "messaging", "events", "live", "cognitive", "monitoring")
_STAFF = "auth"
_NAMES = {"identity": "People and tenants", "messaging": "Messages", _STAFF: "Staff accounts"}


@register.filter
def rooms(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Django's list of apps as rooms: ordered, named, each page with its purpose."""
    return [
        {
            **app,
            "name": _NAMES.get(app["app_label"], app["name"]),
            "models": [{**model, **_about(model["model"])} for model in app["models"]],
        }
        for app in sorted(app_list, key=_place)
    ]


@register.filter
def findable(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The pages that can be searched from the first page."""
    pages = [model for app in rooms(app_list) for model in app["models"]]
    return [page for page in pages if page["is_findable"] and page["admin_url"]]


def _place(app: dict[str, Any]) -> tuple[int, str]:
    label = app["app_label"]
    place = _ORDER.index(label) if label in _ORDER else len(_ORDER) + (label == _STAFF)
    return place, label


def _about(model: Any) -> dict[str, Any]:
    pages = admin.site.get_model_admin(model)
    ours = pages if isinstance(pages, ToolkitAdmin) else None
    return {
        "purpose": ours.purpose if ours else "",
        "is_findable": bool(ours and ours.is_in_finder),
    }
