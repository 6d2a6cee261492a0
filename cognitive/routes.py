"""The routes of translation, sentiment and speech (cognitive contracts 4 and 6)."""

from cognitive.azure_errors import (
    language_error_response,
    speech_error_response,
    translator_error_response,
)
from wire.routes import Pool, Route

_TRANSLATOR = "translate|languages|detect|breaksentence|transliterate|dictionary|translator"

ROUTES = [
    Route(
        "message operations",
        r"chat/threads/[^/]+/messages(?:/[^/]+)?:[^/]*",
        pool=Pool.ENGINES,
    ),
    Route(
        "speech socket",
        r"speech/recognition/(?P<mode>interactive|conversation|dictation)/cognitiveservices/v1",
        whole=True,
        errors=speech_error_response,
        http="cognitive.speech.short_audio.short_audio",
        websocket="cognitive.speech.socket.speech_socket",
    ),
    Route(
        "universal speech socket",
        r"(?:stt/)?speech/universal/v2",
        whole=True,
        errors=speech_error_response,
        unknown="cognitive.azure_views.UnknownAzureRouteView",
        websocket="cognitive.speech.socket.speech_socket",
    ),
    Route(
        "speech",
        r"(?:cognitive/)?(?:speech|stt|sts)",
        errors=speech_error_response,
        unknown="cognitive.azure_views.UnknownAzureRouteView",
    ),
    Route(
        "translator",
        rf"(?:cognitive/)?(?:{_TRANSLATOR})",
        errors=translator_error_response,
        unknown="cognitive.translator.views.UnknownTranslatorView",
        pool=Pool.ENGINES,
    ),
    Route(
        "language",
        r"(?:cognitive/)?(?:language|text/analytics)",
        errors=language_error_response,
        unknown="cognitive.azure_views.UnknownAzureRouteView",
        pool=Pool.ENGINES,
    ),
    Route("cognitive", r"cognitive", pool=Pool.ENGINES),
]
