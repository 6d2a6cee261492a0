"""The api-versions of the chat data plane and their features (REST contract 1)."""

import re
from dataclasses import dataclass

from wire.errors import ChatError


@dataclass(frozen=True)
class ApiVersion:
    """One api-version, and the members that its requests and responses have."""

    name: str
    # Messages have metadata.
    message_metadata: bool = True
    # The message types whose content has `attachments`.
    attachments: frozenset[str] = frozenset()
    # Threads and participants have metadata.
    thread_metadata: bool = False
    retention_policy: bool = False


_HTML = frozenset({"html"})
_BOTH = frozenset({"text", "html"})

# The previews are those that the real service still lists; each has the features of the stable
# version before it and those that it previewed.
_VERSIONS = (
    ApiVersion("2021-03-07", message_metadata=False),
    ApiVersion("2021-04-05-preview6"),
    ApiVersion("2021-09-07"),
    ApiVersion("2023-04-01-preview"),
    ApiVersion("2023-07-01-preview", attachments=_BOTH, thread_metadata=True),
    ApiVersion("2023-11-07", attachments=_HTML),
    ApiVersion("2023-11-15-preview", attachments=_BOTH, thread_metadata=True),
    ApiVersion("2024-03-01-preview", attachments=_BOTH, thread_metadata=True),
    ApiVersion("2024-03-07", attachments=_BOTH),
    ApiVersion("2024-03-15-preview", attachments=_BOTH, thread_metadata=True),
    ApiVersion(
        "2024-06-05-preview", attachments=_BOTH, thread_metadata=True, retention_policy=True
    ),
    ApiVersion("2025-03-15", attachments=_BOTH, thread_metadata=True, retention_policy=True),
)
SUPPORTED = {version.name: version for version in _VERSIONS}
# The identity data plane has its own versions, all with the same operations.
IDENTITY_OLDEST = "2021-03-07"
IDENTITY_HEADER = "2021-03-07, 2022-06-01, 2022-10-01, 2023-10-01, 2025-06-30, 2026-07-22"
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])(-preview\d*)?", re.ASCII)
SUPPORTED_HEADER = ", ".join(SUPPORTED)
NEWEST = _VERSIONS[-1]


def parse(name: str | None, uri: str) -> ApiVersion:
    """The version `name`. `uri` is for the error message.

    Raises ChatError 400 if the version is missing or not supported.
    """
    if not name:
        raise ChatError(
            400,
            "ApiVersionUnspecified",
            "An API version is required, but was not specified.",
            specified_only=True,
        )
    version = SUPPORTED.get(name)
    if version is None:
        raise ChatError(
            400,
            "UnsupportedApiVersion",
            f"The HTTP resource that matches the request URI '{uri}' does not support the API "
            f"version '{name}'.",
            specified_only=True,
        )
    return version


def check_identity_version(name: str | None) -> None:
    """Accepts every version since the first (identity contract 1). Raises ChatError 400."""
    if not name:
        raise ChatError(400, "InvalidApiVersion", "The query parameter api-version is required.")
    if _DATE.fullmatch(name) is None or name < IDENTITY_OLDEST:
        raise ChatError(400, "InvalidApiVersion", f"The API version '{name}' is not supported.")
