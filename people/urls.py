from django.urls import path

from people.views import OwnEntryView, PeopleView

urlpatterns = [
    path("chat/people", PeopleView.as_view()),
    path("chat/people/me", OwnEntryView.as_view()),
]
