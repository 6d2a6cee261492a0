"""Every operation of a thread, as calls that somebody outside must be refused.

The same table serves the synchronous and the asynchronous SDK: a call returns what the SDK
returns (a value, an awaitable or a pager), and the test that uses it drains the result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple


class Intrusion(NamedTuple):
    """What an outsider holds: clients for a foreign thread, and the id of a message in it."""

    chat: Any
    thread: Any
    message_id: str
    outsider: Any  # a ChatParticipant


Operation = Callable[[Intrusion], Any]

THREAD_OPERATIONS: dict[str, Operation] = {
    "get_properties": lambda i: i.thread.get_properties(),
    "update_topic": lambda i: i.thread.update_topic("Taken over"),
    "send_message": lambda i: i.thread.send_message("Let me in"),
    "get_message": lambda i: i.thread.get_message(i.message_id),
    "list_messages": lambda i: i.thread.list_messages(),
    "update_message": lambda i: i.thread.update_message(i.message_id, "Forged"),
    "delete_message": lambda i: i.thread.delete_message(i.message_id),
    "send_read_receipt": lambda i: i.thread.send_read_receipt(i.message_id),
    "list_read_receipts": lambda i: i.thread.list_read_receipts(),
    "send_typing_notification": lambda i: i.thread.send_typing_notification(),
    "add_participants": lambda i: i.thread.add_participants([i.outsider]),
    "list_participants": lambda i: i.thread.list_participants(),
    "remove_participant": lambda i: i.thread.remove_participant(i.outsider.identifier),
    "delete_chat_thread": lambda i: i.chat.delete_chat_thread(i.thread.thread_id),
}
