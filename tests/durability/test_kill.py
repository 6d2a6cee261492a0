"""A server that is killed between group commits keeps every acknowledged message, once."""

import random
from pathlib import Path

import pytest

from load_testing.cluster import running_single
from tests.durability.senders import Senders, assert_complete, copy_files

KILLS = 5
SENDERS = 16


@pytest.mark.timeout(300)
async def test_no_acknowledged_message_is_missing_or_doubled_after_kills(tmp_path: Path) -> None:
    with running_single(tmp_path) as cluster:
        (node,) = cluster.nodes
        async with Senders.sending(node.site, SENDERS) as senders:
            for kill in range(KILLS):
                # A random number, so that the kill comes at any moment of a batch.
                await senders.more(random.randint(20, 300))
                node.kill()
                # Opening the database would repair it, which the server must do itself.
                copy_files(tmp_path / "data", tmp_path / f"copy-{kill}")
                assert_complete(tmp_path / f"copy-{kill}", set(senders.acknowledged))
                node.restart()
            await senders.more(50)
    stored = assert_complete(tmp_path / "data", senders.acknowledged)
    # At most one message of each sender was stored without an answer at each kill.
    assert stored <= len(senders.acknowledged) + KILLS * SENDERS
