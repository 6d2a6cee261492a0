"""What holds for every route of the API: prefixes, methods, headers, CORS, hosts."""

from typing import Any

import pytest
from django.test import Client

from identity.models import Resource
from load_testing.signing import signed_headers
from tests import service
from tests.cast import Person, error_of


def test_answers_carry_the_headers_of_the_real_service(alice: Person) -> None:
    thread = alice.create_thread()
    for answer in (alice.get(thread), alice.get("/chat/threads/x"), alice.post(f"{thread}/typing")):
        assert answer["date"].endswith(" GMT")
        assert len(answer["ms-cv"]) == 24 and answer["ms-cv"].endswith(".0")
        assert answer["x-processing-time"].endswith("ms")
        assert "2025-03-15" in answer["api-supported-versions"]
        # It would make browsers refuse the plain http of a development server.
        assert "strict-transport-security" not in answer


def test_json_is_compact_and_errors_are_indented(alice: Person) -> None:
    answer = alice.get("/chat/threads")
    assert answer["content-type"] == "application/json; charset=utf-8"
    assert answer.content == b'{"value":[]}'
    error = alice.get("/chat/threads/x")
    assert error["content-type"] == "application/json"
    assert error.content.startswith(b'{\r\n  "CommunicationError": {\r\n    "Code": "NotFound"')


def test_what_is_no_operation_is_not_found_in_the_protocols_shape(db: None) -> None:
    answer = Client().get("/chat/threads/19:a@thread.v2/nothing")
    assert error_of(answer)[:2] == (404, "NotFound")
    for path in ("/identities/a/b/c", "/teamsUser/x"):
        assert service.error_of(Client().get(path)) == (404, "NotFound")


@pytest.mark.parametrize("path", ["/identities-admin", "/chat/threads-old", "/chat/threadsx/"])
def test_a_page_whose_name_only_begins_like_a_route_is_a_page(path: str, db: None) -> None:
    answer = Client().get(path)
    assert answer.status_code == 404
    assert "Content-Security-Policy" in answer


def test_in_production_a_token_over_plain_http_is_refused(alice: Person, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert error_of(alice.get("/chat/threads"))[:2] == (403, "Forbidden")
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert alice.get("/chat/threads", headers={"x-forwarded-proto": "https"}).status_code == 200


def test_each_data_plane_tells_its_own_versions(alice: Person, resource: Resource) -> None:
    listed = service.call(resource, "POST", "/identities")["api-supported-versions"]
    assert service.VERSION in listed.split(", ")
    assert service.VERSION not in alice.get("/chat/threads")["api-supported-versions"]


def test_another_method_is_not_allowed(alice: Person) -> None:
    thread = alice.create_thread()
    for method, path in (("PUT", "/chat/threads"), ("DELETE", f"{thread}/messages")):
        answer = alice.request(method, path)
        assert error_of(answer)[:2] == (405, "MethodNotAllowed")
        assert {"GET", "POST"} <= set(answer["Allow"].split(", "))


def test_api_routes_set_no_cookie_and_know_no_session(alice: Person) -> None:
    answer = alice.get("/chat/threads")
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer


def test_a_browser_on_another_origin_may_ask(alice: Person) -> None:
    preflight = Client().options(
        "/chat/threads?api-version=2025-03-15",
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type,"
            "repeatability-request-id,x-ms-client-request-id,x-ms-useragent",
        },
    )
    assert preflight.status_code == 200
    assert preflight["access-control-allow-origin"] == "*"
    allowed = preflight["access-control-allow-headers"].lower()
    for name in ("authorization", "repeatability-request-id", "x-ms-useragent"):
        assert name in allowed
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert method in preflight["access-control-allow-methods"]


@pytest.mark.parametrize("token", ["", "x"])
def test_a_browser_may_read_errors_too(alice: Person, token: str) -> None:
    origin = {"origin": "https://app.example"}
    ok = alice.get("/chat/threads", headers=origin)
    missing = alice.get("/chat/threads/x", headers=origin)
    alice.token = token
    refused = alice.get("/chat/threads", headers=origin)
    assert [a.status_code for a in (ok, missing, refused)] == [200, 404, 401]
    for answer in (ok, missing, refused):
        assert answer["access-control-allow-origin"] == "*"
        assert "location" in answer["access-control-expose-headers"].lower()


def test_links_lead_to_the_host_that_the_client_used(alice: Person) -> None:
    alice.host = "localhost:8443"
    answer = alice.post("/chat/threads", {"topic": "t"})
    assert answer["Location"].startswith("http://localhost:8443/chat/threads/")
    thread = f"/chat/threads/{answer.json()['chatThread']['id']}"
    link = alice.get(f"{thread}/messages", "maxPageSize=1").json()["nextLink"]
    assert link.startswith(f"http://localhost:8443{thread}/messages?")


def test_behind_a_trusted_proxy_links_lead_to_the_hosts_public_name(
    alice: Person, settings: Any
) -> None:
    forwarded = {"x-forwarded-host": "localhost:9443", "x-forwarded-proto": "https"}
    alice.host = "127.0.0.1:8000"
    assert alice.post("/chat/threads", {"topic": "t"}, headers=forwarded)["Location"].startswith(
        "http://127.0.0.1:8000/"
    )
    settings.USE_X_FORWARDED_HOST = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answer = alice.post("/chat/threads", {"topic": "t"}, headers=forwarded)
    assert answer["Location"].startswith("https://localhost:9443/chat/threads/")


def test_behind_a_trusted_proxy_the_public_name_may_be_what_was_signed(
    resource: Resource, settings: Any
) -> None:
    target = f"/identities?api-version={service.VERSION}"
    signed = signed_headers("POST", target, b"", resource.primary_key, host="localhost:9443")
    headers = {**signed, "host": "127.0.0.1:8000", "x-forwarded-host": "localhost:9443"}
    assert Client().generic("POST", target, headers=headers).status_code == 401
    settings.CHATSITE_TRUST_PROXY = settings.USE_X_FORWARDED_HOST = True
    assert Client().generic("POST", target, headers=headers).status_code == 201


def test_a_host_that_is_not_ours_is_refused_in_the_protocols_shape(alice: Person) -> None:
    alice.host = "evil.example"
    assert error_of(alice.get("/chat/threads"))[:2] == (400, "BadRequest")


def test_slashes_too_many_are_forgiven(alice: Person) -> None:
    # SDKs make them of an endpoint that ends in a slash. Django's client would read a host.
    answer = alice.client.get(
        "/chat/threads?api-version=2025-03-15",
        headers={"authorization": f"Bearer {alice.token}"},
        PATH_INFO="//chat/threads",
    )
    assert answer.status_code == 200
