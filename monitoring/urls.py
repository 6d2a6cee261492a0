from django.contrib import admin
from django.urls import path

from monitoring import dashboard_views
from monitoring.timeline import timeline_page

urlpatterns = [
    path(
        "admin/monitoring/dashboard.json",
        admin.site.admin_view(dashboard_views.dashboard_json),
        name="monitoring_dashboard",
    ),
    path(
        "admin/monitoring/dashboard.csv",
        admin.site.admin_view(dashboard_views.dashboard_csv),
        name="monitoring_dashboard_csv",
    ),
    path(
        "admin/monitoring/timeline/",
        admin.site.admin_view(timeline_page),
        name="monitoring_timeline",
    ),
]
