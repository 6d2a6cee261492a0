"""Admin pages that show secrets: the access keys of a resource, and a new access token.

The secret is in the response to a POST request with no-store, so that it is not in any URL, cache
or browser history. The log entry of the page does not contain the secret.
"""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.views import View

from admin_toolkit.display import moment, page_of, quantity
from identity import tokens
from identity.models import CommunicationUser, Resource
from identity.services import issue_access_token


def endpoint_of(resource: Resource) -> str:
    """The endpoint URL for clients of the resource."""
    public = urlsplit(settings.CHATSITE_PUBLIC_URL)
    if resource.is_default or not resource.hostname:
        return f"{public.scheme}://{public.netloc}/"
    port = f":{public.port}" if public.port else ""
    return f"{public.scheme}://{resource.hostname}{port}/"


class _SecretPage(View):
    """A page about one object. GET shows a form, POST the secret."""

    model_admin: Any = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Loads the object and checks the permission."""
        self.row = self.model_admin.get_object(request, unquote(kwargs["object_id"]))
        if self.row is None:
            raise Http404
        if not self.may_open(request, self.row):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @classmethod
    def may_open(cls, request: HttpRequest, row: Any) -> bool:
        """Whether the operator may open the page of this object."""
        raise NotImplementedError

    def render(self, request: HttpRequest, template: str, title: str, **more: Any) -> HttpResponse:
        """The rendered page, with no-store."""
        context = {
            **self.model_admin.admin_site.each_context(request),
            "opts": self.model_admin.opts,
            "original": self.row,
            "title": title,
            "subtitle": str(self.row),
            "back": page_of(self.row),
            **more,
        }
        response = TemplateResponse(request, template, context)
        response.headers["Cache-Control"] = "no-store"
        return response


class ResourceKeysPage(_SecretPage):
    """The access keys of a resource and its connection strings."""

    @classmethod
    def may_open(cls, request: HttpRequest, row: Resource) -> bool:
        """Requires the permission to change resources."""
        return request.user.has_perm("identity.change_resource")

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self.render(request, "admin/identity/show_keys.html", "Show keys")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        resource: Resource = self.row
        self.model_admin.log_change(request, resource, "Access keys shown.")
        endpoint = endpoint_of(resource)
        keys = [
            ("Primary", resource.primary_key, resource.connection_string(endpoint)),
            (
                "Secondary",
                resource.secondary_key,
                resource.connection_string(endpoint, secondary=True),
            ),
        ]
        return self.render(request, "admin/identity/keys.html", "Access keys", keys=keys)


class TokenForm(forms.Form):
    """The scopes and the lifetime of an access token."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in tokens.SCOPES],
        initial=["chat"],
        widget=forms.CheckboxSelectMultiple,
    )
    minutes = forms.IntegerField(
        label="Valid for (minutes)",
        min_value=tokens.MINUTES_MINIMUM,
        max_value=tokens.MINUTES_MAXIMUM,
        initial=tokens.MINUTES_MINIMUM,
    )


class UserTokenPage(_SecretPage):
    """Issues an access token for a user, for testing."""

    @classmethod
    def may_open(cls, request: HttpRequest, row: CommunicationUser) -> bool:
        """Requires the permission to change users, and a user that is not deleted."""
        may_change = request.user.has_perm("identity.change_communicationuser")
        return may_change and row.deleted_at is None

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        return self._form_page(request, TokenForm())

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """The token, or the form with its errors."""
        form = TokenForm(request.POST)
        if not form.is_valid():
            return self._form_page(request, form)
        user: CommunicationUser = self.row
        scopes, minutes = form.cleaned_data["scopes"], form.cleaned_data["minutes"]
        issued = issue_access_token(user=user, scopes=scopes, expires_in_minutes=minutes)
        allowed = ", ".join(scopes)
        self.model_admin.log_change(
            request, user, f"Access token issued: {allowed}, {quantity(minutes, 'minute')}."
        )
        return self.render(
            request,
            "admin/identity/token.html",
            "Access token",
            token=issued.token,
            expires_on=moment(issued.expires_on),
            scopes=allowed,
            endpoint=endpoint_of(user.resource),
        )

    def _form_page(self, request: HttpRequest, form: TokenForm) -> HttpResponse:
        return self.render(request, "admin/identity/issue_token.html", "Issue a token", form=form)
