"""The routes of the site: each room brings its own."""

from django.contrib import admin
from django.urls import include, path, re_path

from wire.views import UnknownRouteView

urlpatterns = [
    path("", include("identity.urls")),
    path("", include("threads.urls")),
    path("", include("messaging.urls")),
    # Whatever else is under a prefix of the API is answered in the API's own manner.
    re_path(r"^(chat/threads|identities|teamsUser|access)(/|$)", UnknownRouteView.as_view()),
    path("admin/", admin.site.urls),
]
