from django.urls import path, re_path

from live.stream.views import EventTicketsView
from live.trouter import views

urlpatterns = [
    path("chat/events/tickets", EventTicketsView.as_view()),
    path("chat/config/realTimeNotifications", views.RealTimeNotificationsView.as_view()),
    path("v4/a", views.AllocateView.as_view()),
    re_path(r"^socket\.io/1/?$", views.HandshakeView.as_view()),
    re_path(r"^v[23]/registrations$", views.RegistrationsView.as_view()),
    re_path(r"^v[23]/registrations/(?P<registration_id>[^/]+)$", views.RegistrationView.as_view()),
]
