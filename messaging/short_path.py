"""The hot operations of messages, receipts and typing (see `wire.short_path`)."""

from collections.abc import Sequence

from messaging import serializers, services
from messaging.access import is_visible
from messaging.pages import MessagePage
from messaging.storage import Draft, write_messages
from threads.access import ThreadAccess, TokenRequest, access_by_token, accesses_by_token
from wire.identifiers import is_thread_id
from wire.short_path import ShortAnswer, ShortRequest, Work
from wire.strict_json import render
from wire.versions import ApiVersion
from wire.write_queue import Batched


def _token_request(request: ShortRequest) -> TokenRequest:
    return TokenRequest(request.token(), request.host_name, request.parts["thread_id"])


def _access(request: ShortRequest) -> ThreadAccess | None:
    return access_by_token(_token_request(request))


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
    return Batched(_send_messages, (request, services.draft_message(**given)))


def _send_messages(sends: Sequence[tuple[ShortRequest, Draft]]) -> list[ShortAnswer | None]:
    accesses = accesses_by_token([_token_request(request) for request, _ in sends])
    able = {place: access for place, access in enumerate(accesses) if access is not None}
    positions = write_messages([(access, sends[place][1]) for place, access in able.items()])
    answers: list[ShortAnswer | None] = [None] * len(sends)
    for (place, access), position in zip(able.items(), positions, strict=True):
        if position is not None:
            answers[place] = _sent(sends[place][0], access, position.version)
    return answers


def _sent(request: ShortRequest, access: ThreadAccess, version: int) -> ShortAnswer:
    message_id = str(version)
    location = f"{request.thread_location(access.thread_id)}/messages/{message_id}"
    body = render({"id": message_id})
    return _answer(access, 201, body, message_id=message_id, location=location)


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
