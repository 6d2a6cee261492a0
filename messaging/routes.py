"""The routes of messages, read receipts and typing indicators (REST contract 1)."""

from wire.routes import CHAT_METRIC, Route, ShortPath

_THREAD = r"chat/threads/(?P<thread_id>[^/]+)"

ROUTES = [
    Route(
        "messages",
        rf"{_THREAD}/(?:messages|readReceipts|typing)",
        metric=CHAT_METRIC,
        short_paths=(
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
        ),
    )
]
