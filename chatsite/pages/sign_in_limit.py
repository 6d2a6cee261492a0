"""Limits the attempts to sign in, so that passwords cannot be guessed.

Attempts are counted per username and address (decision 7), so that wrong attempts from one address
do not lock out the owner of the account.
"""

from django.db import transaction
from django.utils.crypto import salted_hmac

from chatsite.pages.models import SignInTries
from wire.times import now_ms

MAX_ATTEMPTS = 10
WINDOW_MS = 15 * 60_000


class TooManyAttempts(Exception):
    """Too many attempts. The next one is possible after `wait_ms` milliseconds."""

    def __init__(self, wait_ms: int) -> None:
        super().__init__(wait_ms)
        self.wait_ms = wait_ms

    @property
    def minutes(self) -> int:
        """The wait in minutes, rounded up."""
        return -(-self.wait_ms // 60_000)


def count_attempt(username: str, address: str) -> str:
    """Counts an attempt, before the password is checked. Returns the key for `reset`.

    Raises TooManyAttempts after too many attempts with the same name and address.
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
    if tries.count > MAX_ATTEMPTS:
        raise TooManyAttempts(tries.began_ms + WINDOW_MS - now)
    return key


def reset(key: str) -> None:
    """Resets the count after a successful attempt."""
    SignInTries.objects.filter(key=key).delete()
