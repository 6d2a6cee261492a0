from django.urls import URLPattern, path

from cognitive.language.urls import urlpatterns as language
from cognitive.speech.views import IssueTokenView
from cognitive.translator.urls import urlpatterns as translator
from cognitive.views import (
    AnalyzeSentimentView,
    CapabilitiesView,
    EnrichMessagesView,
    TranslateMessageView,
)

_MESSAGES = "chat/threads/<str:thread_id>/messages"

urlpatterns: list[URLPattern] = [
    path(f"{_MESSAGES}/<str:message_id>:translate", TranslateMessageView.as_view()),
    path(f"{_MESSAGES}/<str:message_id>:analyzeSentiment", AnalyzeSentimentView.as_view()),
    path(f"{_MESSAGES}:enrich", EnrichMessagesView.as_view()),
    path("cognitive/capabilities", CapabilitiesView.as_view()),
    *translator,
    *language,
    path("sts/v1.0/issueToken", IssueTokenView.as_view()),
]
