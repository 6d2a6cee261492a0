"""Messages, read receipts and typing over REST (REST contract 5, operations 9 to 16)."""

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from messaging import listing, serializers, services
from messaging.pages import MessagePage
from threads.views import UserView, repeatable_request_id, thread_location
from wire import paging, strict_json
from wire.identifiers import parse_message_id
from wire.paging import Window
from wire.views import empty_response, json_response, rendered_response


class MessagesView(UserView):
    """`/chat/threads/{id}/messages`."""

    operations = {
        "POST": "SendChatMessage",
        "GET": "ListChatMessages",
        "HEAD": "ListChatMessages",
    }

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        """Sends a message, only once per repeatability-request-id."""
        given = serializers.SendMessageRequest.read_for(self.version, self.body(request))
        message_id = services.send_message(
            access=self.access(thread_id), request_id=repeatable_request_id(request), **given
        )
        response = json_response({"id": str(message_id)}, status=201)
        response["Location"] = f"{thread_location(request, thread_id)}/messages/{message_id}"
        return response

    def get(self, request: Request, thread_id: str) -> HttpResponse:
        """The messages of the thread, the most recently changed first."""
        page = MessagePage(request)
        return rendered_response(page.render(self.access(thread_id), self.version))


class MessageView(UserView):
    """`/chat/threads/{id}/messages/{id}`."""

    operations = {
        "GET": "GetChatMessage",
        "PATCH": "UpdateChatMessage",
        "DELETE": "DeleteChatMessage",
        "HEAD": "GetChatMessage",
    }

    def get(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        """A message, which may be deleted."""
        access = self.access(thread_id)
        row = listing.get_message(access, parse_message_id(message_id))
        return json_response(serializers.message(self.version, row))

    def patch(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        given = serializers.UpdateMessageRequest.read_for(self.version, self.body(request))
        access = self.access(thread_id)
        services.update_message(access=access, message_id=parse_message_id(message_id), **given)
        return empty_response(204)

    def delete(self, request: Request, thread_id: str, message_id: str) -> HttpResponse:
        access = self.access(thread_id)
        services.delete_message(access=access, message_id=parse_message_id(message_id))
        return empty_response(204)


class ReadReceiptsView(UserView):
    """`/chat/threads/{id}/readReceipts`."""

    operations = {
        "POST": "SendReadReceipt",
        "GET": "GetReadReceipts",
        "HEAD": "GetReadReceipts",
    }

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        """Records that the caller has read up to a message."""
        message_id = serializers.SendReadReceiptRequest.read_id(self.body(request))
        services.send_read_receipt(access=self.access(thread_id), message_id=message_id)
        return empty_response(200)

    def get(self, request: Request, thread_id: str) -> HttpResponse:
        """The last message that each participant has read."""
        limit = settings.LIMITS.participants_per_thread
        window = Window.of(request, default=limit, maximum=limit)
        rows, more = listing.list_read_receipts(self.access(thread_id), window)
        items = [serializers.read_receipt(*row) for row in rows]
        path = f"/chat/threads/{thread_id}/readReceipts"
        body = paging.window_body(request, path, window, items, more=more)
        return rendered_response(strict_json.render_fast(body))


class TypingView(UserView):
    """`/chat/threads/{id}/typing`."""

    operations = {
        "POST": "SendTypingIndicator",
    }

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        name = serializers.TypingRequest.read_name(self.version, self.body(request))
        services.send_typing_notification(access=self.access(thread_id), sender_display_name=name)
        return empty_response(200)
