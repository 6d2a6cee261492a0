"""`python -m bench.subscription_seed COUNT`: webhook subscriptions that no message matches."""

import sys

from bench.webhook_seed import subscription
from identity.services import ensure_default_resource
from webhooks.models import EventSubscription


def seed(count: int) -> None:
    """Creates `count` subscriptions to messages of threads that do not exist."""
    resource = ensure_default_resource()
    EventSubscription.objects.bulk_create(
        subscription(resource, f"other-{n}", "https://hooks.invalid/", f"thread/19:{n:032x}")
        for n in range(count)
    )


if __name__ == "__main__":
    seed(int(sys.argv[1]))
