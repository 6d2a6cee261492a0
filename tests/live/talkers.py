"""People who act over REST while browsers watch; synchronous, as Playwright's own interface is."""

from __future__ import annotations

import json
import ssl
import urllib.request
from dataclasses import dataclass
from typing import Any

from load_testing.clients import VERSION, Site
from load_testing.signing import signed_headers


@dataclass(frozen=True)
class Talker:
    """A user of a site."""

    name: str
    id: str
    token: str
    site: Site

    @property
    def identifier(self) -> dict[str, Any]:
        """As requests name a user."""
        return {"communicationUser": {"id": self.id}}

    @property
    def participant(self) -> dict[str, Any]:
        """As requests name a participant."""
        return {"communicationIdentifier": self.identifier, "displayName": self.name}

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of the answer, which must be a success."""
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        return _ask(self.site, method, f"{path}?api-version={VERSION}", body, headers)

    def create_thread(self, *others: Talker, **members: Any) -> str:
        """The path of a new thread."""
        people = [{**self.participant}, *(other.participant for other in others)]
        body = {"topic": "Lunch", "participants": people, **members}
        return f"/chat/threads/{self.ask('POST', '/chat/threads', body)['chatThread']['id']}"

    def send(self, thread: str, content: str, **members: Any) -> str:
        """The id of a new message."""
        body = {"content": content, "senderDisplayName": self.name, **members}
        return str(self.ask("POST", f"{thread}/messages", body)["id"])


def new_talker(site: Site, name: str) -> Talker:
    """A new user with a token."""
    body = {"createTokenWithScopes": ["chat"]}
    target = "/identities?api-version=2023-10-01"
    content = json.dumps(body).encode()
    headers = signed_headers("POST", target, content, site.access_key, host=site.host)
    headers["content-type"] = "application/json"
    made = _ask(site, "POST", target, body, headers)
    return Talker(name, made["identity"]["id"], made["accessToken"]["token"], site)


def revoke(site: Site, talker: Talker) -> None:
    """Kills the tokens of a user."""
    target = f"/identities/{talker.id}/:revokeAccessTokens?api-version=2023-10-01"
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
