"""Every recorded request of the real service, sent to this server: the answers must be alike."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache

import pytest
from django.db import connection

from tests.server import Server

from .differences import ACCEPTED, accepted_by
from .player import Played, Player
from .recordings import Recording, load_recordings, recordings_folder
from .sites import InProcess, OverTheWire

RECORDINGS = {recording.id: recording for recording in load_recordings()}

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        not RECORDINGS,
        reason=f"no recordings in {recordings_folder()} (see CHATSITE_TEST_RECORDINGS)",
    ),
]


@cache
def played(recording_id: str) -> Played:
    """The outcome of one recording; each is played once in a run."""
    recording: Recording = RECORDINGS[recording_id]
    return Player(recording, InProcess()).play()


@pytest.mark.parametrize("recording_id", RECORDINGS)
def test_answers_as_the_real_service_did(recording_id: str) -> None:
    """Status, headers, members, order, types and relations are those of the recording."""
    unexplained = [str(found) for found in played(recording_id).found if not accepted_by(found)]
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize("folder", sorted({recording.folder for recording in RECORDINGS.values()}))
def test_a_server_process_answers_the_same_over_tls(folder: str, server: Server) -> None:
    """What the routes promise survives the way through the ASGI server."""
    site = OverTheWire(server)
    recordings = [recording for recording in RECORDINGS.values() if recording.folder == folder]
    found = [f for recording in recordings for f in Player(recording, site).play().found]
    unexplained = [str(difference) for difference in found if not accepted_by(difference)]
    assert not unexplained, "\n".join(unexplained)


def test_every_accepted_difference_still_occurs(
    record_property: Callable[[str, object], None],
) -> None:
    """An entry that no recording shows any more has to be taken off the list."""
    outcomes = [played(recording_id) for recording_id in RECORDINGS]
    found = [difference for outcome in outcomes for difference in outcome.found]
    compared = sum(outcome.compared for outcome in outcomes)
    summary = (
        f"{len(outcomes)} recordings, {compared} exchanges compared, "
        f"{len(found)} accepted differences in {len(ACCEPTED)} kinds"
    )
    print(summary)
    record_property("replay", summary)
    occurring = {accepted_by(difference) for difference in found}
    here = [entry for entry in ACCEPTED if fnmatchcase(connection.vendor, entry.database)]
    stale = [entry.name for entry in here if entry not in occurring]
    assert not stale
