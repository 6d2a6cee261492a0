"""Deletes results that an event makes invalid, in the transaction of the event."""

from cognitive.access import allows_storing
from cognitive.models import CognitiveResult
from events.catalogue import (
    ChatMessageDeleted,
    ChatMessageEdited,
    ChatThreadDeleted,
    ChatThreadPropertiesUpdated,
    ThreadEvent,
)
from events.publish import records


@records(ChatMessageEdited, ChatMessageDeleted, ChatThreadDeleted, ChatThreadPropertiesUpdated)
def forget_results(event: ThreadEvent) -> None:
    """Deletes the results of an edited or deleted message, and of a thread that opts out."""
    match event:
        case ChatMessageEdited() | ChatMessageDeleted():
            of_message = {"message__message_id": event.message_id}
        case ChatThreadDeleted():
            of_message = {}
        case ChatThreadPropertiesUpdated() if not allows_storing(event.metadata):
            of_message = {}
        case _:
            return
    CognitiveResult.objects.filter(
        message__thread__thread_id=event.thread_id, **of_message
    ).delete()
