"""Limits of what is buffered for slow clients, and of how much a client may send."""

import uuid

from asgi_server.frames import Frame
from asgi_server.interface import MAX_UNSENT_BYTES
from events.catalogue import ChatMessageReceived
from events.following import Cursor
from live.credentials import Credential
from live.event_log import Scope
from live.outgoing import OutgoingEvent
from live.stream.subscribers import StreamSubscriber, socket_subscriber
from live.subscribers import MAX_HELD_BYTES, CloseReason, TokenBucket
from live.trouter.polling import PollWriter

RESOURCE = uuid.uuid4()


def message(content: str) -> OutgoingEvent:
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
    return OutgoingEvent(event, Cursor(1))


def subscriber() -> StreamSubscriber:
    """A subscriber whose replay has not begun."""
    return socket_subscriber(Credential(RESOURCE, None, None, "k"), Scope(RESOURCE), PollWriter())


def test_events_held_back_during_a_replay_are_limited_in_bytes() -> None:
    slow = subscriber()
    size = 1024 * 1024
    for _ in range(MAX_HELD_BYTES // size):
        slow.offer(message("x" * size))
    assert slow.close_reason is None
    for _ in range(2):
        slow.offer(message("x" * size))
    assert slow.close_reason is CloseReason.TOO_SLOW


async def test_events_held_back_are_sent_when_the_replay_ends() -> None:
    quick = subscriber()
    for _ in range(3):
        quick.offer(message("x" * 1000))
    await quick.go_live()
    assert quick.is_live and quick.close_reason is None
    assert quick.writer.unsent_bytes() > 3000


def test_frames_for_the_next_poll_are_limited_in_bytes() -> None:
    writer = PollWriter()
    frame = Frame(b"x" * 100_000)
    taken = 0
    while writer.write(frame):
        taken += 1
        assert taken * 100_000 < 2 * MAX_UNSENT_BYTES
    assert writer.unsent_bytes() > MAX_UNSENT_BYTES
    assert len(writer.take()) == taken
    assert writer.unsent_bytes() == 0
    assert writer.write(frame)


def test_unused_frames_of_a_token_bucket_do_not_add_up() -> None:
    bucket = TokenBucket(capacity=10, rate=0, max_added=20)
    for _ in range(1000):
        bucket.add(3)
    assert [bucket.take() for _ in range(31)] == [True] * 30 + [False]
