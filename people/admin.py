"""The operator's pages of people: who an account is in the chat."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from admin_toolkit.display import link, short_id
from admin_toolkit.pages import Link, ToolkitAdmin
from identity.models import Resource
from identity.services import create_user
from people.models import Person
from people.services import rename_person


class NewPersonForm(forms.ModelForm):
    """Which account becomes who, and where."""

    resource = forms.ModelChoiceField(Resource.objects.order_by("-is_default", "name"))

    def save(self, commit: bool = True) -> Any:
        """Makes the user in the resource that was chosen."""
        self.instance.user = create_user(resource=self.cleaned_data["resource"])
        return super().save(commit)


@admin.register(Person)
class PersonAdmin(ToolkitAdmin):
    """People. Accounts get theirs alone in the default resource, elsewhere by this form."""

    links: ClassVar[list[Link]] = []
    is_in_finder = True
    purpose = "Accounts that chat: their names, and who they are in the chat."
    list_display = ["display_name", "account", "chat_user", "tenant"]
    list_select_related = ["account", "user__resource"]
    search_fields = ["display_name", "account__username", "user__raw_id"]
    search_help_text = "A name, a user name, or the raw id of the user (8:acs:…)."
    ordering = ["search_name"]
    raw_id_fields = ["account"]

    def get_fields(self, request: HttpRequest, obj: Person | None = None) -> Any:
        """What can be chosen once is chosen when the person is added."""
        return ["account", "display_name", *(["chat_user", "tenant"] if obj else ["resource"])]

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> list[str]:
        """Only the name changes later."""
        return ["account", "chat_user", "tenant"] if obj else []

    def get_form(
        self, request: HttpRequest, obj: Person | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form that makes a person asks where, too."""
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """A new name counts in conversations, too."""
        if change:
            rename_person(obj, obj.display_name)
        else:
            obj.save()

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """A person goes with its account; deactivate the account to keep somebody out."""
        return False

    @admin.display(description="user")
    def chat_user(self, person: Person) -> str:
        """The chat user."""
        return link(person.user, short_id(person.user.raw_id))

    @admin.display(description="resource")
    def tenant(self, person: Person) -> str:
        """The tenant."""
        return link(person.user.resource, person.user.resource.name)
