"""The hot operations of the SDKs' protocol (see `wire.short_path`): every connection uses them."""

from live import credentials
from live.credentials import Credential
from live.trouter import views
from live.trouter.endpoints import create_handshake
from wire.short_path import ShortAnswer, ShortRequest, Work
from wire.strict_json import render
from wire.versions import ApiVersion


def _credential(request: ShortRequest) -> Credential | None:
    """As `credentials.of_skype_token`; returns None instead of raising ChatError."""
    token = request.headers.get(b"x-skypetoken", b"").decode("latin-1") or request.token()
    return credentials.of_token(token, request.host_name) if token else None


def allocate(request: ShortRequest, version: ApiVersion) -> Work | None:
    """`POST /v4/a`."""
    epid = views.read_epid(request)

    def work() -> ShortAnswer | None:
        credential = _credential(request)
        if credential is None or not views.may_allocate(credential, epid):
            return None
        return ShortAnswer(200, render(views.allocation(request)))

    return work


def handshake(request: ShortRequest, version: ApiVersion) -> Work | None:
    """`GET /socket.io/1/`."""
    epid = views.read_epid(request)

    def work() -> ShortAnswer | None:
        credential = _credential(request)
        if credential is None:
            return None
        text = views.handshake_text(create_handshake(credential, epid))
        return ShortAnswer(
            200,
            text.encode(),
            content_type=views.HANDSHAKE_TYPE,
            headers=(("cache-control", "no-store"),),
        )

    return work
