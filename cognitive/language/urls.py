from django.urls import URLPattern, re_path

from cognitive.language.views import AnalyzeTextView, LegacyLanguagesView, LegacySentimentView

_LEGACY = r"^(?:cognitive/)?text/analytics/v3\.[01]/"

urlpatterns: list[URLPattern] = [
    re_path(r"^(?:cognitive/)?language/:analyze-text$", AnalyzeTextView.as_view()),
    re_path(_LEGACY + "sentiment$", LegacySentimentView.as_view()),
    re_path(_LEGACY + "languages$", LegacyLanguagesView.as_view()),
]
