from django.urls import URLPattern, re_path

from cognitive.translator.views import (
    BreakSentenceView,
    DetectView,
    LanguagesView,
    TranslateView,
    UnsupportedView,
)

# At the root, below /cognitive, and where the SDKs look if the endpoint contains cognitiveservices.
_PREFIX = r"^(?:cognitive/)?(?:translator/text/(?:v(?P<path_version>[\w.-]+)/)?)?"

urlpatterns: list[URLPattern] = [
    re_path(_PREFIX + "translate$", TranslateView.as_view()),
    re_path(_PREFIX + "languages$", LanguagesView.as_view()),
    re_path(_PREFIX + "detect$", DetectView.as_view()),
    re_path(_PREFIX + "breaksentence$", BreakSentenceView.as_view()),
    re_path(_PREFIX + "transliterate$", UnsupportedView.as_view()),
    re_path(
        _PREFIX + "dictionary/(?:lookup|examples)$",
        UnsupportedView.as_view(code=400023, versions=frozenset({"3.0"})),
    ),
]
