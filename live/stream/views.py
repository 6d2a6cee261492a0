"""Tickets for clients of the event stream that cannot set request headers."""

from django.http import HttpResponse
from rest_framework.request import Request

from identity.authentication import UserAuthentication, bearer_token
from identity.hosts import host_name
from live import credentials
from live.stream.requests import TICKET_SECONDS, issue_ticket
from wire import times
from wire.errors import unauthorized
from wire.views import WireView, json_response


class EventTicketsView(WireView):
    """`/chat/events/tickets`."""

    authentication_classes = (UserAuthentication,)

    def post(self, request: Request) -> HttpResponse:
        """Return `{ticket, expiresOn}`; the ticket opens the stream once."""
        host = host_name(request.get_host())
        credential = credentials.of_token(bearer_token(request), host)
        if credential is None:
            raise unauthorized()
        expires = times.to_wire(times.now_ms() + TICKET_SECONDS * 1000)
        response = json_response(
            {"ticket": issue_ticket(credential), "expiresOn": expires}, status=201
        )
        response["Cache-Control"] = "no-store"
        return response
