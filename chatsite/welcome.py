"""The text that is printed when the server is ready."""

from pathlib import Path

from django.conf import settings

from chatsite import development
from chatsite.preparation import OPERATOR
from identity.models import Resource


def page(*, resource: Resource, ca: Path | None, password: str) -> str:
    """The text. `ca` is None without a development certificate, `password` empty if not new."""
    lines = [*_addresses(), "", *_connection(resource)]
    if ca:
        lines += ["", *_trust(ca)]
    lines += ["", *_operator(password), "", *_notes(resource)]
    return "\n".join(["", *lines]).rstrip() + "\n"


def endpoint() -> str:
    """The public URL of this server, for clients."""
    return settings.CHATSITE_PUBLIC_URL.rstrip("/") + "/"


def _addresses() -> list[str]:
    # The paths are not reversed, because that would import the admin and every view.
    lines = [
        "chatsite is ready.",
        "",
        f"  API        {endpoint()}",
        f"  Admin      {endpoint()}admin/",
    ]
    lines.append(f"  Chat page  {endpoint()}chat/")
    if not settings.PRODUCTION:
        # Browsers do not trust the development CA; on the same machine plain HTTP is enough.
        plain = f"http://localhost:{settings.CHATSITE_PORT}/chat/"
        lines.append(f"             {plain} (in a browser on this machine)")
    return lines


def _connection(resource: Resource) -> list[str]:
    if settings.PRODUCTION:
        # Without the key, because logs are stored.
        return ["Connection string: run `manage.py connection_string`."]
    lines = ["Connection string for the SDKs:", f"  {resource.connection_string(endpoint())}"]
    if resource.primary_key == development.ACCESS_KEY:
        lines += [
            "",
            "  ! DEVELOPMENT MODE: this access key is public and the same on every development",
            "  ! server. Do not make this server reachable from untrusted networks.",
        ]
    return lines


def _trust(ca: Path) -> list[str]:
    return [
        "The SDKs require HTTPS. Make them trust this server's certificate authority,",
        f"  {ca}",
        "by setting an environment variable before you start your application:",
        f"  Python (sync)      export REQUESTS_CA_BUNDLE={ca}",
        f"  Python (aio)       export SSL_CERT_FILE={ca}",
        f"  Node               export NODE_EXTRA_CA_CERTS={ca}",
    ]


def _operator(password: str) -> list[str]:
    if not password:
        return ["Operator account: `make admin` creates one or sets a new password."]
    return [
        "Operator account for the admin, shown only once (`make admin` sets a new password):",
        f"  username  {OPERATOR}",
        f"  password  {password}",
    ]


def _notes(resource: Resource) -> list[str]:
    if not settings.PRODUCTION:
        return ["Press Ctrl-C to stop."]
    if settings.CHATSITE_TRUST_PROXY or settings.CHATSITE_TLS_CERT:
        return []
    return [
        "Browsers are redirected from HTTP to HTTPS. Behind a proxy that terminates TLS, set",
        "CHATSITE_TRUST_PROXY=1, or the redirects never end.",
    ]
