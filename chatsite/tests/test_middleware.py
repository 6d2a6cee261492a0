"""What runs for the protocol's routes, and what for browser pages only."""

import pytest
from django.test import Client
from pytest_django import Settings

from identity.services import ensure_default_resource

API_ROUTES = [
    "/chat/threads",
    "/identities",
    "/teamsUser/:exchangeAccessToken",
    "/access/nothing",
    "/subscriptions/nothing",
    "/eventgrid/nothing",
]

# What the JS SDK sends from a page of another origin, besides what browsers always allow.
SDK_HEADERS = [
    "authorization",
    "content-type",
    "repeatability-first-sent",
    "repeatability-request-id",
    "x-ms-client-request-id",
    "x-ms-content-sha256",
    "x-ms-date",
    "x-ms-return-client-request-id",
    "x-ms-useragent",
]


@pytest.fixture(autouse=True)
def default_resource(db: None) -> None:
    """The rows that every server creates when it starts."""
    ensure_default_resource()


@pytest.fixture
def strict_client() -> Client:
    """A client that does not switch CSRF protection off."""
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize("path", API_ROUTES)
def test_an_api_route_knows_no_cookies_and_no_csrf(strict_client: Client, path: str) -> None:
    response = strict_client.post(path, data="{}", content_type="application/json")
    # Refused for its missing token (or for being no operation), not for a missing CSRF token.
    assert response.status_code in (401, 404)
    assert not response.cookies
    assert "Content-Security-Policy" not in response
    assert "X-Frame-Options" not in response


@pytest.mark.parametrize("path", API_ROUTES)
def test_an_api_route_over_plain_http_is_refused_in_production(
    client: Client, settings: Settings, path: str
) -> None:
    """A redirect would make the client send its token again."""
    settings.SECURE_SSL_REDIRECT = True
    response = client.post(path, data="{}", content_type="application/json")
    assert response.status_code == 403
    assert "requires HTTPS" in response.content.decode()


def test_an_api_route_is_not_redirected_to_an_added_slash(client: Client) -> None:
    assert client.get("/chat/threads/unknown/route").status_code == 404
    assert client.get("/identities").status_code == 401


def test_a_browser_page_is_redirected_to_an_added_slash(client: Client) -> None:
    response = client.get("/admin")
    assert (response.status_code, response["Location"]) == (301, "/admin/")


def test_an_endpoint_that_ends_in_a_slash_leads_to_the_same_routes(client: Client) -> None:
    # Only an absolute URL tells the client that //identities is a path and not a host.
    doubled = client.post("http://testserver//identities")
    assert doubled.json() == client.post("/identities").json()
    assert doubled.status_code == 401


@pytest.mark.parametrize("path", API_ROUTES)
def test_a_preflight_allows_all_that_the_sdks_send(client: Client, path: str) -> None:
    response = client.options(
        path,
        headers={
            "Origin": "https://app.example.org",
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": ",".join(SDK_HEADERS),
        },
    )
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert set(SDK_HEADERS) <= set(response["Access-Control-Allow-Headers"].split(", "))
    methods = response["Access-Control-Allow-Methods"].split(", ")
    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} <= set(methods)
    assert response["Access-Control-Max-Age"] == "3600"


@pytest.mark.parametrize("path", API_ROUTES)
def test_a_page_of_another_origin_can_read_an_error(client: Client, path: str) -> None:
    response = client.post(path, headers={"Origin": "https://app.example.org"})
    assert response.status_code >= 400
    assert response["Access-Control-Allow-Origin"] == "*"
    exposed = response["Access-Control-Expose-Headers"].split(", ")
    assert {"location", "ms-cv", "retry-after", "www-authenticate"} <= set(exposed)


def test_a_browser_page_is_closed_to_other_origins(client: Client) -> None:
    response = client.get("/admin/login/", headers={"Origin": "https://app.example.org"})
    assert response.status_code == 200
    assert "Access-Control-Allow-Origin" not in response


def test_a_browser_page_allows_its_own_scripts_only(client: Client) -> None:
    response = client.get("/admin/login/")
    policy = response["Content-Security-Policy"].split("; ")
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script>" not in response.content
    assert b" style=" not in response.content


def test_a_form_needs_its_csrf_token(strict_client: Client) -> None:
    response = strict_client.post("/admin/login/", {"username": "admin", "password": "guess"})
    assert response.status_code == 403


def test_a_host_that_is_not_ours_is_refused_in_the_manner_of_the_api(client: Client) -> None:
    response = client.post("/identities", headers={"Host": "evil.example.org"})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BadRequest"
