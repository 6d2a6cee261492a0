from django.urls import include, path

urlpatterns = [
    path("", include("azure_management.event_grid.urls")),
    path("", include("azure_management.monitor.urls")),
]
