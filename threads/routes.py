"""The routes of threads and participants (REST contract 1)."""

from wire.routes import CHAT_METRIC, Route, ShortPath

ROUTES = [
    Route(
        "threads",
        r"chat/threads",
        metric=CHAT_METRIC,
        short_paths=(
            ShortPath(
                "GET",
                r"chat/threads",
                "threads.short_path.list_chat_threads",
                operation="ListChatThreads",
            ),
        ),
    )
]
