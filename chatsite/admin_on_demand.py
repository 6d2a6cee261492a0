"""The admin, whose modules are imported when its first page is requested.

They are a quarter of the imports of the whole server, in time and in memory, and many servers
never show a page of the admin. `manage.py check` imports and checks them as usual.
"""

from functools import cache, cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks
from django.http import HttpRequest
from django.urls import URLPattern, URLResolver

_discover = cache(admin.autodiscover)


class AdminOnDemandConfig(SimpleAdminConfig):
    """`django.contrib.admin` without the import of every `admin` module at start."""

    default_site = "chatsite.admin_on_demand.SiteOnDemand"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_admin, checks.Tags.admin)


def _check_admin(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    _discover()
    return list(check_admin_app(app_configs, **kwargs))


class SiteOnDemand(admin.AdminSite):
    """The admin site. Every page calls one of these methods, which import all `admin` modules."""

    def get_urls(self) -> list[Any]:
        _discover()
        return super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        _discover()
        return super().each_context(request)


def admin_routes() -> tuple[Any, str, str]:
    """An argument for `path`, like `admin.site.urls`; the patterns are made when first needed."""
    return _Routes(), "admin", admin.site.name


class _Routes:
    """Takes the place of a URLconf module."""

    @cached_property
    def urlpatterns(self) -> list[URLPattern | URLResolver]:
        return admin.site.get_urls()
