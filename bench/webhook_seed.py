"""Seeds a database for bench.webhooks; run it with chatsite's settings in the environment.

`python -m bench.webhook_seed COUNT OTHERS URL` creates COUNT messages, a subscription to them that
delivers to URL, and OTHERS subscriptions whose filters match none of them.
"""

import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from events import following  # noqa: E402
from events.models import LogPosition  # noqa: E402
from identity.access import Capability  # noqa: E402
from identity.callers import Caller  # noqa: E402
from identity.models import Resource  # noqa: E402
from identity.services import create_user, ensure_default_resource  # noqa: E402
from messaging.services import send_message  # noqa: E402
from threads.access import access_thread  # noqa: E402
from threads.services import create_chat_thread  # noqa: E402
from webhooks.dispatcher import NAME  # noqa: E402
from webhooks.models import EventSubscription, ProvisioningState  # noqa: E402
from webhooks.services import default_scope  # noqa: E402


def seed(count: int, others: int, url: str) -> None:
    """Creates messages and subscriptions."""
    call_command("migrate", interactive=False, verbosity=0)
    resource = ensure_default_resource()
    user = create_user(resource=resource)
    caller = Caller(resource.id, user.pk, user.raw_id, frozenset({"chat"}))
    thread_id = create_chat_thread(caller=caller, topic="bench").thread_id
    LogPosition.objects.create(name=NAME, cursor=str(following.end()))
    rows = [subscription(resource, "hook", url, "thread/")]
    rows += [
        subscription(resource, f"other-{number}", url, f"thread/19:{number:032x}")
        for number in range(others)
    ]
    EventSubscription.objects.bulk_create(rows)
    access = access_thread(caller, thread_id, Capability.TAKE_PART)
    for number in range(count):
        send_message(access=access, content=f"message {number}")


def subscription(resource: Resource, name: str, url: str, subject: str) -> EventSubscription:
    return EventSubscription(
        resource=resource,
        name=name,
        scope=default_scope(resource),
        endpoint_url=url,
        included_event_types=["Microsoft.Communication.ChatMessageReceivedInThread"],
        subject_begins_with=subject,
        provisioning_state=ProvisioningState.SUCCEEDED,
        active_from_ms=0,
    )


if __name__ == "__main__":
    seed(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
