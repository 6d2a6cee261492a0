"""What a newcomer needs to know, printed when the server is ready."""

from pathlib import Path

from django.conf import settings
from django.urls import reverse

from chatsite import development
from chatsite.preparation import OPERATOR
from identity.models import Resource


def page(*, resource: Resource, ca: Path | None, password: str) -> str:
    """The text. `ca` is None without a certificate of our own, `password` empty if not new."""
    lines = [*_addresses(), "", *_connection(resource)]
    if ca:
        lines += ["", *_trust(ca)]
    lines += ["", *_operator(password), "", *_notes(resource)]
    return "\n".join(["", *lines]).rstrip() + "\n"


def endpoint() -> str:
    """The public address of this server, as clients are to be given it."""
    return settings.CHATSITE_PUBLIC_URL.rstrip("/") + "/"


def _addresses() -> list[str]:
    lines = [
        "chatsite is ready.",
        "",
        f"  API        {endpoint()}",
        f"  Admin      {_page('admin:index')}",
    ]
    lines.append(f"  Chat page  {_page('chat-page')}")
    if not settings.PRODUCTION:
        # Browsers know nothing of our certificate authority; on the machine itself http will do.
        plain = f"http://localhost:{settings.CHATSITE_PORT}{reverse('chat-page')}"
        lines.append(f"             {plain} (in a browser on this machine)")
    return lines


def _page(name: str) -> str:
    return endpoint().rstrip("/") + reverse(name)


def _connection(resource: Resource) -> list[str]:
    if settings.PRODUCTION:
        # Logs are kept; `manage.py connection_string` prints the key for whoever may run it.
        return ["Connection string: run `manage.py connection_string`."]
    lines = ["Connection string, for every SDK:", f"  {resource.connection_string(endpoint())}"]
    if resource.primary_key == development.ACCESS_KEY:
        lines += [
            "",
            "  ! DEVELOPMENT MODE: this access key is public knowledge, the same on every",
            "  ! development server. Never let strangers reach this server.",
        ]
    return lines


def _trust(ca: Path) -> list[str]:
    return [
        "The SDKs insist on https. Let them trust this server's own certificate authority,",
        f"  {ca}",
        "with one line before your application starts:",
        f"  Python (sync)      export REQUESTS_CA_BUNDLE={ca}",
        f"  Python (aio)       export SSL_CERT_FILE={ca}",
        f"  Node               export NODE_EXTRA_CA_CERTS={ca}",
    ]


def _operator(password: str) -> list[str]:
    if not password:
        return ["Operator login: `make admin` creates one or sets a new password."]
    return [
        "Operator login for the admin, shown this once (`make admin` sets a new password):",
        f"  user name  {OPERATOR}",
        f"  password   {password}",
    ]


def _notes(resource: Resource) -> list[str]:
    if not settings.PRODUCTION:
        return ["Press Ctrl-C to stop."]
    if settings.CHATSITE_TRUST_PROXY or settings.CHATSITE_TLS_CERT:
        return []
    return [
        "Browsers that ask by plain http are sent to https. Behind a proxy that ends TLS, set",
        "CHATSITE_TRUST_PROXY=1, or they are sent in a circle.",
    ]
