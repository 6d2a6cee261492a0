"""The HMAC scheme: what is signed, by whom, and when."""

import json
from email.utils import formatdate
from typing import Any

import pytest
from django.test import Client

from identity import signatures
from identity.models import Resource
from load_testing.signing import signed_headers
from tests.service import call, error_of

# Made with the policy of the official Python SDK.
KEY = "bG9jYWwtdGVzdC1rZXktMDEyMzQ1Njc4OWFiY2RlZjA="
TARGET = "/identities/8%3Aacs%3Aaaaa_bbbb/:issueAccessToken?api-version=2023-10-01"
BODY = b'{"scopes": ["chat"]}'
DATE = "Mon, 23 Nov 2026 06:00:00 GMT"
HASH = "sZHRO4JkAmw3HcI1PyxrC5twHvkHIWjyMLVIkauXKRA="
SIGNATURE = "u+KoPK3ItMNR06Rd9ywM9O09XR9KiQgNSXwrsT456Hk="


def test_our_signature_is_the_sdks() -> None:
    assert signatures.content_hash(BODY) == HASH
    assert signatures.sign(KEY, f"POST\n{TARGET}\n{DATE};localhost:8443;{HASH}") == SIGNATURE


def verify(**changes: Any) -> str | None:
    given: dict[str, Any] = {
        "method": "POST",
        "targets": [TARGET],
        "hosts": ["localhost:8443"],
        "headers": {"x-ms-date": DATE, "x-ms-content-sha256": HASH, "host": "localhost:8443"},
        "body": BODY,
        "keys": {"other": "AAAA", "k": KEY},
        "now": 1795413600.0,
        **changes,
    }
    return signatures.verify(
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
        f"&Signature={given.pop('signature', SIGNATURE)}",
        **given,
    )


def test_the_sdks_signature_names_the_key() -> None:
    assert verify() == "k"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"},
        {"targets": [TARGET + "&a=b"]},
        {"hosts": ["elsewhere"]},
        {"body": b"{}"},
        {"keys": {"k": "AAAA"}},
        {"signature": SIGNATURE[:-2] + "A="},
        {"signature": "ä"},
        {"now": 1795413600.0 + 901},
        {"now": 1795413600.0 - 901},
        {"headers": {"x-ms-date": "yesterday", "x-ms-content-sha256": HASH}},
        {"headers": {"x-ms-date": DATE, "x-ms-content-sha256": "ä"}},
    ],
)
def test_whatever_was_changed_is_noticed(change: dict[str, Any]) -> None:
    assert verify(**change) is None


def test_the_clock_may_be_off_by_a_quarter_of_an_hour() -> None:
    assert verify(now=1795413600.0 + 899) == "k"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "HMAC-SHA256",
        "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256",
        f"HMAC-SHA256 SignedHeaders=x-ms-date;host&Signature={SIGNATURE}",
        f"HMAC-SHA256 SignedHeaders=host;x-ms-content-sha256&Signature={SIGNATURE}",
        f"HMAC-SHA1 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={SIGNATURE}",
    ],
)
def test_an_incomplete_header_is_no_signature(resource: Resource, authorization: str) -> None:
    answer = call(resource, "POST", "/identities", authorization=authorization)
    assert error_of(answer) == (401, "Unauthorized")
    assert answer["WWW-Authenticate"] == "HMAC-SHA256"


def test_either_key_opens_and_a_wrong_one_does_not(resource: Resource) -> None:
    for key in (resource.primary_key, resource.secondary_key):
        assert call(resource, "POST", "/identities", key=key).status_code == 201
    assert call(resource, "POST", "/identities", key=KEY).status_code == 401


@pytest.mark.parametrize("signed", ["localhost", "localhost/", "localhost:8443", "localhost:8443/"])
def test_hosts_are_signed_in_the_sdks_spellings(resource: Resource, signed: str) -> None:
    target = "/identities?api-version=2023-10-01"
    headers = signed_headers("POST", target, b"", resource.primary_key, host=signed)
    answer = Client().generic("POST", target, headers={**headers, "host": "localhost:8443"})
    assert answer.status_code == 201


@pytest.mark.parametrize("signed", ["%3A", ":"])
def test_paths_are_signed_as_written(resource: Resource, alice: Any, signed: str) -> None:
    path = f"/identities/{alice.id.replace(':', signed)}/:issueAccessToken"
    target = f"{path}?api-version=2023-10-01"
    body = json.dumps({"scopes": ["chat"]}).encode()
    headers = signed_headers("POST", target, body, resource.primary_key)
    answer = Client().generic("POST", target, body, "application/json", headers=headers)
    assert answer.status_code == 200


def test_a_date_header_may_stand_for_x_ms_date(resource: Resource) -> None:
    date = formatdate(usegmt=True)
    content_hash = signatures.content_hash(b"")
    target = "/identities?api-version=2023-10-01"
    text = f"POST\n{target}\n{date};testserver;{content_hash}"
    signature = signatures.sign(resource.primary_key, text)
    answer = Client().generic(
        "POST",
        target,
        headers={
            "host": "testserver",
            "date": date,
            "x-ms-content-sha256": content_hash,
            "authorization": "HMAC-SHA256 SignedHeaders=date;host;x-ms-content-sha256"
            f"&Signature={signature}",
        },
    )
    assert answer.status_code == 201
