"""The own operations on messages, and what there is (docs/cognitive.md)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from cognitive import serializers, services
from cognitive.capabilities import capabilities
from cognitive.credentials import CognitiveAuthentication
from cognitive.limits import require_turn
from identity.authentication import ServiceAuthentication
from identity.signatures import SCHEME
from threads.views import UserView
from wire.identifiers import parse_message_id
from wire.views import WireView, json_response


class _EngineView(UserView):
    """An operation of which a user may do so many a minute."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Counts the request once it is known to be one."""
        super().initial(request, *args, **kwargs)
        require_turn(self.caller.user_id)


class TranslateMessageView(_EngineView):
    """`/chat/threads/{id}/messages/{id}:translate`."""

    def post(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        """A message in other languages."""
        given = serializers.TranslateRequest.read(self.body(request))
        one = services.translate_message(
            access=self.access(thread_id), message_id=parse_message_id(message_id), **given
        )
        return json_response(serializers.translated_message(one))


class AnalyzeSentimentView(_EngineView):
    """`/chat/threads/{id}/messages/{id}:analyzeSentiment`."""

    def post(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        """The sentiment of a message."""
        self.body(request)
        one = services.analyze_sentiment(
            access=self.access(thread_id), message_id=parse_message_id(message_id)
        )
        return json_response(serializers.analyzed_message(one))


class EnrichMessagesView(_EngineView):
    """`/chat/threads/{id}/messages:enrich`."""

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        """Translations and sentiments of a page of messages."""
        given = serializers.EnrichRequest.read(self.body(request))
        found = services.enrich_messages(access=self.access(thread_id), **given)
        return json_response({"value": [serializers.enriched_message(one) for one in found]})


class CapabilitiesView(WireView):
    """`/cognitive/capabilities`, for users and for applications with an access key."""

    def get_authenticators(self) -> list[Any]:
        """A signature as the identity API takes it, or else a key or token as Azure's engines."""
        signed = self.request.META.get("HTTP_AUTHORIZATION", "").startswith(SCHEME)
        return [ServiceAuthentication() if signed else CognitiveAuthentication()]

    def get(self, request: Request) -> HttpResponse:
        """Engines, versions, languages and limits."""
        return json_response(capabilities())
