"""People: creating and renaming them, and their access tokens."""

from django.contrib.auth.models import User
from django.db import transaction

from identity.models import Resource
from identity.services import create_user, issue_access_token, revoke_access_tokens
from identity.tokens import MINUTES_MINIMUM, AccessToken
from people.models import LONGEST_NAME, Person
from threads.services import rename_participant


class NotAPerson(Exception):
    """The account cannot chat here. The message gives the reason to its owner."""


def person_of(account: User, resource: Resource) -> Person:
    """The account's person in `resource`.

    In the default resource it is created at the first visit. In another resource an account gets
    one by signing up on that resource's host, or from an operator. Raises NotAPerson.
    """
    person = Person.objects.select_related("user__resource").filter(account=account).first()
    if person is None and resource.is_default:
        person = create_person(account, resource, account.get_full_name() or account.username)
    if person is None or person.user.resource_id != resource.id:
        raise NotAPerson("This account belongs to another site.")
    if person.user.deleted_at is not None:
        raise NotAPerson("The chat identity of this account was deleted.")
    return person


def create_person(account: User, resource: Resource, display_name: str) -> Person:
    """The account's person, created in `resource` if there is none yet."""
    with transaction.atomic():
        # The lock makes sure that concurrent first visits create only one person.
        User.objects.select_for_update().get(pk=account.pk)
        existing = Person.objects.select_related("user__resource").filter(account=account).first()
        return existing or Person.objects.create(
            account=account,
            user=create_user(resource=resource),
            display_name=display_name[:LONGEST_NAME],
        )


def tidy_name(text: str) -> str:
    """`text` without surplus spaces."""
    return " ".join(text.split())


def rename_person(person: Person, display_name: str) -> None:
    """Changes the display name, also in the threads where it is the old one.

    Other names that an application set in a thread remain. Messages already sent keep the old name.
    """
    with transaction.atomic():
        before = Person.objects.select_for_update().get(pk=person.pk).display_name
        person.display_name = display_name
        person.save()
        rename_participant(user_id=person.user_id, before=before, display_name=display_name)


def issue_token(person: Person) -> AccessToken:
    """An access token for the chat page, with the shortest lifetime: the page renews it."""
    return issue_access_token(user=person.user, scopes=["chat"], expires_in_minutes=MINUTES_MINIMUM)


def revoke_tokens(person: Person) -> None:
    """Revokes all access tokens of the person, which also closes the live connections."""
    revoke_access_tokens(user=person.user)
