"""System checks: settings that contradict each other are reported before the server starts.

A single invalid value is refused earlier, where it is read (`chatsite.environment`).
"""

import base64
import binascii
import ipaddress
import ssl
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from chatsite import development, environment
from chatsite.private_files import ensure_writable_folder
from wire.check_tags import SETTINGS_CHECKS

# Read by a command or by the tests, not by the settings.
_OTHER_NAMES = ("CHATSITE_ADMIN_", "CHATSITE_TEST_")


def _items(entries: Any) -> Iterable[str]:
    return list(entries)


# Iterating over a dict yields its keys.
_keys = _items


def _values(entries: Any) -> Iterable[str]:
    return list(entries.values())


def _values_of_each(entries: Any) -> Iterable[str]:
    return [path for inner in entries.values() for path in inner.values()]


def _single(entry: Any) -> Iterable[str]:
    return [entry]


# Settings that hold dotted paths, and where in their value the paths are.
_TABLES: dict[str, Callable[[Any], Iterable[str]]] = {
    "EVENT_RECORDERS": _items,
    "EVENT_SINKS": _items,
    "EVENT_AUDIENCE": _single,
    "THREAD_DETAILS": _values,
    "IDENTITY_DELETED_HANDLERS": _items,
    "SWEEPS": _keys,
    "METRIC_SINKS": _items,
    "WORKER_PARTS": _items,
    "ROUTES": _items,
    "COGNITIVE_PROVIDERS": _values_of_each,
}


@register(SETTINGS_CHECKS)
def check_names(**kwargs: Any) -> list[CheckMessage]:
    """A misspelled variable would be ignored silently."""
    unknown = [
        name
        for name in environment.given("CHATSITE_")
        if name not in environment.NAMES and not name.startswith(_OTHER_NAMES)
    ]
    hint = "docs/configuration.md lists every setting."
    return [Warning(f"Unknown setting {n}.", hint=hint, id="chatsite.W001") for n in unknown]


@register(SETTINGS_CHECKS)
def check_production(**kwargs: Any) -> list[CheckMessage]:
    """Settings that a production server requires, and settings that it must not have."""
    return list(_production_problems()) if settings.PRODUCTION else []


def _production_problems() -> Iterator[CheckMessage]:
    if not environment.given("CHATSITE_PUBLIC_URL"):
        yield Error("CHATSITE_ENV=production needs CHATSITE_PUBLIC_URL.", id="chatsite.E001")
    elif not settings.CHATSITE_PUBLIC_URL.startswith("https://"):
        yield Error(
            "CHATSITE_PUBLIC_URL must begin with https:// in production.",
            hint="The SDKs do not send tokens over HTTP.",
            id="chatsite.E002",
        )
    if settings.CHATSITE_ACCESS_KEY == development.ACCESS_KEY:
        yield Error(
            "CHATSITE_ACCESS_KEY is the development key, which is publicly known.",
            hint="Leave it unset: the first start generates a key.",
            id="chatsite.E003",
        )
    if settings.CHATSITE_DEMO:
        yield Error(
            "CHATSITE_DEMO is not allowed in production: anyone could sign in without a password.",
            id="chatsite.E020",
        )
    if any(len(token) < 32 for token in settings.CHATSITE_SERVICE_TOKENS):
        yield Error(
            "A token in CHATSITE_SERVICE_TOKENS is shorter than 32 characters.", id="chatsite.E004"
        )


@register(SETTINGS_CHECKS)
def check_addresses(**kwargs: Any) -> list[CheckMessage]:
    """The public URL must match where the server listens and what the SDKs accept."""
    problems: list[CheckMessage] = []
    public = urlsplit(settings.CHATSITE_PUBLIC_URL)
    if public.path not in ("", "/") or public.query or public.fragment:
        problems.append(
            Error(
                "CHATSITE_PUBLIC_URL must not have a path, query or fragment.",
                hint="The SDKs refuse an endpoint with a path.",
                id="chatsite.E005",
            )
        )
    if public.scheme == "http" and not settings.PRODUCTION:
        message = "CHATSITE_PUBLIC_URL uses plain http, which most SDKs refuse."
        problems.append(Warning(message, id="chatsite.W002"))
    if not settings.PRODUCTION and not _is_loopback(settings.CHATSITE_HOST):
        problems.append(
            Warning(
                f"CHATSITE_HOST={settings.CHATSITE_HOST} makes a server with the public "
                "development key reachable from other machines.",
                hint="With CHATSITE_ENV=production the server generates its own key.",
                id="chatsite.W003",
            )
        )
    if settings.CHATSITE_PORT == settings.CHATSITE_TLS_PORT:
        message = "CHATSITE_PORT and CHATSITE_TLS_PORT are the same port."
        problems.append(Error(message, id="chatsite.E006"))
    return problems


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


@register(SETTINGS_CHECKS)
def check_processes(**kwargs: Any) -> list[CheckMessage]:
    """Redis connects several server processes, which need PostgreSQL."""
    if settings.REDIS_URL and "sqlite" in settings.DATABASES["default"]["ENGINE"]:
        return [
            Warning(
                "REDIS_URL is for several server processes, which should not share one SQLite "
                "database.",
                hint="Set DATABASE_URL to a PostgreSQL database, or leave REDIS_URL unset.",
                id="chatsite.W004",
            )
        ]
    return []


