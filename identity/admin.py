"""Admin pages of resources and users."""

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
    "Enter only a host name: letters, digits, dots and hyphens.",
)
_NEW_KEY = (
    "The current key stops working immediately and is replaced by a new one.",
    "All access tokens issued with it become invalid immediately. Users are disconnected until "
    "their application fetches new tokens.",
    "Requests signed with the current key fail. Switch your applications to the other key first.",
)


class ResourceForm(forms.ModelForm):
    def clean_hostname(self) -> str | None:
        """Converts the host name to lower case."""
        name = (self.cleaned_data["hostname"] or "").strip().lower()
        if name:
            _HOST_NAME(name)
        return name or None


def _contents(resource: Resource) -> Iterator[str]:
    """Describes the rows that are deleted with a resource."""
    counts = [(rows, rows.count()) for rows in owned_rows(resource)]
    found = [f"{count:,} {model_ngettext(rows, count)}" for rows, count in counts if count]
    yield f"This also deletes: {', '.join(found)}." if found else "The resource contains no data."


@admin.register(Resource)
class ResourceAdmin(ToolkitAdmin):
    """Resources. Their keys are shown on a separate page only."""

    links: ClassVar[list[Link]] = []
    purpose = "Tenants of this server, with host names, connection strings and access keys."
    form = ResourceForm
    list_display = ["name", "kind", "hostname", "created"]
    search_fields = ["name", "hostname"]
    search_help_text = "A name or host name."
    ordering = ["-is_default", "name"]
    fieldsets = [
        (None, {"fields": ["name", "hostname"]}),
        ("Details", {"fields": ["kind", "resource_id", "endpoint", "keys", "created"]}),
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
            consequences=("The resource and all its data are deleted. This cannot be undone.",),
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
        """The default resource serves all host names that no other resource has."""
        return badge("default", "info") if resource.is_default else badge("tenant")

    @admin.display(description="id")
    def resource_id(self, resource: Resource) -> str:
        return identifier(str(resource.id))

    @admin.display(description="endpoint")
    def endpoint(self, resource: Resource) -> str:
        return identifier(endpoint_of(resource))

    @admin.display(description="access keys")
    def keys(self, resource: Resource) -> str:
        return "Hidden"

    @admin.display(description="created", ordering="created_at")
    def created(self, resource: Resource) -> str:
        return moment(resource.created_at)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Leaves out the details of a new resource."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:1]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The operation “Delete resource” replaces Django's page."""
        return False

    def tools(self, request: HttpRequest, row: Resource) -> list[Tool]:
        tools = super().tools(request, row)
        if not self.has_change_permission(request, row):
            return tools
        return [Tool("Show keys", address_of(Resource, "keys", row.pk)), *tools]

    def get_urls(self) -> list[URLPattern]:
        """Adds the page that shows the keys."""
        view = self.admin_site.admin_view(ResourceKeysPage.as_view(model_admin=self))
        return [
            path("<path:object_id>/keys/", view, name="identity_resource_keys"),
            *super().get_urls(),
        ]

    def save_model(self, request: HttpRequest, obj: Resource, form: Any, change: bool) -> None:
        """Warns if the server refuses requests to the resource's host name."""
        super().save_model(request, obj, form, change)
        if obj.hostname and not validate_host(obj.hostname, settings.ALLOWED_HOSTS):
            text = (
                f"This server refuses requests to {obj.hostname} until the name is added to "
                "CHATSITE_ALLOWED_HOSTS."
            )
            self.message_user(request, text, messages.WARNING)


@admin.register(CommunicationUser)
class CommunicationUserAdmin(ReadOnlyAdmin):
    """Users. They can be created but not edited."""

    links: ClassVar[list[Link]] = []
    is_searchable = True
    purpose = "Identities that can chat. Issue or revoke access tokens, or delete identities."
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
    search_help_text = "A raw id (8:acs:…), or part of one."
    ordering = ["-id"]
    operations = [
        Operation(
            name="revoke-tokens",
            label="Revoke access tokens",
            consequences=(
                "All access tokens issued so far become invalid immediately.",
                "The identity remains in its threads. New tokens can be issued.",
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
                "All access tokens become invalid immediately, and no new ones can be issued.",
                "The identity is removed from all its threads. The other participants see this.",
                "Messages it has sent remain. This cannot be undone.",
            ),
            done="deleted",
            run=lambda user: services.delete_user(user=user),
            permission="delete",
            applies_to=lambda user: user.deleted_at is None,
        ),
    ]

    @admin.display(description="raw id", ordering="raw_id")
    def raw_id_code(self, user: CommunicationUser) -> str:
        return identifier(user.raw_id)

    @admin.display(description="created", ordering="id")
    def created(self, user: CommunicationUser) -> str:
        return moment(user.created_at)

    @admin.display(description="deleted")
    def deleted(self, user: CommunicationUser) -> str:
        return moment(user.deleted_at)

    @admin.display(description="state")
    def state(self, user: CommunicationUser) -> str:
        return badge("active", "good") if user.deleted_at is None else badge("deleted", "bad")

    def tools(self, request: HttpRequest, row: CommunicationUser) -> list[Tool]:
        tools = super().tools(request, row)
        if not UserTokenPage.may_open(request, row):
            return tools
        return [Tool("Issue a token", address_of(CommunicationUser, "token", row.pk)), *tools]

    def get_urls(self) -> list[URLPattern]:
        """Adds the page that issues an access token."""
        view = self.admin_site.admin_view(UserTokenPage.as_view(model_admin=self))
        return [
            path("<path:object_id>/token/", view, name="identity_communicationuser_token"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Users can be added, unlike other read-only objects."""
        return request.user.has_perm("identity.add_communicationuser")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new user has only a resource: the server generates the id."""
        if obj is None:
            return ["resource"]
        fields = ["raw_id_code", "resource", "state", "created"]
        return fields if obj.deleted_at is None else [*fields, "deleted"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Only the resource of a new user can be set."""
        return super().get_readonly_fields(request, obj) if obj else []

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Shows only the button “Save”."""
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().add_view(request, form_url, buttons | (extra_context or {}))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Preselects the default resource."""
        return {"resource": services.ensure_default_resource().pk}

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A plain select box, without Django's buttons to add or change resources."""
        formfield = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(formfield, forms.ModelChoiceField):
            formfield.widget = formfield.widget.widget
            formfield.empty_label = None
        return formfield

    def save_model(
        self, request: HttpRequest, obj: CommunicationUser, form: Any, change: bool
    ) -> None:
        """Creates the user with the service that the API uses."""
        created = services.create_user(resource=obj.resource)
        obj.pk, obj.raw_id, obj.created_at = created.pk, created.raw_id, created.created_at

    def response_add(
        self, request: HttpRequest, obj: CommunicationUser, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Opens the new user's page, where a token can be issued."""
        self.message_user(request, f"User “{obj}”: created.", messages.SUCCESS)
        return HttpResponseRedirect(page_of(obj))
