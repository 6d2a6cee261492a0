"""The routes of the chat data plane: threads, and the messages in them (REST contract 1)."""

from wire.routes import CHAT_METRIC, Route

ROUTES = [Route("threads", r"chat/threads", metric=CHAT_METRIC)]
