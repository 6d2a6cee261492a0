from django.urls import path, re_path

from azure_management.event_grid import views
from wire.routes import any_case

_SCOPE = (
    rf"^(?P<scope>{any_case('subscriptions')}/[^/]+/{any_case('resourceGroups')}/[^/]+"
    rf"/{any_case('providers/Microsoft.Communication/communicationServices')}"
    r"/(?P<resource_name>[^/]+))"
    rf"/{any_case('providers/Microsoft.EventGrid/eventSubscriptions')}"
)

urlpatterns = [
    re_path(rf"{_SCOPE}/?$", views.SubscriptionsView.as_view()),
    re_path(rf"{_SCOPE}/(?P<name>[^/]+)$", views.SubscriptionView.as_view()),
    re_path(rf"{_SCOPE}/(?P<name>[^/]+)/{any_case('getFullUrl')}$", views.FullUrlView.as_view()),
    re_path(
        rf"{_SCOPE}/(?P<name>[^/]+)/{any_case('getDeliveryAttributes')}$",
        views.DeliveryAttributesView.as_view(),
    ),
    path("eventgrid/validate", views.ValidateView.as_view()),
]
