from django.urls import re_path

from azure_management.monitor import views
from wire.routes import any_case

_SUBSCRIPTION = rf"{any_case('subscriptions')}/[^/]+"
_GROUP = rf"{_SUBSCRIPTION}/{any_case('resourceGroups')}/[^/]+"
_SERVICE = (
    rf"^(?P<scope>{_GROUP}/{any_case('providers/Microsoft.Communication/communicationServices')}"
    r"/(?P<resource_name>[^/]+))"
)
_INSIGHTS = any_case("providers/Microsoft.Insights")
_RULES = rf"/{_INSIGHTS}/{any_case('metricAlerts')}"
_GROUPS = rf"/{_INSIGHTS}/{any_case('actionGroups')}"
_NAME = r"(?P<name>[^/]+)"

urlpatterns = [
    re_path(rf"{_SERVICE}/{_INSIGHTS}/{any_case('metrics')}$", views.MetricsView.as_view()),
    re_path(
        rf"{_SERVICE}/{_INSIGHTS}/{any_case('metricDefinitions')}$",
        views.DefinitionsView.as_view(),
    ),
    re_path(rf"^(?P<scope>{_GROUP}){_RULES}$", views.RulesView.as_view()),
    re_path(rf"^(?P<scope>{_SUBSCRIPTION}){_RULES}$", views.RulesView.as_view()),
    re_path(rf"^(?P<scope>{_GROUP}){_RULES}/{_NAME}$", views.RuleView.as_view()),
    re_path(
        rf"^(?P<scope>{_GROUP}){_RULES}/{_NAME}/{any_case('status')}$",
        views.StatusView.as_view(),
    ),
    re_path(
        rf"^(?P<scope>{_GROUP}){_RULES}/{_NAME}/{any_case('status')}/(?P<status_name>[^/]+)$",
        views.StatusView.as_view(),
    ),
    re_path(rf"^(?P<scope>{_GROUP}){_GROUPS}$", views.GroupsView.as_view()),
    re_path(rf"^(?P<scope>{_SUBSCRIPTION}){_GROUPS}$", views.GroupsView.as_view()),
    re_path(rf"^(?P<scope>{_GROUP}){_GROUPS}/{_NAME}$", views.GroupView.as_view()),
]
