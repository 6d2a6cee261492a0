"""Who an account is in the chat, and its tokens."""

from django.contrib.auth.models import User
from django.db import transaction

from identity.models import Resource
from identity.services import create_user, issue_access_token, revoke_access_tokens
from identity.tokens import MINUTES_MINIMUM, AccessToken
from people.models import LONGEST_NAME, Person
from threads.services import rename_participant


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
            account=account,
            user=create_user(resource=resource),
            display_name=display_name[:LONGEST_NAME],
        )


def tidy_name(text: str) -> str:
    """`text` without surplus blanks."""
    return " ".join(text.split())


def rename_person(person: Person, display_name: str) -> None:
    """Gives the person another name, also in the threads that know them by the one before.

    Where an application calls them something else it stays so, and messages keep the name of
    their time.
    """
    with transaction.atomic():
        before = Person.objects.select_for_update().get(pk=person.pk).display_name
        person.display_name = display_name
        person.save()
        rename_participant(user_id=person.user_id, before=before, display_name=display_name)


def issue_token(person: Person) -> AccessToken:
    """A token for the page: as short-lived as tokens can be, for it is renewed all the time."""
    return issue_access_token(user=person.user, scopes=["chat"], expires_in_minutes=MINUTES_MINIMUM)


def revoke_tokens(person: Person) -> None:
    """Ends every token of the person, and with them the live connections."""
    revoke_access_tokens(user=person.user)
