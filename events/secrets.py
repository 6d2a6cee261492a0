"""Random secrets; not in webhooks/ because a migration of this app uses them as a default."""

import secrets


def new_secret() -> str:
    """A random text that cannot be guessed."""
    return secrets.token_urlsafe(32)
