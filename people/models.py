"""Accounts that can chat."""

from django.conf import settings
from django.db import models

from identity.models import CommunicationUser

# Of a display name, in characters.
LONGEST_NAME = 100


class Person(models.Model):
    """An account that can chat. It has one user, in one resource."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="person"
    )
    user = models.OneToOneField(
        CommunicationUser, on_delete=models.CASCADE, related_name="person", editable=False
    )
    display_name = models.CharField(
        max_length=LONGEST_NAME,
        help_text="The name that others see. Messages already sent keep the old name.",
    )
    # The words of the name in the form for searches, each after a space.
    search_name = models.CharField(max_length=400, editable=False)

    class Meta:
        app_label = "pages"
        verbose_name = "person"
        verbose_name_plural = "people"
        indexes = [models.Index(fields=["search_name"], name="person_by_name")]

    def __str__(self) -> str:
        return self.display_name

    def save(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]
        """Also updates `search_name`."""
        self.search_name = searchable(self.display_name)
        super().save(*args, **kwargs)


def searchable(name: str) -> str:
    """`name` for case-insensitive search, with a space before each word: ` anna müller`."""
    return " " + " ".join(name.casefold().split())[:399]
