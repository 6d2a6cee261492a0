"""The hot operations of threads (see `wire.short_path`)."""

from identity.callers import caller_of
from threads.pages import ThreadPage
from wire.short_path import ShortAnswer, ShortRequest, Work
from wire.versions import ApiVersion

# The view answers lists with additional members and of former threads.
_UNUSUAL = ("include", "membership")


def list_chat_threads(request: ShortRequest, version: ApiVersion) -> Work | None:
    """ListChatThreads."""
    if any(name in request.query_params for name in _UNUSUAL):
        return None
    page = ThreadPage(request)

    def work() -> ShortAnswer | None:
        caller = caller_of(request.token(), request.host_name)
        if caller is None:
            return None
        return ShortAnswer(
            200,
            page.render(caller, version),
            resource_id=caller.resource_id,
            raw_id=caller.raw_id,
            scopes=caller.scopes,
        )

    return work
