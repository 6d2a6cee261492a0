"""How often somebody may try to sign in: slow enough that passwords cannot be guessed.

Tries are counted for a user name and an address together (decision 7), so that nobody keeps
another person out by guessing at their password.
"""

from django.db import transaction
from django.utils.crypto import salted_hmac

from chatsite.pages.models import SignInTries
from wire.times import now_ms

MOST_TRIES = 10
WINDOW_MS = 15 * 60_000


class Refused(Exception):
    """No more tries for now; `wait_ms` tells for how long, in milliseconds."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(wait_ms)
        self.wait_ms = wait_ms

    @property
    def minutes(self) -> int:
        """The wait in minutes, rounded up."""
        return -(-self.wait_ms // 60_000)


def take(username: str, address: str) -> str:
    """Counts a try, before the password is looked at. Returns what `give_back` needs.

    Raises Refused when the name and the address have used up their tries.
    """
    named = f"{username.casefold()}\n{address}"
    key = salted_hmac("chatsite.sign-in", named, algorithm="sha256").hexdigest()
    now = now_ms()
    with transaction.atomic():
        tries, is_new = SignInTries.objects.select_for_update().get_or_create(
            key=key, defaults={"began_ms": now}
        )
        if tries.began_ms <= now - WINDOW_MS:
            tries.began_ms, tries.count = now, 0
        tries.count += 1
        tries.save(update_fields=["began_ms", "count"])
    if is_new:
        SignInTries.objects.filter(began_ms__lte=now - WINDOW_MS).delete()
    if tries.count > MOST_TRIES:
        raise Refused(tries.began_ms + WINDOW_MS - now)
    return key


def give_back(key: str) -> None:
    """After a success: the next one counts from the beginning."""
    SignInTries.objects.filter(key=key).delete()
