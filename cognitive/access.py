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

# A thread in whose metadata this key has the value `off` keeps no results.
OPT_OUT_KEY, OPT_OUT_VALUE = "chatsite.cognitive", "off"


@dataclass(frozen=True)
class Readable:
    """A message that somebody wrote, that is not deleted, and that the caller may see."""

    key: int
    message_id: int
    version: int
    is_html: bool
    content: str

    @cached_property
    def texts(self) -> list[str]:
        """What is to be translated: the text, or the texts in the html."""
        return self._nodes.texts if self.is_html else [self.content]

    @property
    def text(self) -> str:
        """All that it says, as plain text."""
        return "\n".join(self.texts)

    def with_texts(self, texts: list[str]) -> str:
        """The content with other texts in place of its own; html is sanitized."""
        return sanitize(self._nodes.put(texts)) if self.is_html else texts[0]

    @cached_property
    def _nodes(self) -> TextNodes:
        return TextNodes(self.content)


def readable_messages(
    access: ThreadAccess, message_ids: Sequence[int]
) -> dict[int, Readable | ChatError]:
    """Messages by their ids, and in place of those that are not readable why not.

    404 for those that are not visible to the caller or deleted, 400 for those that the thread
    wrote about itself, and for those that are too long.
    """
    rows = visible_messages(access).filter(message_id__in=message_ids, deleted_ms=None)
    found = {
        message_id: _readable(type, Readable(key, message_id, version, type == "html", content))
        for key, message_id, version, type, content in rows.values_list(
            "pk", "message_id", "version", "type", "content"
        )
    }
    return {message_id: found.get(message_id) or not_found() for message_id in message_ids}


def readable_message(access: ThreadAccess, message_id: int) -> Readable:
    """One of them. Raises ChatError as `readable_messages` says."""
    message = readable_messages(access, [message_id])[message_id]
    if isinstance(message, ChatError):
        raise message
    return message


def keeps_results(access: ThreadAccess) -> bool:
    """Whether what is found out about messages of the thread may be stored."""
    metadata = ChatThread.objects.values_list("metadata", flat=True).get(pk=access.thread_pk)
    return opts_in(metadata)


def opts_in(metadata: dict[str, str]) -> bool:
    """The same, by the thread's metadata."""
    return metadata.get(OPT_OUT_KEY, "").strip().lower() != OPT_OUT_VALUE


def _readable(message_type: str, message: Readable) -> Readable | ChatError:
    if message_type not in (MessageType.TEXT, MessageType.HTML):
        return bad_request("The thread wrote this message about itself.")
    if len(message.text) > MESSAGE_CHARACTERS:
        return ChatError(
            400, "TextTooLong", f"The message has more than {MESSAGE_CHARACTERS} characters."
        )
    return message
