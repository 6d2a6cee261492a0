"""Who takes part in threads at the moments of events; `EVENT_AUDIENCE` names it to lower rooms."""

from collections import defaultdict
from collections.abc import Iterable

from threads.models import Participant

Moment = tuple[str, int]


def audiences(moments: Iterable[Moment]) -> dict[Moment, list[str]]:
    """The raw ids of who took part, in the order of joining, for pairs of thread id and sequence.

    A stay covers its first and its last event: who comes or goes sees that, too.
    """
    sequences = defaultdict(set)
    for thread_id, sequence in moments:
        sequences[thread_id].add(sequence)
    found: dict[Moment, list[str]] = {
        (thread_id, sequence): []
        for thread_id, all_of_it in sequences.items()
        for sequence in all_of_it
    }
    stays = (
        Participant.objects.filter(thread__thread_id__in=sequences)
        .in_join_order()
        .values_list("thread__thread_id", "user__raw_id", "joined_sequence", "removed_sequence")
    )
    for thread_id, raw_id, joined, removed in stays:
        for sequence in sequences[thread_id]:
            if joined <= sequence and (removed is None or sequence <= removed):
                found[thread_id, sequence].append(raw_id)
    return found
