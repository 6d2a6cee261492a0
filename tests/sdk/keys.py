"""The operator's side of access keys: what the admin does, done from the command line."""

from __future__ import annotations

from tests.server import Server


def secondary_key(server: Server) -> str:
    """The secondary access key of the default resource."""
    return _print(server, "resource.secondary_key")


def regenerate_secondary_key(server: Server) -> str:
    """Replace the secondary access key of the default resource; returns the new one."""
    return _print(server, "regenerate_key(resource=resource, key_type='secondary').secondary_key")


def with_key(server: Server, access_key: str) -> str:
    """The server's connection string with another access key."""
    endpoint, _, _ = server.connection_string.partition(";")
    return f"{endpoint};accesskey={access_key}"


def _print(server: Server, expression: str) -> str:
    program = (
        "from identity.services import ensure_default_resource, regenerate_key\n"
        "resource = ensure_default_resource()\n"
        f"print({expression})"
    )
    return server.manage("shell", "--verbosity", "0", "-c", program).strip()
