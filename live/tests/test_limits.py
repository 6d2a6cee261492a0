"""What waits for slow connections, and what they may send, has a limit."""

import uuid

from asgi_server.connections import MOST_BYTES
from events.catalogue import ChatMessageReceived
from events.following import Cursor
from live.announcements import Announcement, Frame
from live.credentials import Credential
from live.log import Scope
from live.readers import MOST_WAITING_BYTES, Bucket, Ending
from live.stream.readers import StreamReader, socket_reader
from live.trouter.polling import PollOutlet

RESOURCE = uuid.uuid4()


def message(content: str) -> Announcement:
    """Somebody said something."""
    event = ChatMessageReceived(
        resource_id=RESOURCE,
        thread_id="19:x@thread.v2",
        sequence=1,
        at_ms=1,
        initiator="8:acs:alice",
        message_id=1,
        message_type="text",
        message_sequence=1,
        sender_display_name="",
        content=content,
        metadata={},
    )
    return Announcement(event, Cursor(1))


def reader() -> StreamReader:
    """A reader whose replay has not begun."""
    return socket_reader(Credential(RESOURCE, None, None, "k"), Scope(RESOURCE), PollOutlet())


def test_what_waits_for_the_end_of_a_replay_is_limited_in_bytes() -> None:
    slow = reader()
    size = 1024 * 1024
    for _ in range(MOST_WAITING_BYTES // size):
        slow.offer(message("x" * size))
    assert slow.ending is None
    for _ in range(2):
        slow.offer(message("x" * size))
    assert slow.ending is Ending.TOO_SLOW


async def test_what_waited_leaves_room_when_it_has_been_sent() -> None:
    quick = reader()
    for _ in range(3):
        quick.offer(message("x" * 1000))
    await quick.go_live()
    assert quick.is_live and quick.ending is None
    assert quick.outlet.waiting() > 3000


def test_what_waits_for_the_next_poll_is_limited_in_bytes() -> None:
    outlet = PollOutlet()
    frame = Frame(b"x" * 100_000)
    taken = 0
    while outlet.write(frame):
        taken += 1
        assert taken * 100_000 < 2 * MOST_BYTES
    assert outlet.waiting() > MOST_BYTES
    assert len(outlet.take()) == taken
    assert outlet.waiting() == 0
    assert outlet.write(frame)


def test_a_client_cannot_save_up_the_right_to_send_frames() -> None:
    bucket = Bucket(most=10, rate=0, most_added=20)
    for _ in range(1000):
        bucket.add(3)
    assert [bucket.take() for _ in range(31)] == [True] * 30 + [False]
