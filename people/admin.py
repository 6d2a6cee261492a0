"""Admin pages of people."""

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
    """Creates a person for an account, in a resource."""

    resource = forms.ModelChoiceField(Resource.objects.order_by("-is_default", "name"))

    def save(self, commit: bool = True) -> Any:
        """Creates the user in the selected resource."""
        self.instance.user = create_user(resource=self.cleaned_data["resource"])
        return super().save(commit)


@admin.register(Person)
class PersonAdmin(ToolkitAdmin):
    """People. In the default resource they are created automatically, in others here."""

    links: ClassVar[list[Link]] = []
    is_searchable = True
    purpose = "Accounts that can chat: their display names and users."
    list_display = ["display_name", "account", "chat_user", "tenant"]
    list_select_related = ["account", "user__resource"]
    search_fields = ["display_name", "account__username", "user__raw_id"]
    search_help_text = "A display name, a username, or the raw id of the user (8:acs:…)."
    ordering = ["search_name"]
    raw_id_fields = ["account"]

    def get_fields(self, request: HttpRequest, obj: Person | None = None) -> Any:
        """Account and resource can be set only when the person is added."""
        return ["account", "display_name", *(["chat_user", "tenant"] if obj else ["resource"])]

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> list[str]:
        return ["account", "chat_user", "tenant"] if obj else []

    def get_form(
        self, request: HttpRequest, obj: Person | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form for a new person also asks for the resource."""
        if obj is None:
            kwargs["form"] = NewPersonForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Changes the name in the person's threads, too."""
        if change:
            rename_person(obj, obj.display_name)
        else:
            obj.save()

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        """A person is deleted with the account. To lock someone out, deactivate the account."""
        return False

    @admin.display(description="user")
    def chat_user(self, person: Person) -> str:
        return link(person.user, short_id(person.user.raw_id))

    @admin.display(description="resource")
    def tenant(self, person: Person) -> str:
        return link(person.user.resource, person.user.resource.name)
