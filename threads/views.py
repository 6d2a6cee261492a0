"""Threads and participants over REST (REST contract 5, operations 1 to 8)."""

from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from identity.access import Capability
from identity.authentication import UserAuthentication
from identity.callers import Caller
from threads import details, listing, serializers, services
from threads.access import ThreadAccess, access_thread
from threads.models import ChatThread
from threads.pages import ThreadPage, next_link, page_size
from wire import paging, strict_json
from wire.errors import bad_request
from wire.identifiers import check_thread_id, parse_identifier
from wire.paging import Window
from wire.views import ChatView, empty_response, json_response, rendered_response

_LONGEST_REQUEST_ID = 255


class UserView(ChatView):
    """A chat operation that a user calls with an access token."""

    authentication_classes = (UserAuthentication,)
    caller: Caller

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, reads the api-version and validates the thread id."""
        super().initial(request, *args, **kwargs)
        self.caller = request.user  # type: ignore[assignment]
        if "thread_id" in kwargs:
            check_thread_id(kwargs["thread_id"])

    def access(
        self,
        thread_id: str,
        capability: Capability = Capability.TAKE_PART,
        *,
        even_deleted: bool = False,
        refusal: str | None = None,
    ) -> ThreadAccess:
        """The caller's membership in the thread; see `access_thread`."""
        return access_thread(
            self.caller, thread_id, capability, even_deleted=even_deleted, refusal=refusal
        )


def thread_location(request: Request, thread_id: str) -> str:
    """The address of a thread: `%3A` for the colon but a raw `@`, and no query."""
    return paging.absolute(request, f"/chat/threads/{quote(thread_id, safe='@')}")


def repeatable_request_id(request: Request) -> str | None:
    """The header repeatability-request-id, or None if missing or empty. Raises ChatError 400."""
    request_id = request.headers.get("repeatability-request-id")
    if request_id is not None and len(request_id) > _LONGEST_REQUEST_ID:
        raise bad_request("The header repeatability-request-id is too long.")
    return request_id or None


class ThreadsView(UserView):
    """`/chat/threads`."""

    operations = {
        "POST": "CreateChatThread",
        "GET": "ListChatThreads",
        "HEAD": "ListChatThreads",
    }

    def post(self, request: Request) -> HttpResponse:
        """Creates a thread, only once per repeatability-request-id."""
        request_id = repeatable_request_id(request)
        given = serializers.CreateThreadRequest.read_for(self.version, self.body(request))
        created = services.create_chat_thread(caller=self.caller, request_id=request_id, **given)
        response = json_response(serializers.created_thread(self.version, created), status=201)
        response["Location"] = thread_location(request, created.thread_id)
        return response

    def get(self, request: Request) -> HttpResponse:
        """The caller's threads, most recently active first; with `membership=left` former ones."""
        names = details.wanted(request)
        if self._wants_left(request):
            return self._left(request)
        return rendered_response(ThreadPage(request, names).render(self.caller, self.version))

    def _wants_left(self, request: Request) -> bool:
        membership = request.query_params.get("membership", "current")
        if membership not in ("current", "left"):
            message = f"The value '{membership}' is not valid for membership."
            raise bad_request(message, target="membership")
        return membership == "left"

    def _left(self, request: Request) -> HttpResponse:
        token = request.query_params.get("syncState")
        rows, following = listing.list_left_threads(
            self.caller,
            size=page_size(request),
            cursor=listing.LeftCursor.unpack(token) if token else None,
        )
        body: dict[str, Any] = {"value": [serializers.left_thread(*row[:3]) for row in rows]}
        if following:
            body["nextLink"] = next_link(request, following.pack())
        return json_response(body)


class ThreadView(UserView):
    """`/chat/threads/{id}`."""

    operations = {
        "GET": "GetChatThread",
        "PATCH": "UpdateChatThread",
        "DELETE": "DeleteChatThread",
        "HEAD": "GetChatThread",
    }

    def get(self, request: Request, thread_id: str) -> HttpResponse:
        names = details.wanted(request)
        access = self.access(thread_id)
        thread = ChatThread.objects.select_related("created_by").get(pk=access.thread_pk)
        properties = serializers.thread_properties(
            self.version,
            thread_id=thread.thread_id,
            topic=thread.topic,
            created_ms=thread.created_ms,
            created_by=thread.created_by.raw_id,
            metadata=thread.metadata,
            retention_policy=thread.retention_policy,
        )
        more = details.describe(self.caller, self.version, names, [thread.pk])
        return json_response({**properties, **more.get(thread.pk, {})})

    def patch(self, request: Request, thread_id: str) -> HttpResponse:
        given = serializers.UpdateThreadRequest.read_for(self.version, self.body(request))
        access = self.access(thread_id, Capability.MANAGE_THREADS)
        services.update_chat_thread(access=access, **given)
        return empty_response(204)

    def delete(self, request: Request, thread_id: str) -> HttpResponse:
        """Deletes the thread for all participants."""
        access = self.access(thread_id, Capability.MANAGE_THREADS, even_deleted=True)
        services.delete_chat_thread(access=access)
        return empty_response(204)


class ParticipantsView(UserView):
    """`/chat/threads/{id}/participants`."""

    operations = {
        "GET": "ListChatThreadParticipants",
        "HEAD": "ListChatThreadParticipants",
    }

    def get(self, request: Request, thread_id: str) -> HttpResponse:
        """The participants, creator first."""
        limit = settings.LIMITS.participants_per_thread
        window = Window.of(request, default=limit, maximum=limit)
        rows, more = listing.list_participants(self.access(thread_id), window)
        items = [serializers.participant(self.version, *row) for row in rows]
        path = f"/chat/threads/{thread_id}/participants"
        body = paging.window_body(request, path, window, items, more=more)
        return rendered_response(strict_json.render_fast(body))


class AddParticipantsView(UserView):
    """`/chat/threads/{id}/participants/:add`."""

    operations = {
        "POST": "AddChatThreadParticipants",
    }

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        """Adds participants; the response lists those who could not be added."""
        given = serializers.AddParticipantsRequest.read_for(self.version, self.body(request))
        access = self.access(thread_id, Capability.MANAGE_PARTICIPANTS)
        invalid = services.add_participants(access=access, participants=given)
        return json_response(serializers.invalid_participants(invalid), status=201)


class RemoveParticipantView(UserView):
    """`/chat/threads/{id}/participants/:remove`."""

    operations = {
        "POST": "RemoveChatThreadParticipant",
    }

    def post(self, request: Request, thread_id: str) -> HttpResponse:
        """Removes a participant, which may be the caller."""
        raw_id = parse_identifier(self.body(request))
        access = self.access(
            thread_id,
            Capability.MANAGE_PARTICIPANTS,
            # Only this operation has its own message (REST contract 9.2).
            refusal=f"User {self.caller.raw_id} is not a member of the thread {thread_id}",
        )
        services.remove_participant(access=access, raw_id=raw_id)
        return empty_response(204)
