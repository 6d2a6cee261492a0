"""The routes of the directory."""

from wire.routes import Route

ROUTES = [Route("people", r"chat/people")]
