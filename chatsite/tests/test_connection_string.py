"""`manage.py connection_string`: one line that every SDK takes."""

from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from chatsite import development
from identity.models import Resource
from identity.services import ensure_default_resource, regenerate_key
from load_testing.servers import clean_environment
from tests.server import manage, run_manage


def printed(*arguments: str) -> str:
    """What the command prints on the tests' own database."""
    output = StringIO()
    call_command("connection_string", *arguments, stdout=output)
    return output.getvalue()


def test_it_is_known_before_the_first_start(tmp_path: Path) -> None:
    printed = manage(clean_environment(tmp_path), "connection_string")
    assert printed == f"endpoint=https://localhost:8443/;accesskey={development.ACCESS_KEY}\n"


def test_it_follows_port_public_address_and_key(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, CHATSITE_TLS_PORT="9443")
    local = manage(environment, "connection_string")
    assert local.startswith("endpoint=https://localhost:9443/;")
    environment["CHATSITE_PUBLIC_URL"] = "https://chat.example.org"
    environment["CHATSITE_ACCESS_KEY"] = "b3duIGtleSBvZiAzMiBieXRlcyBpbiBiYXNlNjQgISE="
    assert manage(environment, "connection_string") == (
        "endpoint=https://chat.example.org/;"
        "accesskey=b3duIGtleSBvZiAzMiBieXRlcyBpbiBiYXNlNjQgISE=\n"
    )


@pytest.mark.django_db
def test_it_shows_the_keys_that_the_database_holds() -> None:
    resource = ensure_default_resource()
    old = resource.primary_key
    regenerate_key(resource=resource, key_type="primary")
    assert resource.primary_key != old
    assert printed().endswith(f";accesskey={resource.primary_key}\n")
    assert printed("--secondary").endswith(f";accesskey={resource.secondary_key}\n")


@pytest.mark.django_db
def test_a_resource_with_a_host_name_has_its_own_endpoint() -> None:
    key = Resource.objects.create(name="blue", hostname="blue.localhost").primary_key
    line = f"endpoint=https://blue.localhost:{settings.CHATSITE_TLS_PORT}/;accesskey={key}\n"
    assert printed("--resource", "blue") == line


@pytest.mark.django_db
def test_an_unknown_resource_is_an_error() -> None:
    ensure_default_resource()
    with pytest.raises(CommandError, match="There is no resource 'red'"):
        printed("--resource", "red")


def test_before_the_first_start_there_are_no_resources(tmp_path: Path) -> None:
    finished = run_manage(clean_environment(tmp_path), "connection_string", "--resource", "red")
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "There are no resources yet" in finished.stderr
