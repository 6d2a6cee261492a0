"""The operator's pages of resources and users."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import model_ngettext
from django.core.validators import RegexValidator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.request import validate_host
from django.urls import URLPattern, path

from admin_toolkit.display import address_of, badge, identifier, moment, page_of
from admin_toolkit.lists import option_filter, since_filter
from admin_toolkit.operations import Operation, Tool
from admin_toolkit.pages import Link, ReadOnlyAdmin, ToolkitAdmin
from identity import services
from identity.deletion import delete_resource, owned_rows
from identity.models import CommunicationUser, Resource
from identity.secret_pages import ResourceKeysPage, UserTokenPage, endpoint_of

_HOST_NAME = RegexValidator(
    r"^[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*\Z",
    "Enter a host name alone: letters, digits, dots and hyphens.",
)
_TOKENS_DIE = "Every access token that was issued under it ends at once."
_NEW_KEY = (
    "The key stops working at once; a new one takes its place.",
    f"{_TOKENS_DIE} People stay signed out until their application fetches new tokens.",
    "Applications that sign with this key are refused until they get the new one. Let them use "
    "the other key first.",
)


class ResourceForm(forms.ModelForm):
    """Name and host name of a resource."""

    def clean_hostname(self) -> str | None:
        """Host names are kept in lower case."""
        name = (self.cleaned_data["hostname"] or "").strip().lower()
        if name:
            _HOST_NAME(name)
        return name or None


def _contents(resource: Resource) -> Iterator[str]:
    """How much would go with a resource."""
    counts = [(rows, rows.count()) for rows in owned_rows(resource)]
    there = [f"{count:,} {model_ngettext(rows, count)}" for rows, count in counts if count]
    yield f"With it go: {', '.join(there)}." if there else "It is empty: nothing else goes with it."


@admin.register(Resource)
class ResourceAdmin(ToolkitAdmin):
    """Resources. Their keys appear on one page only, which must be asked for."""

    links: ClassVar[list[Link]] = []
    purpose = "Tenants of this server: host names, connection strings and access keys."
    form = ResourceForm
    list_display = ["name", "kind", "hostname", "created"]
    search_fields = ["name", "hostname"]
    search_help_text = "A name or host name."
    ordering = ["-is_default", "name"]
    fieldsets = [
        (None, {"fields": ["name", "hostname"]}),
        ("About it", {"fields": ["kind", "resource_id", "endpoint", "keys", "created"]}),
    ]
    readonly_fields = ["kind", "resource_id", "endpoint", "keys", "created"]
    operations = [
        Operation(
            name="regenerate-primary-key",
            label="Regenerate primary key",
            consequences=_NEW_KEY,
            done="primary key regenerated",
            run=lambda resource: services.regenerate_key(resource=resource, key_type="primary"),
            permission="change",
            for_many=False,
        ),
        Operation(
            name="regenerate-secondary-key",
            label="Regenerate secondary key",
            consequences=_NEW_KEY,
            done="secondary key regenerated",
            run=lambda resource: services.regenerate_key(resource=resource, key_type="secondary"),
            permission="change",
            for_many=False,
        ),
        Operation(
            name="delete",
            label="Delete resource",
            consequences=("The resource goes with all that belongs to it. Nothing is kept.",),
            done="deleted",
            run=lambda resource: delete_resource(resource=resource),
            permission="delete",
            applies_to=lambda resource: not resource.is_default,
            details=_contents,
            for_many=False,
            retype=True,
            removes_row=True,
        ),
    ]

    @admin.display(description="kind", ordering="is_default")
    def kind(self, resource: Resource) -> str:
        """Whether it answers for every host that no other resource has."""
        return badge("default", "info") if resource.is_default else badge("tenant")

    @admin.display(description="id")
    def resource_id(self, resource: Resource) -> str:
        """The GUID in the ids of its users."""
        return identifier(str(resource.id))

    @admin.display(description="endpoint")
    def endpoint(self, resource: Resource) -> str:
        """The address that clients are given."""
        return identifier(endpoint_of(resource))

    @admin.display(description="access keys")
    def keys(self, resource: Resource) -> str:
        """Where to find them."""
        return "Hidden until they are asked for."

    @admin.display(description="created", ordering="created_at")
    def created(self, resource: Resource) -> str:
        """When it was created."""
        return moment(resource.created_at)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new resource has nothing to tell yet."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:1]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The operation of that name asks more clearly than Django's own page."""
        return False

    def tools(self, request: HttpRequest, row: Resource) -> list[Tool]:
        """Showing the keys comes first."""
        tools = super().tools(request, row)
        if not self.has_change_permission(request, row):
            return tools
        return [Tool("Show keys", address_of(Resource, "keys", row.pk)), *tools]

    def get_urls(self) -> list[URLPattern]:
        """And the page of the keys."""
        view = self.admin_site.admin_view(ResourceKeysPage.as_view(model_admin=self))
        return [
            path("<path:object_id>/keys/", view, name="identity_resource_keys"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        """Save it, and tell when the server would refuse requests to the new host."""
        super().save_model(request, obj, form, change)
        if obj.hostname and not validate_host(obj.hostname, settings.ALLOWED_HOSTS):
            text = (
                f"This server refuses requests to {obj.hostname} until its name is added to "
                "CHATSITE_ALLOWED_HOSTS."
            )
            self.message_user(request, text, messages.WARNING)


@admin.register(CommunicationUser)
class CommunicationUserAdmin(ReadOnlyAdmin):
    """Users. They are created here or over the API, and never edited."""

    links: ClassVar[list[Link]] = []
    is_in_finder = True
    purpose = "Identities that chat: issue or revoke their tokens, delete them."
    list_display = ["raw_id_code", "resource", "created", "state"]
    list_select_related = ["resource"]
    list_filter = [
        "resource",
        since_filter("created in", "created", "created_at", in_ms=False),
        option_filter(
            "state",
            "state",
            {
                "active": ("active", Q(deleted_at=None)),
                "deleted": ("deleted", Q(deleted_at__isnull=False)),
            },
        ),
    ]
    search_fields = ["raw_id"]
    search_help_text = "A raw id (8:acs:…), or a part of one."
    ordering = ["-id"]
    operations = [
        Operation(
            name="revoke-tokens",
            label="Revoke access tokens",
            consequences=(
                "Every access token issued so far ends at once.",
                "The identity stays in its threads; new tokens can be issued.",
            ),
            done="access tokens revoked",
            run=lambda user: services.revoke_access_tokens(user=user),
            permission="change",
            applies_to=lambda user: user.deleted_at is None,
        ),
        Operation(
            name="delete",
            label="Delete identity",
            consequences=(
                "Every access token ends at once, and no new one can be issued.",
                "The identity leaves all its threads; the other participants see that.",
                "Messages it has sent stay. The deletion cannot be undone.",
            ),
            done="deleted",
            run=lambda user: services.delete_user(user=user),
            permission="delete",
            applies_to=lambda user: user.deleted_at is None,
        ),
    ]

    @admin.display(description="raw id", ordering="raw_id")
    def raw_id_code(self, user: CommunicationUser) -> str:
        """The whole raw id."""
        return identifier(user.raw_id)

    @admin.display(description="created", ordering="id")
    def created(self, user: CommunicationUser) -> str:
        """When it was created."""
        return moment(user.created_at)

    @admin.display(description="deleted")
    def deleted(self, user: CommunicationUser) -> str:
        """When it was deleted."""
        return moment(user.deleted_at)

    @admin.display(description="state")
    def state(self, user: CommunicationUser) -> str:
        """Active or deleted; a deleted one with its time."""
        return badge("active", "good") if user.deleted_at is None else badge("deleted", "bad")

    def tools(self, request: HttpRequest, row: CommunicationUser) -> list[Tool]:
        """Issuing a token comes first."""
        tools = super().tools(request, row)
        if not UserTokenPage.may_open(request, row):
            return tools
        return [Tool("Issue a token", address_of(CommunicationUser, "token", row.pk)), *tools]

    def get_urls(self) -> list[URLPattern]:
        """And the page that issues a token."""
        view = self.admin_site.admin_view(UserTokenPage.as_view(model_admin=self))
        return [
            path("<path:object_id>/token/", view, name="identity_communicationuser_token"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Creating is the one thing that a form is for."""
        return request.user.has_perm("identity.add_communicationuser")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new user needs a resource only; the server makes its id."""
        if obj is None:
            return ["resource"]
        fields = ["raw_id_code", "resource", "state", "created"]
        return fields if obj.deleted_at is None else [*fields, "deleted"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """All but the resource of a new user."""
        return super().get_readonly_fields(request, obj) if obj else []

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """One button is enough."""
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, buttons | (extra_context or {}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The default resource is chosen."""
        return {"resource": services.ensure_default_resource().pk}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A plain choice, without Django's buttons that would add or change resources."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(formfield, forms.ModelChoiceField):
            formfield.widget = formfield.widget.widget
            formfield.empty_label = None
        return formfield

    def save_model(
        self, request: HttpRequest, obj: CommunicationUser, form: Any, change: bool
    ) -> None:
        """Create it as the API does."""
        created = services.create_user(resource=obj.resource)
        obj.pk, obj.raw_id, obj.created_at = created.pk, created.raw_id, created.created_at

    def response_add(
        self, request: HttpRequest, obj: CommunicationUser, post_url_continue: str | None = None
    ) -> HttpResponse:
        """On to the new user's page, where a token can be issued."""
        self.message_user(request, f"User “{obj}”: created.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(obj))