@register(SETTINGS_CHECKS)
def check_certificate(**kwargs: Any) -> list[CheckMessage]:
    """Certificate and key must be set together, and exist."""
    files = {
        "CHATSITE_TLS_CERT": settings.CHATSITE_TLS_CERT,
        "CHATSITE_TLS_KEY": settings.CHATSITE_TLS_KEY,
    }
    given = {name: file for name, file in files.items() if file}
    if len(given) == 1:
        message = "CHATSITE_TLS_CERT and CHATSITE_TLS_KEY must be set together."
        return [Error(message, id="chatsite.E007")]
    return [
        Error(f"{name} is not a file.", id="chatsite.E008")
        for name, file in given.items()
        if not file.is_file()
    ]


@register(SETTINGS_CHECKS)
def check_secret_key(**kwargs: Any) -> list[CheckMessage]:
    """A short key could be guessed, and with it anyone could sign access tokens."""
    if len(settings.SECRET_KEY) >= 50:
        return []
    message = "CHATSITE_SECRET_KEY must have at least 50 characters."
    hint = "Leave it unset, or generate one with `openssl rand -hex 32`."
    return [Error(message, hint=hint, id="chatsite.E021")]


@register(SETTINGS_CHECKS)
def check_webhooks(**kwargs: Any) -> list[CheckMessage]:
    """Otherwise, every delivery or every dead letter would fail."""
    return [*_webhook_ca_problems(), *_dead_letter_folder_problems()]


def _webhook_ca_problems() -> Iterator[CheckMessage]:
    file: Path | None = settings.CHATSITE_WEBHOOK_CA
    if file is None:
        return
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(file)
    except ssl.SSLError:
        # Not PEM; the count below is 0.
        pass
    except OSError as problem:
        message = f"CHATSITE_WEBHOOK_CA cannot be read: {problem.strerror}: {file}"
        yield Error(message, id="chatsite.E022")
        return
    if not context.cert_store_stats()["x509"]:
        message = f"CHATSITE_WEBHOOK_CA contains no valid PEM certificate: {file}"
        yield Error(message, id="chatsite.E023")


def _dead_letter_folder_problems() -> Iterator[CheckMessage]:
    folder: Path | None = settings.CHATSITE_DEAD_LETTER_FOLDER
    if folder is None:
        return
    try:
        ensure_writable_folder(folder)
    except OSError as problem:
        message = f"CHATSITE_DEAD_LETTER_FOLDER cannot be used: {problem.strerror}: {folder}"
        yield Error(message, id="chatsite.E024")


@register(SETTINGS_CHECKS)
def check_access_key(**kwargs: Any) -> list[CheckMessage]:
    """The SDKs decode the key before signing, so it must be base64."""
    key = settings.CHATSITE_ACCESS_KEY
    try:
        long_enough = not key or len(base64.b64decode(key, validate=True)) >= 16
    except (binascii.Error, ValueError):
        long_enough = False
    if long_enough:
        return []
    message = "CHATSITE_ACCESS_KEY must be base64 of at least 16 bytes."
    return [Error(message, hint="Generate one with `openssl rand -base64 64`.", id="chatsite.E009")]


@register(SETTINGS_CHECKS)
def check_openid_connect(**kwargs: Any) -> list[CheckMessage]:
    """Verifying an issuer's tokens requires all three settings."""
    given = [
        settings.CHATSITE_OIDC_ISSUER,
        settings.CHATSITE_OIDC_AUDIENCE,
        settings.CHATSITE_OIDC_JWKS_URL,
    ]
    if any(given) and not all(given):
        message = "CHATSITE_OIDC_ISSUER, _AUDIENCE and _JWKS_URL must be set together."
        return [Error(message, id="chatsite.E010")]
    return []


@register(SETTINGS_CHECKS)
def check_limits(**kwargs: Any) -> list[CheckMessage]:
    """Limits can only be changed in the profile `open`, and must be consistent."""
    own = environment.given("CHATSITE_LIMIT_")
    problems: list[CheckMessage] = []
    if own and settings.CHATSITE_LIMITS == "acs":
        message = f"{', '.join(own)}: limits can only be changed with CHATSITE_LIMITS=open."
        problems.append(Error(message, id="chatsite.E011"))
    if settings.LIMITS.retention_days_minimum > settings.LIMITS.retention_days_maximum:
        message = "CHATSITE_LIMIT_RETENTION_DAYS_MINIMUM is above _MAXIMUM."
        problems.append(Error(message, id="chatsite.E012"))
    return problems


@register()
def check_tables(**kwargs: Any) -> list[CheckMessage]:
    """Every dotted path in the settings of `_TABLES` can be imported.

    Engines import their optional packages when they are first used, so this needs none of them
    and takes a few milliseconds.
    """
    problems: list[CheckMessage] = []
    for table, paths_in in _TABLES.items():
        for path in paths_in(getattr(settings, table)):
            try:
                import_string(path)
            except ImportError as problem:
                message = f"{table} names {path!r}: {problem}."
                problems.append(Error(message, id="chatsite.E013"))
    return problems
