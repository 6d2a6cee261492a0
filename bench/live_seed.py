"""Creates two threads, of 20 and 250 members, and prints the members' tokens."""

import json

import django

SIZES = (20, 250)


def seed() -> dict[str, tuple[str, list[str]]]:
    """The id of the thread and the tokens of its members, by size."""
    from identity import services
    from identity.callers import Caller
    from threads.access import access_thread
    from threads.participants import NewParticipant
    from threads.services import add_participants, create_chat_thread

    resource = services.ensure_default_resource()
    users = [services.create_user(resource=resource) for _ in range(max(SIZES))]
    tokens = [services.issue_access_token(user=user, scopes=["chat"]).token for user in users]
    caller = Caller(resource.id, users[0].pk, users[0].raw_id, frozenset({"chat"}))
    found = {}
    for size in SIZES:
        people = [NewParticipant(user.raw_id) for user in users[:size]]
        thread = create_chat_thread(caller=caller, topic="Bench", participants=people[:150])
        if people[150:]:
            access = access_thread(caller, thread.thread_id)
            add_participants(access=access, participants=people[150:])
        found[str(size)] = (thread.thread_id, tokens[:size])
    return found


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    print(json.dumps(seed()))
