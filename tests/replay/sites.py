"""The two ways to reach this server: inside the test's process, and over a TLS connection."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.test import Client

from identity.models import CommunicationUser
from identity.services import create_user, ensure_default_resource, issue_access_token
from load_testing.signing import signed_headers
from tests.server import Server

from .compare import Answer

IDENTITY_VERSION = "2023-10-01"


class Site(Protocol):
    """A server that can make users and answer requests."""

    def new_user(self) -> str:
        """The raw id of a fresh user."""
        ...

    def token(self, raw_id: str) -> str:
        """An access token of a user, with the scope `chat`."""
        ...

    def request(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The answer to one request; `url` is path and query, sent as it is."""
        ...


class InProcess:
    """The routes, called by Django's test client in the test's own transaction."""

    def __init__(self) -> None:
        self._resource = ensure_default_resource()
        self._client = Client()

    def new_user(self) -> str:
        """A user of the default resource."""
        return create_user(resource=self._resource).raw_id

    def token(self, raw_id: str) -> str:
        """Issued by the service function."""
        user = CommunicationUser.objects.get(raw_id=raw_id)
        return issue_access_token(user=user, scopes=["chat"]).token

    def request(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One call of the test client, as if over https."""
        sent = dict(headers)
        content_type = sent.pop("content-type", "application/octet-stream")
        response = self._client.generic(method, url, body, content_type, secure=True, headers=sent)
        names = {name.lower(): value for name, value in response.items()}
        return Answer(response.status_code, names, response.content)


class OverTheWire:
    """A server process, reached over one TLS connection that is kept open."""

    def __init__(self, server: Server) -> None:
        address = urlsplit(server.https_url)
        self._host = address.netloc
        self._key = server.connection_string.partition("accesskey=")[2]
        self._connection = http.client.HTTPSConnection(self._host, context=server.trust())

    def new_user(self) -> str:
        """Made with the access key, as an application's own server does."""
        return str(self._identity("/identities", {})["identity"]["id"])

    def token(self, raw_id: str) -> str:
        """Issued with the access key."""
        path = f"/identities/{raw_id}/:issueAccessToken"
        return str(self._identity(path, {"scopes": ["chat"]})["token"])

    def request(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """One request, byte for byte."""
        self._connection.request(method, url, body or None, dict(headers))
        response = self._connection.getresponse()
        names = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, names, response.read())

    def _identity(self, path: str, content: dict[str, Any]) -> Any:
        target = f"{path}?api-version={IDENTITY_VERSION}"
        body = json.dumps(content).encode()
        headers = signed_headers("POST", target, body, self._key, host=self._host)
        answer = self.request("POST", target, body, headers | {"content-type": "application/json"})
        assert answer.status in (200, 201), answer
        return answer.json()
