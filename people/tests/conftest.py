from collections.abc import Callable

import pytest
from django.contrib.auth.models import User

from identity.models import Resource
from identity.services import issue_access_token
from people.services import create_person
from tests.cast import Person

MakePerson = Callable[..., Person]


@pytest.fixture
def with_account(resource: Resource) -> MakePerson:
    """Makes a user with an account, who is therefore in the directory."""

    def make(name: str, tenant: Resource = resource, host: str = "testserver") -> Person:
        account = User.objects.create_user(name.replace(" ", "-"))
        user = create_person(account, tenant, name).user
        token = issue_access_token(user=user, scopes=["chat"]).token
        return Person(name, user, token, host=host)

    return make


def found(person: Person, search: str = "") -> list[str]:
    """The names that `person` finds."""
    query = f"search={search}" if search else ""
    pages = person.walk("/chat/people", query)
    return [one["displayName"] for page in pages for one in page]
