"""URL patterns of the site; each room has its own."""

from django.contrib import admin
from django.urls import include, path

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
    path("admin/", admin.site.urls),
]
