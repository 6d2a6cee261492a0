"""The priority of a message, which clients send and receive in two forms.

Today's SDKs carry it as the metadata key `priority`, hand-written clients and those of
2020-09-21-preview2 as a member of the message. It is stored once (REST contract 10.1).
"""

from typing import Any

from messaging.models import Priority
from wire.errors import bad_request

KEY = "priority"


def parse(value: Any) -> Priority:
    """`normal` or `high`, in any case. Raises ChatError 400 for anything else."""
    if isinstance(value, str) and value.upper() in Priority.names:
        return Priority[value.upper()]
    raise bad_request("The priority must be 'normal' or 'high'.", target=KEY)


def extract_priority(given: dict[str, Any]) -> dict[str, Any]:
    """`given` (`priority?`, `metadata?`) with the priority as a member only.

    The metadata key is removed. `priority` is set if either form was given: a Priority, or None
    if a patch emptied the metadata key. Raises ChatError 400 if a value is not a priority or the
    two forms differ.
    """
    given = dict(given)
    metadata = dict(given.get("metadata") or {})
    forms = set()
    if "priority" in given:
        forms.add(given["priority"])
    if KEY in metadata:
        text = metadata.pop(KEY)
        forms.add(parse(text) if text else None)
        given["metadata"] = metadata
    if len(forms) > 1:
        raise bad_request("The priority and its key in the metadata differ.", target=KEY)
    if forms:
        given["priority"] = forms.pop()
    return given


def with_priority(metadata: dict[str, str], priority: int | None) -> dict[str, str]:
    """The metadata as clients receive it: with the key `priority` if the message has one."""
    return metadata if priority is None else {**metadata, KEY: Priority(priority).label}
