"""Bodies over the limit are rejected before routing, in the error format of the path."""

import json
import urllib.error
import urllib.request

import pytest

from tests.server import Server


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/translate?api-version=3.0&to=es", 413000),
        ("/cognitive/language/:analyze-text?api-version=2023-04-01", "RequestEntityTooLarge"),
    ],
)
def test_a_body_over_the_limit(server: Server, path: str, code: int | str) -> None:
    body = b"[" + b" " * (1024 * 1024) + b"]"
    request = urllib.request.Request(f"{server.http_url}{path}", body)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=30)
    assert refused.value.code == 413
    assert json.loads(refused.value.read())["error"]["code"] == code
