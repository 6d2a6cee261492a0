"""Users who act over REST while browsers watch; synchronous, as Playwright's API is."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import dataclass
from typing import Any

from load_testing.clients import VERSION, Site
from load_testing.signing import signed_headers


@dataclass(frozen=True)
class User:
    """A user of a site."""

    name: str
    id: str
    token: str
    site: Site

    @property
    def identifier(self) -> dict[str, Any]:
        """The user as an identifier in request bodies."""
        return {"communicationUser": {"id": self.id}}

    @property
    def participant(self) -> dict[str, Any]:
        """The user as a participant in request bodies."""
        return {"communicationIdentifier": self.identifier, "displayName": self.name}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the response. Raises HTTPError unless the request succeeds."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        return _ask(self.site, method, f"{path}?api-version={VERSION}", body, headers)

    def create_thread(self, *others: User, **members: Any) -> str:
        """Create a thread. Returns its path."""
        people = [{**self.participant}, *(other.participant for other in others)]
        body = {"topic": "Lunch", "participants": people, **members}
        return f"/chat/threads/{self.ask('POST', '/chat/threads', body)['chatThread']['id']}"

    def send(self, thread: str, content: str, **members: Any) -> str:
        """Send a message. Returns its ID."""
        body = {"content": content, "senderDisplayName": self.name, **members}
        return str(self.ask("POST", f"{thread}/messages", body)["id"])


def new_user(site: Site, name: str) -> User:
    """Create a user with a token."""
    body = {"createTokenWithScopes": ["chat"]}
    target = "/identities?api-version=2023-10-01"
    content = json.dumps(body).encode()
    headers = signed_headers("POST", target, content, site.access_key, host=site.host)
    headers["content-type"] = "application/json"
    made = _ask(site, "POST", target, body, headers)
    return User(name, made["identity"]["id"], made["accessToken"]["token"], site)


def revoke(site: Site, user: User) -> None:
    """Revoke the tokens of a user."""
    target = f"/identities/{user.id}/:revokeAccessTokens?api-version=2023-10-01"
    headers = signed_headers("POST", target, b"", site.access_key, host=site.host)
    _ask(site, "POST", target, None, headers)


def _ask(site: Site, method: str, target: str, body: Any, headers: dict[str, str]) -> Any:
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(
        site.url + target, data=content, headers=headers, method=method
    )
    trust = site.trust or ssl.create_default_context()
    with urllib.request.urlopen(request, timeout=30, context=trust) as answer:
        text = answer.read()
    return json.loads(text) if text else None
