from django.urls import path

from threads import views

urlpatterns = [
    path("chat/threads", views.ThreadsView.as_view()),
    path("chat/threads/<str:thread_id>", views.ThreadView.as_view()),
    path("chat/threads/<str:thread_id>/participants", views.ParticipantsView.as_view()),
    path("chat/threads/<str:thread_id>/participants/:add", views.AddParticipantsView.as_view()),
    path(
        "chat/threads/<str:thread_id>/participants/:remove", views.RemoveParticipantView.as_view()
    ),
]
