"""The operations on messages, and the capabilities (docs/cognitive.md)."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from cognitive import serializers, services
from cognitive.capabilities import capabilities
from cognitive.credentials import CognitiveAuthentication
from cognitive.limits import enforce_request_limit
from identity.authentication import ServiceAuthentication
from identity.signatures import SCHEME
from threads.views import UserView
from wire.identifiers import parse_message_id
from wire.views import WireView, json_response


class _EngineView(UserView):
    """An operation with a limit of requests per user and minute."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Enforces the limit after authentication."""
        super().initial(request, *args, **kwargs)
        enforce_request_limit(self.caller.user_id)


class TranslateMessageView(_EngineView):
    """`/chat/threads/{id}/messages/{id}:translate`."""

    def post(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        given = serializers.TranslateRequest.read(self.body(request))
        one = services.translate_message(
            access=self.access(thread_id), message_id=parse_message_id(message_id), **given
        )
        return json_response(serializers.translated_message(one))


class AnalyzeSentimentView(_EngineView):
    """`/chat/threads/{id}/messages/{id}:analyzeSentiment`."""

    def post(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        self.body(request)
        one = services.analyze_sentiment(
            access=self.access(thread_id), message_id=parse_message_id(message_id)
        )
        return json_response(serializers.analyzed_message(one))


class EnrichMessagesView(_EngineView):
    """`/chat/threads/{id}/messages:enrich`."""

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        given = serializers.EnrichRequest.read(self.body(request))
        found = services.enrich_messages(access=self.access(thread_id), **given)
        return json_response({"value": [serializers.enriched_message(one) for one in found]})


class CapabilitiesView(WireView):
    """`/cognitive/capabilities`, for users and for applications with an access key."""

    def get_authenticators(self) -> list[Any]:
        """A signature as in the identity API, or a key or token as in Azure's cognitive APIs."""
        signed = self.request.META.get("HTTP_AUTHORIZATION", "").startswith(SCHEME)
        return [ServiceAuthentication() if signed else CognitiveAuthentication()]

    def get(self, request: Request) -> HttpResponse:
        return json_response(capabilities())
