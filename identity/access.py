"""Permissions of token scopes (identity contract 2)."""

from enum import Enum

from identity.callers import Caller
from wire.errors import forbidden


class Capability(Enum):
    """A kind of operation. The value is the set of scopes that allow it."""

    MANAGE_THREADS = frozenset({"chat"})
    MANAGE_PARTICIPANTS = frozenset({"chat", "chat.join"})
    TAKE_PART = frozenset({"chat", "chat.join", "chat.join.limited"})


def require(caller: Caller, capability: Capability) -> None:
    """Raises ChatError 403 unless a scope of the caller's token allows the capability."""
    if caller.scopes.isdisjoint(capability.value):
        raise forbidden("The scopes of the access token do not allow this operation.")
