from django.db import models


class SignInTries(models.Model):
    """The number of recent attempts to sign in (see sign_in_limit.py)."""

    # A hash, so that neither names nor addresses are stored.
    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    began_ms = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.count} attempts since {self.began_ms}"
