"""The sixteen operations of the chat data plane, each with a request that works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .stage import Stage, identifier


@dataclass(frozen=True)
class Operation:
    """One operation: `path` with `{t}` and `{m}`, the status of success, whether a body counts."""

    name: str
    method: str
    path: str
    success: int
    has_body: bool = False
    lists: bool = False

    def url(self, thread_id: str, message_id: str = "") -> str:
        """The path with ids put in as they are."""
        return self.path.replace("{t}", thread_id).replace("{m}", message_id)


OPERATIONS = (
    Operation("create_chat_thread", "POST", "/chat/threads", 201, has_body=True),
    Operation("list_chat_threads", "GET", "/chat/threads", 200, lists=True),
    Operation("get_properties", "GET", "/chat/threads/{t}", 200),
    Operation("update_chat_thread", "PATCH", "/chat/threads/{t}", 204, has_body=True),
    Operation("delete_chat_thread", "DELETE", "/chat/threads/{t}", 204),
    Operation("list_participants", "GET", "/chat/threads/{t}/participants", 200, lists=True),
    Operation("add_participants", "POST", "/chat/threads/{t}/participants/:add", 201, True),
    Operation("remove_participant", "POST", "/chat/threads/{t}/participants/:remove", 204, True),
    Operation("send_message", "POST", "/chat/threads/{t}/messages", 201, has_body=True),
    Operation("list_messages", "GET", "/chat/threads/{t}/messages", 200, lists=True),
    Operation("get_message", "GET", "/chat/threads/{t}/messages/{m}", 200),
    Operation("update_message", "PATCH", "/chat/threads/{t}/messages/{m}", 204, has_body=True),
    Operation("delete_message", "DELETE", "/chat/threads/{t}/messages/{m}", 204),
    Operation("send_read_receipt", "POST", "/chat/threads/{t}/readReceipts", 200, has_body=True),
    Operation("list_read_receipts", "GET", "/chat/threads/{t}/readReceipts", 200, lists=True),
    Operation("send_typing_notification", "POST", "/chat/threads/{t}/typing", 200, True),
)
WITH_BODY = tuple(operation for operation in OPERATIONS if operation.has_body)
LISTS = tuple(operation for operation in OPERATIONS if operation.lists)


def valid_body(operation: Operation, stage: Stage) -> dict[str, Any]:
    """A body with every member that the newest version knows."""
    participant = {
        "communicationIdentifier": identifier(stage.bob.raw_id),
        "displayName": "Bob",
        "shareHistoryTime": "2024-01-01T00:00:00Z",
        "metadata": {"role": "guest"},
    }
    bodies: dict[str, dict[str, Any]] = {
        "create_chat_thread": {
            "topic": "Lunch",
            "participants": [participant],
            "metadata": {"a": "b"},
            "retentionPolicy": {"kind": "threadCreationDate", "deleteThreadAfterDays": 60},
        },
        "update_chat_thread": {
            "topic": "Dinner",
            "metadata": {"a": "b"},
            "retentionPolicy": {"kind": "none"},
        },
        "add_participants": {"participants": [participant]},
        "remove_participant": identifier(stage.bob.raw_id),
        "send_message": {
            "content": "hello",
            "senderDisplayName": "Alice",
            "type": "html",
            "metadata": {"a": "b"},
            "priority": "high",
        },
        "update_message": {"content": "bye", "metadata": {"a": "c"}},
        "send_read_receipt": {"chatMessageId": stage.message_id},
        "send_typing_notification": {"senderDisplayName": "Alice"},
    }
    return bodies[operation.name]
