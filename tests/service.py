"""An application's server, which signs its requests with an access key as the SDKs do."""

import json
from typing import Any

from django.test import Client

from identity.models import Resource
from load_testing.signing import signed_headers

VERSION = "2023-10-01"


def call(
    resource: Resource,
    method: str,
    path: str,
    body: Any = None,
    *,
    key: str | None = None,
    version: str = VERSION,
    host: str = "testserver",
    **headers: str,
) -> Any:
    """The answer to a request signed with `key` (default: the resource's primary one)."""
    content = b"" if body is None else json.dumps(body).encode()
    target = f"{path}?api-version={version}"
    signed = signed_headers(method, target, content, key or resource.primary_key, host=host)
    return Client().generic(
        method,
        target,
        content,
        content_type="application/json",
        headers={**signed, **headers},
    )


def error_of(answer: Any) -> tuple[int, str]:
    """Status and code of an identity error; asserts its form."""
    body = answer.json()
    assert list(body) == ["error"]
    assert body["error"]["message"]
    return answer.status_code, body["error"]["code"]
