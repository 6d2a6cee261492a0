"""Identifiers of the protocol: communication identifiers, thread ids, message ids."""

import re
import secrets
from typing import Any

from wire.errors import bad_request, not_found
from wire.times import now_ms

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_USER = re.compile(rf"8:(?:acs|dod-acs|gcch-acs|spool):{_GUID}_{_GUID}")
_TEAMS_USER = re.compile(r"8:(?:orgid|dod|gcch|teamsvisitor):[0-9A-Za-z_.:-]{1,200}")
_KNOWN_PREFIX = re.compile(r"(?:4|28):.{1,300}", re.DOTALL)
_THREAD = re.compile(r"19:[0-9A-Za-z_-]{1,120}@thread\.v2")
_MESSAGE = re.compile(r"[0-9]{1,18}")
# How many characters of an invalid id an error message repeats.
_QUOTED = 300

# The nested object of each kind of identifier, and its member with the id.
_KINDS = {
    "communicationUser": "id",
    "phoneNumber": "value",
    "microsoftTeamsUser": "userId",
    "microsoftTeamsApp": "appId",
}
_TEAMS_PREFIXES = {"public": "orgid", "dod": "dod", "gcch": "gcch"}


def new_user_suffix() -> str:
    """The second half of a user id: like a GUID, increasing with time as in the real service."""
    digits = f"{now_ms():016x}{secrets.token_hex(8)}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def communication_user(raw_id: str) -> dict[str, Any]:
    """The identifier of a user in responses: `rawId` first, no `kind`."""
    return {"rawId": raw_id, "communicationUser": {"id": raw_id}}


def parse_identifier(value: Any) -> str:
    """The raw id of an identifier model.

    For a communication user the id in the nested object takes precedence over `rawId`; for the
    other kinds `rawId` does, because it includes the cloud. Either may be missing (REST contract
    3). Raises ChatError 400 for a model without an id, of several kinds, or with a malformed id.
    """
    if not isinstance(value, dict):
        raise bad_request("A communication identifier must be an object.")
    nested = [kind for kind in _KINDS if value.get(kind) is not None]
    if len(nested) > 1:
        raise bad_request("A communication identifier must be of one kind only.")
    raw_id = value.get("rawId")
    if nested:
        raw_id = _raw_id_of(nested[0], value[nested[0]], raw_id)
    if not isinstance(raw_id, str) or not raw_id:
        raise bad_request("A communication identifier must have an id.")
    return check_raw_id(raw_id)


def _raw_id_of(kind: str, model: Any, raw_id: Any) -> Any:
    if not isinstance(model, dict):
        raise bad_request(f"The member {kind} of a communication identifier must be an object.")
    own_id = model.get(_KINDS[kind])
    if kind == "communicationUser":
        return own_id or raw_id
    if raw_id or not isinstance(own_id, str):
        return raw_id
    cloud = _TEAMS_PREFIXES.get(str(model.get("cloud") or "public"), "orgid")
    if kind == "phoneNumber":
        return f"4:{own_id}"
    if kind == "microsoftTeamsApp":
        return f"28:{cloud}:{own_id}"
    return f"8:teamsvisitor:{own_id}" if model.get("isAnonymous") else f"8:{cloud}:{own_id}"


def check_raw_id(raw_id: str) -> str:
    """Returns `raw_id` if it is that of a user. Raises ChatError 400 otherwise."""
    if _USER.fullmatch(raw_id) or _TEAMS_USER.fullmatch(raw_id):
        return raw_id
    if _KNOWN_PREFIX.fullmatch(raw_id):
        raise bad_request(f"Identifier format is not supported ({raw_id[:_QUOTED]}).")
    raise bad_request(f"Identifier format is invalid ({raw_id[:_QUOTED]}).")


def is_user_id(raw_id: str) -> bool:
    """Whether `raw_id` has the format of a communication user's id."""
    return _USER.fullmatch(raw_id) is not None


def new_thread_id(*, repeatable: bool) -> str:
    """A new thread id in the format of the real service (REST contract 3).

    `repeatable`: whether the request has a repeatability-request-id.
    """
    if repeatable:
        return f"19:acsV1_{secrets.token_urlsafe(32)}1@thread.v2"
    return f"19:{secrets.token_hex(16)}@thread.v2"


def is_thread_id(thread_id: str) -> bool:
    """Whether `thread_id` has the format of a thread's id."""
    return _THREAD.fullmatch(thread_id) is not None


def check_thread_id(thread_id: str) -> str:
    """Returns `thread_id`. Raises ChatError 404, as the real service, if it is malformed."""
    if not is_thread_id(thread_id):
        raise not_found()
    return thread_id


def parse_message_id(text: str) -> int:
    """The message id as a number. Raises ChatError 400 with the real service's message."""
    if _MESSAGE.fullmatch(text) is None:
        raise bad_request(f"Value for MessageId ({text[:_QUOTED]}) is not valid.")
    return int(text)
