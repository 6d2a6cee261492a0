"""Causes one event of every type, with the official chat client."""

import json
import urllib.request

from tests.sdk.people import Person
from tests.server import Server


def do_everything(people: list[Person], server: Server) -> str:
    """Creates a thread, performs every operation in it, and deletes it. Returns its id."""
    alice, bob, carol = people
    thread_id = alice.create_thread(bob.as_participant("Bob"), topic="Lunch")
    thread = alice.thread(thread_id)
    thread.update_topic("Dinner")
    added = thread.add_participants([carol.as_participant("Carol")])
    assert added == []
    sent = thread.send_message("hello", sender_display_name="Alice", metadata={"tag": "x"})
    send_typing(alice, thread_id, server)
    thread.update_message(sent.id, content="hello again")
    thread.delete_message(sent.id)
    thread.remove_participant(carol.identifier)
    alice.chat.delete_chat_thread(thread_id)
    return thread_id


def send_typing(person: Person, thread_id: str, server: Server) -> None:
    """Sends a typing notification with a display name."""
    request = urllib.request.Request(
        f"{server.https_url}/chat/threads/{thread_id}/typing?api-version=2025-03-15",
        data=json.dumps({"senderDisplayName": "Alice"}).encode(),
        headers={
            "Authorization": f"Bearer {person.token}",
            "Content-Type": "application/json",
        },
    )
    urllib.request.urlopen(request, context=server.trust(), timeout=10).close()
