"""Forgetting what was found out about messages, in the transaction of what ends its truth."""

from cognitive.access import opts_in
from cognitive.models import CognitiveResult
from events.catalogue import (
    ChatMessageDeleted,
    ChatMessageEdited,
    ChatThreadDeleted,
    ChatThreadPropertiesUpdated,
    ThreadEvent,
)


def forget_results(event: ThreadEvent) -> None:
    """Deletes the results of an edited or deleted message, and of a thread that wants none."""
    match event:
        case ChatMessageEdited() | ChatMessageDeleted():
            of_message = {"message__message_id": event.message_id}
        case ChatThreadDeleted():
            of_message = {}
        case ChatThreadPropertiesUpdated() if not opts_in(event.metadata):
            of_message = {}
        case _:
            return
    CognitiveResult.objects.filter(
        message__thread__thread_id=event.thread_id, **of_message
    ).delete()
