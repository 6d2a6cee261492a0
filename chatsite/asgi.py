"""The ASGI application."""

import functools
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
django.setup()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from twisted.web import http  # noqa: E402

from chatsite.handler import ENGINE_QUEUE, ENGINE_THREADS, SingleHopHandler  # noqa: E402
from cognitive.routing import EngineRequests  # noqa: E402
from cognitive.speech.routing import SpeechRequests, SpeechSockets  # noqa: E402
from live.routing import LongResponses, websocket_application  # noqa: E402

# A pure function of a header that Twisted works out anew for every POST, by way of a whole e-mail
# message; it is a tenth of the cost of a request.
if hasattr(http, "_parseContentType"):
    http._parseContentType = functools.lru_cache(256)(http._parseContentType)

application = ProtocolTypeRouter(
    {
        "http": EngineRequests(
            SpeechRequests(LongResponses(SingleHopHandler())),
            SingleHopHandler(ENGINE_THREADS, "engine"),
            most=ENGINE_THREADS + ENGINE_QUEUE,
        ),
        "websocket": SpeechSockets(websocket_application),
    }
)
