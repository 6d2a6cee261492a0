"""`/chat/people`: the people whom the caller may see, and the caller's own entry.

Part of the public API (docs/api-extensions.md): requests carry access tokens, not sessions.
"""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from identity.access import Capability, require
from identity.callers import Caller
from people.models import LONGEST_NAME, Person, searchable
from people.services import rename_person, tidy_name
from threads.models import Participant
from threads.views import UserView
from wire import paging
from wire.errors import bad_request, not_found
from wire.identifiers import communication_user
from wire.paging import Window
from wire.views import json_response

_PAGE = 50
_LONGEST_SEARCH = 100
# How many participants of shared threads are searched at most.
_MOST_PARTICIPANTS = 2000

# raw id, display name
Entry = tuple[str, str]


class PeopleView(UserView):
    """`/chat/people`."""

    def get(self, request: Request) -> HttpResponse:
        """The people whom the caller may see, in the order of their names."""
        require(self.caller, Capability.TAKE_PART)
        search = request.query_params.get("search", "")
        if len(search) > _LONGEST_SEARCH:
            raise bad_request("The value of search is too long.", target="search")
        window = Window.of(request, default=_PAGE, maximum=settings.LIMITS.page_size)
        entries = list_people(self.caller, search)[window.skip : window.stop + 1]
        body: dict[str, Any] = {
            "value": [_entry(raw_id, name) for raw_id, name in entries[: window.size]]
        }
        if len(entries) > window.size:
            parameters: dict[str, object] = {"skip": window.stop, "maxPageSize": window.size}
            if search:
                parameters["search"] = search
            body["nextLink"] = paging.next_link(request, "/chat/people", parameters)
        return json_response(body)


class OwnEntryView(UserView):
    """`/chat/people/me`."""

    def get(self, request: Request) -> HttpResponse:
        """The caller's own entry; 404 if the caller has no account."""
        person = self.person()
        return json_response(_entry(self.caller.raw_id, person.display_name))

    def patch(self, request: Request) -> HttpResponse:
        """Changes the caller's display name."""
        name = self.body(request).get("displayName")
        if not isinstance(name, str) or not tidy_name(name):
            raise bad_request(
                "The displayName field must be a string that is not blank.", target="displayName"
            )
        name = tidy_name(name)
        if len(name) > LONGEST_NAME:
            raise bad_request(
                f"The displayName field must not exceed {LONGEST_NAME} characters.",
                target="displayName",
            )
        rename_person(self.person(), name)
        return json_response(_entry(self.caller.raw_id, name))

    def person(self) -> Person:
        """The caller's person. Raises ChatError 403 and 404."""
        require(self.caller, Capability.TAKE_PART)
        person = Person.objects.filter(user=self.caller.user_id).first()
        if person is None:
            raise not_found("Only users with an account on the chat page are in the directory.")
        return person


def _entry(raw_id: str, name: str) -> dict[str, Any]:
    return {"communicationIdentifier": communication_user(raw_id), "displayName": name}


def list_people(caller: Caller, search: str) -> Sequence[Entry]:
    """The people whom the caller may see and whose name has a word that begins with `search`.

    People with an account see each other if `CHATSITE_DIRECTORY` is `people`. All users see the
    current participants of their threads, under their display names there.
    """
    wanted = searchable(search) if search.strip() else ""
    found = _people_in_shared_threads(caller, wanted) | _people_with_account(caller, wanted)
    found.pop(caller.raw_id, None)
    return sorted(found.items(), key=lambda entry: (searchable(entry[1]), entry[0]))


def _people_with_account(caller: Caller, wanted: str) -> dict[str, str]:
    if settings.CHATSITE_DIRECTORY != "people":
        return {}
    people = Person.objects.filter(
        user__resource=caller.resource_id, user__deleted_at=None, account__is_active=True
    )
    if not people.filter(user=caller.user_id).exists():
        return {}
    if wanted:
        people = people.filter(search_name__contains=wanted)
    return dict(people.order_by("search_name").values_list("user__raw_id", "display_name"))


def _people_in_shared_threads(caller: Caller, wanted: str) -> dict[str, str]:
    shared = (
        Participant.objects.current()
        .filter(user=caller.user_id, thread__deleted_ms=None)
        .values("thread")
    )
    participants = (
        Participant.objects.current()
        .filter(thread__in=shared, user__deleted_at=None)
        .exclude(display_name="")
        # The last one wins below: the name from the oldest membership.
        .order_by("-id")
        .values_list("user__raw_id", "display_name")[:_MOST_PARTICIPANTS]
    )
    return {raw_id: name for raw_id, name in participants if wanted in searchable(name)}
