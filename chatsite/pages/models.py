from django.db import models

from admin_toolkit.display import quantity


class SignInTries(models.Model):
    """The number of recent attempts to sign in (see sign_in_limit.py)."""

    # A hash, so that neither names nor addresses are stored.
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    began_ms = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{quantity(self.count, 'attempt')} since {self.began_ms}"
