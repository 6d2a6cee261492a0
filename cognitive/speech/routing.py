"""Which connections are about speech (cognitive contract 6.2)."""

import re
from typing import Any

from cognitive.speech import hosted, socket
from cognitive.speech.short_audio import short_audio
from cognitive.speech.socket import speech_socket
from cognitive.speech.turns import Mode

# SDKs given an endpoint that ends in / ask for `//speech`.
_PATH = re.compile(
    r"/+(?:speech/recognition/(?P<mode>interactive|conversation|dictation)/cognitiveservices/v1"
    r"|(?:stt/)?speech/universal/v2)/?"
)


class SpeechSockets:
    """Answers the WebSockets about speech, and hands all others to `inner`."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The ASGI entry."""
        found = _PATH.fullmatch(scope["path"])
        if found is None:
            await self.inner(scope, receive, send)
        else:
            mode = Mode(found["mode"]) if found["mode"] else None
            await speech_socket(scope, receive, send, mode)


class SpeechRequests:
    """Answers requests that carry sound, and hands all others to `inner`.

    Their bodies are larger than others may be, and they wait for an engine: so they are neither
    read as a whole nor in a thread of the chat.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """The ASGI entry."""
        found = _PATH.fullmatch(scope["path"])
        if found is None or found["mode"] is None or scope["method"] == "OPTIONS":
            await self.inner(scope, receive, send)
        else:
            await short_audio(scope, receive, send)


def end_sockets() -> None:
    """Ends what is spoken over sockets, because the server stops. Requests may be answered yet."""
    socket.end_all()


def end_engines() -> None:
    """Ends the engines' processes; nobody wants anything of them any more."""
    hosted.end_processes()
