"""Where this server knowingly differs from the recordings, each point with its reason.

The replay fails on a difference that is not listed here, and on an entry that no recording shows
any more. docs/compatibility.md explains the same points under the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.db import connection

from .player import Found


@dataclass(frozen=True)
class AcceptedDifference:
    """A pattern of differences (shell wildcards) and why they are right as they are."""

    name: str
    reason: str
    recording: str = "*"
    position: str = "*"
    operation: str = "*"
    kind: str = "*"
    where: str = "*"
    recorded: str = "*"
    actual: str = "*"
    database: str = "*"

    def covers(self, found: Found) -> bool:
        """Whether this entry explains the difference."""
        what = found.difference
        pairs = (
            (found.recording, self.recording),
            (str(found.position), self.position),
            (found.operation, self.operation),
            (what.kind, self.kind),
            (what.where, self.where),
            (what.recorded, self.recorded),
            (what.actual, self.actual),
            (connection.vendor, self.database),
        )
        return all(fnmatchcase(value, pattern) for value, pattern in pairs)


ACCEPTED: tuple[AcceptedDifference, ...] = (
    *(
        AcceptedDifference(
            name="Headers of Azure's front door",
            reason="x-azure-ref and x-cache are written by the content network before the service.",
            kind="header",
            where=where,
            actual="absent",
        )
        for where in ("x-azure-ref", "x-cache")
    ),
    AcceptedDifference(
        name="Strict-Transport-Security",
        reason="Sent in production only: a development certificate must not bind a browser.",
        kind="header",
        where="strict-transport-security",
        actual="absent",
    ),
    AcceptedDifference(
        name="Access-Control-Expose-Headers without Origin",
        reason="The real service sends `*` since 2023 to everybody; only browsers read it.",
        kind="header",
        where="access-control-expose-headers",
        recorded="[*]",
        actual="absent",
    ),
    AcceptedDifference(
        name="More exposed headers",
        reason="Pages may read Retry-After and the like besides Location.",
        kind="header",
        where="access-control-expose-headers",
        recorded="Location",
        actual="*location*",
    ),
    AcceptedDifference(
        name="Location left out by the Python recorder",
        reason="The recordings of 2021-09 lost it; all others have it.",
        recording="python-2021-09/*",
        kind="header",
        where="location",
        recorded="absent",
    ),
    AcceptedDifference(
        name="Form of thread ids",
        reason="Always the form of 2025 (19:acsV1_...) where the request can be repeated.",
        kind="id form",
        recorded="19:{base64}1",
        actual="19:acsV1_{base64}1",
    ),
    AcceptedDifference(
        name="Empty senderDisplayName",
        reason="Until 2024 a missing name came back as an empty text; since 2025 it is left out.",
        kind="missing",
        where="*.senderDisplayName",
        recorded='""',
    ),
    AcceptedDifference(
        name="sequenceId of edited messages",
        reason="In 2021 an edit took the next number; we keep it, as deletions do since 2022.",
        operation="GET /{t}/messages/{m}",
        recording="*-2021-*.canUpdateExistingMessage*",
        kind="value",
        where="*.sequenceId",
        recorded="4",
        actual="3",
    ),
    *(
        AcceptedDifference(
            name="Malformed thread id",
            reason="404 as since 2023; it was 400 before.",
            recording=recording,
            kind="status",
            recorded="400",
            actual="404",
        )
        for recording in ("cli-2022-*_bad_thread_id", "android-2021-09/*WithInvalidThreadId")
    ),
    AcceptedDifference(
        name="Wording of 403 on removal",
        reason="The text of 2024-06, which names caller and thread; it was general before.",
        operation="POST /{t}/participants/:remove",
        kind="value",
        where=".CommunicationError.Message",
        recorded="The initiator doesn't have the permission to perform the requested operation.",
        actual="User * is not a member of the thread *",
    ),
    AcceptedDifference(
        name="500 where 403 was due",
        reason="A fault of the real service in 2024-04, when a former participant removed again.",
        recording="cli-2024-04-25/test_chat_remove_participants",
        operation="POST /{t}/participants/:remove",
        kind="status",
        recorded="500",
        actual="403",
    ),
    AcceptedDifference(
        name="Order of members in the iOS recording",
        reason="Its recorder put the members into another order; every other recording agrees.",
        recording="ios/*",
        kind="order",
        where=".chatThread",
    ),
    AcceptedDifference(
        name="Dropped previews",
        reason="preview2 to preview5 are refused with 400, as the real service does today.",
        kind="version",
        actual="400",
    ),
    AcceptedDifference(
        name="Routes of preview2",
        reason="members and readreceipts were routes of preview2 only.",
        recording="js-preview2-2020-09/*",
        kind="status",
        actual="404",
    ),
    AcceptedDifference(
        name="Order of metadata on PostgreSQL",
        reason="Its jsonb columns sort the keys of a map; SQLite keeps them as sent.",
        database="postgresql",
        kind="order",
        where="*.metadata",
    ),
    *(
        AcceptedDifference(
            name="Threads that change while their list is read",
            reason="They come on a page of their own at the end, not on the next page.",
            recording="android-2021-09/ChatAsyncImplClientTest.canListChatThreads",
            position="3",
            kind=kind,
            where=where,
        )
        for kind, where in (
            ("count", ".value"),
            ("value", ".value.*"),
            ("missing", ".value.*.deletedOn"),
            ("extra", ".value.*.deletedOn"),
            ("extra", ".nextLink"),
        )
    ),
)


def accepted_by(found: Found) -> AcceptedDifference | None:
    """The entry that explains the difference, if there is one."""
    return next((entry for entry in ACCEPTED if entry.covers(found)), None)
