"""Which messages a participant may have translated or analyzed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cognitive.limits import MESSAGE_CHARACTERS
from cognitive.markup import TextNodes
from messaging.access import visible_messages
from messaging.html import sanitize
from messaging.models import MessageType
from threads.access import ThreadAccess
from threads.models import ChatThread
from wire.errors import ChatError, bad_request, not_found

# Thread metadata with which no results are stored for the thread.
OPT_OUT_KEY, OPT_OUT_VALUE = "chatsite.cognitive", "off"


@dataclass(frozen=True)
class ReadableMessage:
    """A message of a user that is not deleted and that the caller may see."""

    key: int
    message_id: int
    version: int
    is_html: bool
    content: str

    @cached_property
    def texts(self) -> list[str]:
        """What to translate: the text, or the text nodes of the html."""
        return self._nodes.texts if self.is_html else [self.content]

    @property
    def text(self) -> str:
        """The whole message as plain text."""
        return "\n".join(self.texts)

    def with_texts(self, texts: list[str]) -> str:
        """The content with its texts replaced; html is sanitized."""
        return sanitize(self._nodes.with_texts(texts)) if self.is_html else texts[0]

    @cached_property
    def _nodes(self) -> TextNodes:
        return TextNodes(self.content)


def readable_messages(
    access: ThreadAccess, message_ids: Sequence[int]
) -> dict[int, ReadableMessage | ChatError]:
    """Messages by id, with an error in place of each that cannot be read.

    The error is 404 if the message is deleted or not visible to the caller, and 400 for system
    messages and for messages that are too long.
    """
    rows = visible_messages(access).filter(message_id__in=message_ids, deleted_ms=None)
    found = {
        message_id: _readable(
            type, ReadableMessage(key, message_id, version, type == "html", content)
        )
        for key, message_id, version, type, content in rows.values_list(
            "pk", "message_id", "version", "type", "content"
        )
    }
    return {message_id: found.get(message_id) or not_found() for message_id in message_ids}


def readable_message(access: ThreadAccess, message_id: int) -> ReadableMessage:
    """Like `readable_messages` for one message, but raises the ChatError."""
    message = readable_messages(access, [message_id])[message_id]
    if isinstance(message, ChatError):
        raise message
    return message


def may_store_results(access: ThreadAccess) -> bool:
    """Whether results for messages of the thread may be stored."""
    metadata = ChatThread.objects.values_list("metadata", flat=True).get(pk=access.thread_pk)
    return allows_storing(metadata)


def allows_storing(metadata: dict[str, str]) -> bool:
    """Whether a thread with this metadata allows storing results."""
    return metadata.get(OPT_OUT_KEY, "").strip().lower() != OPT_OUT_VALUE


def _readable(message_type: str, message: ReadableMessage) -> ReadableMessage | ChatError:
    if message_type not in (MessageType.TEXT, MessageType.HTML):
        return bad_request("System messages cannot be processed.")
    if len(message.text) > MESSAGE_CHARACTERS:
        return ChatError(
            400, "TextTooLong", f"The message has more than {MESSAGE_CHARACTERS} characters."
        )
    return message
