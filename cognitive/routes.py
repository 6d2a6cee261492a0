"""The routes of translation, sentiment and speech (cognitive contracts 4 and 6)."""

from cognitive.dialects import language_refusal, speech_refusal, translator_refusal
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
        errors=speech_refusal,
        http="cognitive.speech.short_audio.short_audio",
        websocket="cognitive.speech.socket.speech_socket",
    ),
    Route(
        "universal speech socket",
        r"(?:stt/)?speech/universal/v2",
        whole=True,
        errors=speech_refusal,
        unknown="cognitive.dialect_views.UnknownDialectView",
        websocket="cognitive.speech.socket.speech_socket",
    ),
    Route(
        "speech",
        r"(?:cognitive/)?(?:speech|stt|sts)",
        errors=speech_refusal,
        unknown="cognitive.dialect_views.UnknownDialectView",
    ),
    Route(
        "translator",
        rf"(?:cognitive/)?(?:{_TRANSLATOR})",
        errors=translator_refusal,
        unknown="cognitive.translator.views.UnknownTranslatorView",
        pool=Pool.ENGINES,
    ),
    Route(
        "language",
        r"(?:cognitive/)?(?:language|text/analytics)",
        errors=language_refusal,
        unknown="cognitive.dialect_views.UnknownDialectView",
        pool=Pool.ENGINES,
    ),
    Route("cognitive", r"cognitive", pool=Pool.ENGINES),
]
