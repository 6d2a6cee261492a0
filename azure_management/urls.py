"""All routes of the management API, and the link that confirms a webhook endpoint."""

from django.urls import path, re_path

from azure_management.event_grid import subscriptions, validation
from azure_management.monitor import action_groups, metric_alerts, metrics
from wire.routes import any_case

_SUBSCRIPTION = rf"{any_case('subscriptions')}/[^/]+"
_GROUP = rf"{_SUBSCRIPTION}/{any_case('resourceGroups')}/[^/]+"
_RESOURCE = (
    rf"{_GROUP}/{any_case('providers/Microsoft.Communication/communicationServices')}"
    r"/(?P<resource_name>[^/]+)"
)
_IN_SUBSCRIPTION = rf"^(?P<scope>{_SUBSCRIPTION})"
_IN_GROUP = rf"^(?P<scope>{_GROUP})"
_OF_RESOURCE = rf"^(?P<scope>{_RESOURCE})"
_NAME = r"/(?P<name>[^/]+)"

_EVENT_GRID = rf"/{any_case('providers/Microsoft.EventGrid')}"
_INSIGHTS = rf"/{any_case('providers/Microsoft.Insights')}"
_SUBSCRIPTIONS = rf"{_OF_RESOURCE}{_EVENT_GRID}/{any_case('eventSubscriptions')}"
_METRICS = rf"{_OF_RESOURCE}{_INSIGHTS}/{any_case('metrics')}"
_DEFINITIONS = rf"{_OF_RESOURCE}{_INSIGHTS}/{any_case('metricDefinitions')}"
_ALERTS = rf"{_INSIGHTS}/{any_case('metricAlerts')}"
_STATUS = rf"{_IN_GROUP}{_ALERTS}{_NAME}/{any_case('status')}"
_GROUPS = rf"{_INSIGHTS}/{any_case('actionGroups')}"

urlpatterns = [
    re_path(rf"{_SUBSCRIPTIONS}/?$", subscriptions.SubscriptionsView.as_view()),
    re_path(rf"{_SUBSCRIPTIONS}{_NAME}$", subscriptions.SubscriptionView.as_view()),
    re_path(
        rf"{_SUBSCRIPTIONS}{_NAME}/{any_case('getFullUrl')}$", subscriptions.FullUrlView.as_view()
    ),
    re_path(
        rf"{_SUBSCRIPTIONS}{_NAME}/{any_case('getDeliveryAttributes')}$",
        subscriptions.DeliveryAttributesView.as_view(),
    ),
    path("eventgrid/validate", validation.ValidateView.as_view()),
    re_path(rf"{_METRICS}$", metrics.MetricsView.as_view()),
    re_path(rf"{_DEFINITIONS}$", metrics.DefinitionsView.as_view()),
    re_path(rf"{_IN_GROUP}{_ALERTS}$", metric_alerts.MetricAlertsView.as_view()),
    re_path(rf"{_IN_SUBSCRIPTION}{_ALERTS}$", metric_alerts.MetricAlertsView.as_view()),
    re_path(rf"{_IN_GROUP}{_ALERTS}{_NAME}$", metric_alerts.MetricAlertView.as_view()),
    re_path(rf"{_STATUS}$", metric_alerts.StatusView.as_view()),
    re_path(rf"{_STATUS}/(?P<status_name>[^/]+)$", metric_alerts.StatusView.as_view()),
    re_path(rf"{_IN_GROUP}{_GROUPS}$", action_groups.ActionGroupsView.as_view()),
    re_path(rf"{_IN_SUBSCRIPTION}{_GROUPS}$", action_groups.ActionGroupsView.as_view()),
    re_path(rf"{_IN_GROUP}{_GROUPS}{_NAME}$", action_groups.ActionGroupView.as_view()),
]
