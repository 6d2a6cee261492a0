"""The routes of live connections (signaling contract 2)."""

from wire.routes import Route, ShortPath

ROUTES = [
    Route(
        "event stream",
        r"chat/events",
        whole=True,
        http="live.stream.sse.event_response",
        methods=("GET",),
        websocket="live.stream.socket.event_socket",
    ),
    Route("event stream tickets", r"chat/(?:events|config)"),
    Route(
        "trouter polling",
        r"socket\.io/1/xhr-polling/(?P<sid>.*)",
        whole=True,
        http="live.trouter.polling.trouter_polling",
        methods=("GET", "POST"),
    ),
    Route(
        "trouter socket",
        r"socket\.io/1/websocket/(?P<sid>[^/]+)",
        whole=True,
        websocket="live.trouter.socket.trouter_socket",
    ),
    Route(
        "trouter",
        r"v4|v[23]/registrations|socket\.io",
        short_paths=(
            ShortPath("POST", r"v4/a", "live.short_path.allocate", is_versioned=False),
            ShortPath(
                "GET",
                r"socket\.io/1/?",
                "live.short_path.handshake",
                writes=True,
                is_versioned=False,
            ),
        ),
    ),
]
