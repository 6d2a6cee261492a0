"""Who was in a thread at the time of an event; `EVENT_AUDIENCE` names it for lower rooms."""

from collections import defaultdict
from collections.abc import Iterable

from threads.models import Participant

Moment = tuple[str, int]


def audiences(moments: Iterable[Moment]) -> dict[Moment, list[str]]:
    """The raw ids of the participants at each pair of thread id and sequence, in joining order.

    A membership includes its first and its last event: users see themselves join and leave.
    """
    sequences = defaultdict(set)
    for thread_id, sequence in moments:
        sequences[thread_id].add(sequence)
    found: dict[Moment, list[str]] = {
        (thread_id, sequence): [] for thread_id, wanted in sequences.items() for sequence in wanted
    }
    memberships = (
        Participant.objects.filter(thread__thread_id__in=sequences)
        .in_join_order()
        .values_list("thread__thread_id", "user__raw_id", "joined_sequence", "removed_sequence")
    )
    for thread_id, raw_id, joined, removed in memberships:
        for sequence in sequences[thread_id]:
            if joined <= sequence and (removed is None or sequence <= removed):
                found[thread_id, sequence].append(raw_id)
    return found
