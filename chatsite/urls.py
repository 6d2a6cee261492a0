"""The routes of the site: each room brings its own."""

from django.contrib import admin
from django.urls import include, path, re_path

from identity.views import UnknownIdentityRouteView
from wire.views import UnknownRouteView

urlpatterns = [
    path("", include("identity.urls")),
    # Before the messages: `{id}:translate` is no message's id.
    path("", include("cognitive.urls")),
    path("", include("threads.urls")),
    path("", include("messaging.urls")),
    path("", include("chatsite.pages.urls")),
    path("", include("live.urls")),
    path("", include("monitoring.urls")),
    path("", include("azure_management.urls")),
    # Whatever else is under a prefix of the API is answered in the API's own manner.
    re_path(
        r"^(chat/(threads|people|events|config)|v4|v[23]/registrations|socket\.io)(/|$)",
        UnknownRouteView.as_view(),
    ),
    re_path(
        r"^(identities|teamsUser|access|subscriptions|eventgrid)(/|$)",
        UnknownIdentityRouteView.as_view(),
    ),
    path("admin/", admin.site.urls),
]
