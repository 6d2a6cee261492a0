"""Converts `DATABASE_URL` to Django's `DATABASES`: SQLite by default, or PostgreSQL."""

from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from chatsite.private_files import ensure_private_file


def database(url: str, data: Path, sqlite_sync: str) -> dict[str, Any]:
    """Django's settings of the database.

    `url` is `DATABASE_URL` (empty: SQLite in the data folder); `sqlite_sync` is SQLite's
    `synchronous` mode. Raises ImproperlyConfigured.
    """
    if not url:
        file = data / "chatsite.sqlite3"
        # SQLite would create it readable for all users; it contains the access keys.
        ensure_private_file(file)
        return _sqlite({"NAME": str(file)}, data, sqlite_sync)
    try:
        settings: dict[str, Any] = dict(dj_database_url.parse(url))
    except (ValueError, KeyError):
        # Without the URL and the parser's message, because the URL may contain a password.
        raise ImproperlyConfigured("DATABASE_URL is not a valid database URL.") from None
    if settings["ENGINE"] == "django.db.backends.sqlite3":
        return _sqlite(settings, data, sqlite_sync)
    if settings["ENGINE"] == "django.db.backends.postgresql":
        return _postgresql(settings)
    raise ImproperlyConfigured("DATABASE_URL must begin with postgresql:// or sqlite:///.")


def _sqlite(settings: dict[str, Any], data: Path, sync: str) -> dict[str, Any]:
    """WAL mode and immediate transactions, one after the other.

    With Django's defaults concurrent writers fail with "database is locked".
    """
    pragmas = [
        "PRAGMA journal_mode=WAL",
        f"PRAGMA synchronous={sync}",
        "PRAGMA cache_size=-20000",
        "PRAGMA mmap_size=134217728",
    ]
    return settings | {
        "ENGINE": "wire.sqlite",
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "; ".join(pragmas) + ";",
        },
        # Request threads live as long as the process, so their connections can stay open.
        "CONN_MAX_AGE": None,
        # A file, so that tests have the same locking as a server.
        "TEST": {"NAME": str(data / "test.sqlite3")},
    }


def _postgresql(settings: dict[str, Any]) -> dict[str, Any]:
    """A psycopg pool, because Django's persistent connections leak one per thread under ASGI."""
    pool = {"min_size": 2, "max_size": 16, "timeout": 10}
    # Django's default, None, would disable prepared statements (`wire.statements`).
    options = {"pool": pool, "prepare_threshold": 5}
    return settings | {
        "OPTIONS": options | settings.get("OPTIONS", {}),
        "CONN_MAX_AGE": 0,
        # The pool replaces connections that broke, as all do when PostgreSQL is restarted.
        "CONN_HEALTH_CHECKS": True,
    }
