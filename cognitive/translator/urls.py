from django.urls import URLPattern, re_path

from cognitive.translator.views import (
    BreakSentenceView,
    DetectView,
    LanguagesView,
    NotOfferedView,
    TranslateView,
)

# At the root, below /cognitive, and where the SDKs look at endpoints that name cognitiveservices.
_BEGINNING = r"^(?:cognitive/)?(?:translator/text/(?:v(?P<path_version>[\w.-]+)/)?)?"

urlpatterns: list[URLPattern] = [
    re_path(_BEGINNING + "translate$", TranslateView.as_view()),
    re_path(_BEGINNING + "languages$", LanguagesView.as_view()),
    re_path(_BEGINNING + "detect$", DetectView.as_view()),
    re_path(_BEGINNING + "breaksentence$", BreakSentenceView.as_view()),
    re_path(_BEGINNING + "transliterate$", NotOfferedView.as_view()),
    re_path(
        _BEGINNING + "dictionary/(?:lookup|examples)$",
        NotOfferedView.as_view(code=400023, versions=frozenset({"3.0"})),
    ),
]
