"""Bearer tokens of services: static ones, those of an OpenID issuer, and a user's own."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from identity.models import Resource
from tests.cast import Person
from tests.service import error_of

TARGET = "/identities?api-version=2023-10-01"


def create_identity(token: str) -> Any:
    return Client().generic("POST", TARGET, headers={"authorization": f"Bearer {token}"})


def test_a_service_token_of_the_settings_opens(resource: Resource, settings: Any) -> None:
    settings.CHATSITE_SERVICE_TOKENS = ["first", "second"]
    assert create_identity("second").status_code == 201
    assert error_of(create_identity("third")) == (401, "Unauthorized")
    assert error_of(create_identity("")) == (401, "Unauthorized")


def test_a_service_token_opens_the_default_resource_only(
    other_resource: Resource, settings: Any
) -> None:
    settings.CHATSITE_SERVICE_TOKENS = ["first"]
    headers = {"authorization": "Bearer first", "host": "other.localhost"}
    answer = Client().generic("POST", TARGET, headers=headers)
    assert error_of(answer) == (401, "Unauthorized")


def test_a_user_token_is_told_that_it_is_not_for_this(resource: Resource, alice: Person) -> None:
    assert error_of(create_identity(alice.token)) == (403, "Forbidden")


def test_a_service_token_does_not_chat(alice: Person, settings: Any) -> None:
    settings.CHATSITE_SERVICE_TOKENS = ["first"]
    alice.token = "first"
    assert alice.get("/chat/threads").status_code == 401


class Issuer:
    """An OpenID issuer that publishes its keys on loopback."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        self.document = json.dumps({"keys": [{**jwk, "kid": "k1", "use": "sig"}]}).encode()
        self.asked = 0
        issuer = self

        class Keys(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked += 1
                self.send_response(200)
                self.end_headers()
                self.wfile.write(issuer.document)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.jwks_url = f"http://127.0.0.1:{self.server.server_port}/keys"

    def token(self, *, key: Any = None, **claims: Any) -> str:
        payload = {"iss": "https://id.example", "aud": "chat", "exp": time.time() + 60, "sub": "s"}
        return jwt.encode(
            {**payload, **claims}, key or self.key, algorithm="RS256", headers={"kid": "k1"}
        )


@pytest.fixture
def issuer(settings: Any) -> Iterator[Issuer]:
    made = Issuer()
    settings.CHATSITE_OIDC_ISSUER = "https://id.example"
    settings.CHATSITE_OIDC_AUDIENCE = "chat"
    settings.CHATSITE_OIDC_JWKS_URL = made.jwks_url
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_token_of_the_issuer_opens(resource: Resource, issuer: Issuer) -> None:
    assert create_identity(issuer.token()).status_code == 201


@pytest.mark.parametrize(
    "claims",
    [{"iss": "https://evil.example"}, {"aud": "other"}, {"exp": time.time() - 5}, {"exp": None}],
)
def test_a_token_for_something_else_does_not(
    resource: Resource, issuer: Issuer, claims: dict[str, Any]
) -> None:
    assert create_identity(issuer.token(**claims)).status_code == 401


def test_a_token_of_another_key_does_not(resource: Resource, issuer: Issuer) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert create_identity(issuer.token(key=other)).status_code == 401


def test_without_an_issuer_nobodys_token_opens(
    resource: Resource, issuer: Issuer, settings: Any
) -> None:
    settings.CHATSITE_OIDC_ISSUER = ""
    assert create_identity(issuer.token()).status_code == 401


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b'{"keys": 5}', b'{"keys": [{}]}'])
def test_an_issuer_that_publishes_nonsense_is_no_failure_of_ours(
    resource: Resource, issuer: Issuer, answer: bytes
) -> None:
    issuer.document = answer
    assert create_identity(issuer.token()).status_code == 401


def test_an_issuer_that_does_not_answer_is_left_alone_for_a_while(
    resource: Resource, issuer: Issuer, settings: Any
) -> None:
    issuer.server.shutdown()
    issuer.server.server_close()
    assert create_identity(issuer.token()).status_code == 401
    began = time.perf_counter()
    for _ in range(20):
        assert create_identity(issuer.token()).status_code == 401
    assert time.perf_counter() - began < 5


def test_an_issuer_is_not_asked_about_tokens_that_it_did_not_issue(
    resource: Resource, issuer: Issuer, alice: Person
) -> None:
    for token in (alice.token, "x", "a.b.c", issuer.token(iss="https://evil.example")):
        create_identity(token)
    assert issuer.asked == 0
