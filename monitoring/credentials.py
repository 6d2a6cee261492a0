"""Metrics about credentials: tokens issued and authentication failures."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from monitoring.answered_requests import ApiOperation
from monitoring.collector import Dimensions

# The body member that lists the token's scopes, by operation (identity contract 1).
_SCOPES = {"CreateIdentity": "createTokenWithScopes", "CreateToken": "scopes"}


def found_in(
    request: HttpRequest, operation: ApiOperation, status: int
) -> Iterator[tuple[str, Dimensions]]:
    """Metric and dimensions of additional samples for a request; usually none."""
    if status == 401:
        reason = "Invalid" if request.META.get("HTTP_AUTHORIZATION") else "Missing"
        yield "AuthenticationFailures", (("Reason", reason),)
    elif status < 300 and operation.name in _SCOPES:
        for scope in _scopes(request.body, _SCOPES[operation.name]):
            yield "AccessTokensIssued", (("Scope", scope),)


def _scopes(body: bytes, member: str) -> list[str]:
    """The scopes of the issued token; unknown scopes have been refused before."""
    given: Any = json.loads(body or b"{}")
    return sorted(set(given.get(member) or []))
