"""The hot operations of messages, receipts and typing (see `wire.short_path`)."""

from messaging import serializers, services
from messaging.access import is_visible
from messaging.pages import MessagePage
from messaging.storage import write_message
from threads.access import ThreadAccess, access_by_token
from wire.identifiers import is_thread_id
from wire.short_path import ShortAnswer, ShortPath, ShortRequest, Work
from wire.strict_json import render
from wire.versions import ApiVersion

_THREAD = r"chat/threads/(?P<thread_id>[^/]+)"


def _access(request: ShortRequest) -> ThreadAccess | None:
    return access_by_token(request.token(), request.host_name, request.parts["thread_id"])


def _is_ordinary(request: ShortRequest) -> bool:
    return is_thread_id(request.parts["thread_id"]) and request.has_json_type()


def _answer(
    access: ThreadAccess,
    status: int,
    body: bytes = b"",
    *,
    message_id: str = "",
    location: str = "",
) -> ShortAnswer:
    return ShortAnswer(
        status,
        body,
        location=location,
        resource_id=access.caller.resource_id,
        raw_id=access.caller.raw_id,
        scopes=access.caller.scopes,
        thread_id=access.thread_id,
        message_id=message_id,
    )


def send_message(request: ShortRequest, version: ApiVersion) -> Work | None:
    """SendChatMessage."""
    if not _is_ordinary(request):
        return None
    given = serializers.SendMessageRequest.read_for(version, request.json())
    draft = services.draft_message(**given)

    def work() -> ShortAnswer | None:
        access = _access(request)
        position = write_message(access, draft) if access is not None else None
        if access is None or position is None:
            return None
        message_id = str(position.version)
        location = f"{request.thread_location(access.thread_id)}/messages/{message_id}"
        body = render({"id": message_id})
        return _answer(access, 201, body, message_id=message_id, location=location)

    return work


def list_messages(request: ShortRequest, version: ApiVersion) -> Work | None:
    """ListChatMessages."""
    if not is_thread_id(request.parts["thread_id"]):
        return None
    page = MessagePage(request)

    def work() -> ShortAnswer | None:
        access = _access(request)
        if access is None:
            return None
        return _answer(access, 200, page.render(access, version))

    return work


def send_read_receipt(request: ShortRequest, version: ApiVersion) -> Work | None:
    """SendReadReceipt."""
    if not _is_ordinary(request):
        return None
    message_id = serializers.SendReadReceiptRequest.read_id(request.json())

    def work() -> ShortAnswer | None:
        access = _access(request)
        if access is None or not is_visible(access, message_id):
            return None
        services.send_read_receipt(access=access, message_id=message_id)
        return _answer(access, 200)

    return work


def send_typing_notification(request: ShortRequest, version: ApiVersion) -> Work | None:
    """SendTypingIndicator."""
    if not _is_ordinary(request):
        return None
    name = serializers.TypingRequest.read_name(version, request.json())

    def work() -> ShortAnswer | None:
        access = _access(request)
        if access is None:
            return None
        services.send_typing_notification(access=access, sender_display_name=name)
        return _answer(access, 200)

    return work


SHORT_PATHS = [
    ShortPath(
        "POST",
        rf"{_THREAD}/messages",
        "messaging.short_path.send_message",
        operation="SendChatMessage",
        writes=True,
    ),
    ShortPath(
        "GET",
        rf"{_THREAD}/messages",
        "messaging.short_path.list_messages",
        operation="ListChatMessages",
    ),
    ShortPath(
        "POST",
        rf"{_THREAD}/readReceipts",
        "messaging.short_path.send_read_receipt",
        operation="SendReadReceipt",
        writes=True,
    ),
    ShortPath(
        "POST",
        rf"{_THREAD}/typing",
        "messaging.short_path.send_typing_notification",
        operation="SendTypingIndicator",
    ),
]
