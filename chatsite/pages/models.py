"""Tries to sign in."""

from django.db import models


class SignInTries(models.Model):
    """How often somebody has tried to sign in lately (sign_in_limit.py)."""

    # A digest: neither names nor addresses are kept.
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    began_ms = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} tries since {self.began_ms}"
