from django.urls import path

from messaging import views

_THREAD = "chat/threads/<str:thread_id>"

urlpatterns = [
    path(f"{_THREAD}/messages", views.MessagesView.as_view()),
    path(f"{_THREAD}/messages/<str:message_id>", views.MessageView.as_view()),
    path(f"{_THREAD}/readReceipts", views.ReadReceiptsView.as_view()),
    path(f"{_THREAD}/typing", views.TypingView.as_view()),
]
