"""Template filters of the admin."""

from typing import Any

from django import template
from django.contrib import admin

from admin_toolkit.display import shortened
from admin_toolkit.pages import ToolkitAdmin

register = template.Library()
register.filter("shortened", shortened)

# The apps in the order of the index; others follow, staff accounts come last.
_ORDER = ("identity", "pages", "threads", "messaging", "events", "live", "cognitive", "monitoring")
_STAFF = "auth"
_NAMES = {"identity": "Resources and users", "messaging": "Messages", _STAFF: "Staff accounts"}


@register.filter
def app_sections(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Django's list of apps, in our order and with our names; each model with its purpose."""
    return [
        {
            **app,
            "name": _NAMES.get(app["app_label"], app["name"]),
            "models": [{**model, **_details(model["model"])} for model in app["models"]],
        }
        for app in sorted(app_list, key=_position)
    ]


@register.filter
def searchable(app_list: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The models that the search form on the index page offers."""
    models = [model for app in app_sections(app_list) for model in app["models"]]
    return [model for model in models if model["is_searchable"] and model["admin_url"]]


def _position(app: dict[str, Any]) -> tuple[int, str]:
    label = app["app_label"]
    position = _ORDER.index(label) if label in _ORDER else len(_ORDER) + (label == _STAFF)
    return position, label


def _details(model: Any) -> dict[str, Any]:
    model_admin = admin.site.get_model_admin(model)
    ours = model_admin if isinstance(model_admin, ToolkitAdmin) else None
    return {
        "purpose": ours.purpose if ours else "",
        "is_searchable": bool(ours and ours.is_searchable),
    }
