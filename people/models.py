"""Accounts that chat."""

from django.conf import settings
from django.db import models

from identity.models import CommunicationUser

# Characters of a name that others see.
LONGEST_NAME = 100


class Person(models.Model):
    """Who an account is in the chat. An account has one user, in one resource."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person"
    )
    user = models.OneToOneField(
        CommunicationUser, on_delete=models.CASCADE, related_name="person", editable=False
    )
    display_name = models.CharField(
        max_length=LONGEST_NAME,
        help_text="The name that others see. Messages keep the name of their time.",
    )
    # The words of the name as searches compare them, each after a blank.
    search_name = models.CharField(max_length=400, editable=False)

    class Meta:
        app_label = "pages"
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["search_name"], name="person_by_name")]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]
        """Keeps the name for searches up to date."""
        self.search_name = searchable(self.display_name)
        super().save(*args, **kwargs)


def searchable(name: str) -> str:
    """`name` for comparing without case: ` anna  müller` begins each word after a blank."""
    return " " + " ".join(name.casefold().split())[:399]
