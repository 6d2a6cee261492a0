"""The base of every view of the management API.

The API has the shape of Azure Resource Manager, so that the official management SDKs work against
this server with another base URL.
"""

import re
from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from django.db.models import Model
from django.http import HttpResponse
from rest_framework.request import Request

from identity.authentication import Service, ServiceAuthentication
from identity.models import Resource
from wire.errors import ChatError, bad_request, identity_error_body
from wire.json_values import read_object
from wire.views import WireView, empty_response

# The columns that store a scope hold 500 characters, its leading slash included.
MAX_PATH_PART = 499
_API_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?", re.ASCII)
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")

AnyModel = TypeVar("AnyModel", bound=Model)


class ManagementView(WireView):
    """A view for callers with the resource's access key or a service token.

    The path's parts arrive as keyword arguments: `scope` without its leading slash,
    `resource_name` if the path names a resource, and `name`.
    """

    authentication_classes = (ServiceAuthentication,)
    resource: Resource

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticates, checks api-version and path, and sets `resource`."""
        super().initial(request, *args, **kwargs)
        _check_api_version(request.query_params.get("api-version", ""))
        _check_path(request.path, kwargs)
        service: Service = request.user  # type: ignore[assignment]
        self.resource = service.resource
        _check_resource_name(kwargs.get("resource_name"), self.resource)

    def render_error(self, error: ChatError) -> HttpResponse:
        """Azure Resource Manager's errors have `error` as their only root, and always a body."""
        response = HttpResponse(
            identity_error_body(error), status=error.status, content_type="application/json"
        )
        if error.status == 401:
            response["WWW-Authenticate"] = ServiceAuthentication().authenticate_header(self.request)
        return response


class NamedObjectView(ManagementView, Generic[AnyModel]):
    """A view of one object of the resource, found by its name in any letter case."""

    model: type[AnyModel]
    # What error messages call the object.
    label: str

    def find(self, name: str) -> AnyModel | None:
        """The object with this name, if there is one."""
        objects = self.model._default_manager
        return objects.filter(resource=self.resource, name__iexact=name).first()

    def get_object(self, name: str) -> AnyModel:
        """The object with this name. Raises ChatError 404."""
        found = self.find(name)
        if found is None:
            raise _not_found(f"There is no {self.label} '{name[:100]}'.")
        return found


def deletion_response(existed: bool) -> HttpResponse:
    """The response to DELETE: 200, or 204 if there was nothing to delete."""
    return empty_response(200 if existed else 204)


def apply_patch(current: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """An object's JSON with the members of a PATCH body; `properties` are merged, too.

    Raises ChatError 400.
    """
    properties = read_object(patch.get("properties") or {}, "properties")
    return {**current, **patch, "properties": {**current["properties"], **properties}}


def _check_api_version(version: str) -> None:
    if not version:
        raise ChatError(
            400,
            "MissingApiVersionParameter",
            "The query parameter api-version is required, for example ?api-version=2025-02-15.",
        )
    if _API_VERSION.fullmatch(version) is None:
        raise ChatError(
            400,
            "InvalidApiVersionParameter",
            f"The api-version '{version[:40]}' is not a date such as 2025-02-15.",
        )


def _check_path(path: str, parts: Mapping[str, str]) -> None:
    for part in parts.values():
        if _CONTROL_CHARACTER.search(part) or len(part) > MAX_PATH_PART:
            raise bad_request(
                f"{path[:100]!r} is not a valid resource path: a part of it has control "
                f"characters or more than {MAX_PATH_PART} characters."
            )


def _check_resource_name(name: str | None, resource: Resource) -> None:
    if name is not None and name.lower() != resource.name.lower():
        raise _not_found(
            f"The resource at this host is called '{resource.name}', not '{name[:100]}'."
        )


def _not_found(message: str) -> ChatError:
    return ChatError(404, "ResourceNotFound", message)
