"""URL patterns of the site; each room has its own."""

from django.urls import include, path

from chatsite.admin_on_demand import admin_routes

urlpatterns = [
    path("", include("identity.urls")),
    # Before `messaging.urls`, because `{id}:translate` is not a message id.
    path("", include("cognitive.urls")),
    path("", include("threads.urls")),
    path("", include("messaging.urls")),
    path("", include("people.urls")),
    path("", include("chatsite.pages.urls")),
    path("", include("live.urls")),
    path("", include("monitoring.urls")),
    path("", include("azure_management.urls")),
    path("admin/", admin_routes()),
]
