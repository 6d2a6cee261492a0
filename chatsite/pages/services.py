"""Who an account is in the chat, and its tokens."""

from django.contrib.auth.models import User
from django.db import transaction

from chatsite.pages.models import Person
from identity.models import Resource
from identity.services import create_user, issue_access_token, revoke_access_tokens
from identity.tokens import MINUTES_MINIMUM, AccessToken


class NotAPerson(Exception):
    """The account cannot chat here; the text says why, to whoever signed in with it."""


def person_of(account: User, resource: Resource) -> Person:
    """The account's person in `resource`.

    Accounts that operators made get theirs at the first visit, in the default resource only: of
    another tenant an account becomes part by signing up on its host, or by an operator's hand.
    Raises NotAPerson.
    """
    person = Person.objects.select_related("user__resource").filter(account=account).first()
    if person is None and resource.is_default:
        person = create_person(account, resource, account.get_full_name() or account.username)
    if person is None or person.user.resource_id != resource.id:
        raise NotAPerson("This account belongs to another site.")
    if person.user.deleted_at is not None:
        raise NotAPerson("This account's identity in the chat was deleted.")
    return person


def create_person(account: User, resource: Resource, display_name: str) -> Person:
    """Makes `account` a person of `resource`, once."""
    with transaction.atomic():
        # The lock lets one of two first visits at the same time find what the other made.
        User.objects.select_for_update().get(pk=account.pk)
        existing = Person.objects.select_related("user__resource").filter(account=account).first()
        return existing or Person.objects.create(
            account=account, user=create_user(resource=resource), display_name=display_name[:100]
        )


def issue_token(person: Person) -> AccessToken:
    """A token for the page: as short-lived as tokens can be, for it is renewed all the time."""
    return issue_access_token(user=person.user, scopes=["chat"], expires_in_minutes=MINUTES_MINIMUM)


def revoke_tokens(person: Person) -> None:
    """Ends every token of the person, and with them the live connections."""
    revoke_access_tokens(user=person.user)
