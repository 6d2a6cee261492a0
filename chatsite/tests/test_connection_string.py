"""`manage.py connection_string`: one line that every SDK takes."""

from pathlib import Path

from chatsite import development
from tests.server import clean_environment, manage, run_manage


def shell(environment: dict[str, str], code: str) -> str:
    return manage(environment, "shell", "--no-imports", "-c", code)


def test_it_is_known_before_the_first_start(tmp_path: Path) -> None:
    printed = manage(clean_environment(tmp_path), "connection_string")
    assert printed == f"endpoint=https://localhost:8443/;accesskey={development.ACCESS_KEY}\n"


def test_it_follows_port_public_address_and_key(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path, CHATSITE_TLS_PORT="9443")
    assert manage(environment, "connection_string").startswith("endpoint=https://localhost:9443/;")
    environment["CHATSITE_PUBLIC_URL"] = "https://chat.example.org"
    environment["CHATSITE_ACCESS_KEY"] = "b3duIGtleSBvZiAzMiBieXRlcyBpbiBiYXNlNjQgISE="
    assert manage(environment, "connection_string") == (
        "endpoint=https://chat.example.org/;"
        "accesskey=b3duIGtleSBvZiAzMiBieXRlcyBpbiBiYXNlNjQgISE=\n"
    )


def test_it_shows_the_keys_that_the_database_holds(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    manage(environment, "migrate", "--verbosity=0")
    keys = shell(
        environment,
        "from identity.services import ensure_default_resource, regenerate_key\n"
        "resource = ensure_default_resource()\n"
        "regenerate_key(resource=resource, key_type='primary')\n"
        "print(resource.primary_key, resource.secondary_key)",
    )
    primary, secondary = keys.split()
    assert primary != development.ACCESS_KEY
    assert manage(environment, "connection_string").strip().endswith(f";accesskey={primary}")
    printed = manage(environment, "connection_string", "--secondary")
    assert printed.strip().endswith(f";accesskey={secondary}")


def test_a_resource_with_a_host_name_has_its_own_endpoint(tmp_path: Path) -> None:
    environment = clean_environment(tmp_path)
    manage(environment, "migrate", "--verbosity=0")
    key = shell(
        environment,
        "from identity.models import Resource\n"
        "print(Resource.objects.create(name='blue', hostname='blue.localhost').primary_key)",
    ).strip()
    printed = manage(environment, "connection_string", "--resource", "blue")
    assert printed == f"endpoint=https://blue.localhost:8443/;accesskey={key}\n"


def test_a_resource_that_does_not_exist_is_named_as_such(tmp_path: Path) -> None:
    finished = run_manage(clean_environment(tmp_path), "connection_string", "--resource", "red")
    assert finished.returncode == 1
    assert finished.stdout == ""
    assert "There is no such resource yet" in finished.stderr
