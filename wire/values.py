"""Values as the database drivers take them, for statements that bypass the ORM."""

from uuid import UUID

from django.db import connection


def uuid_value(value: UUID) -> UUID | str:
    """A UUID as a parameter: PostgreSQL has the type, SQLite stores 32 hexadecimal digits."""
    return value.hex if connection.vendor == "sqlite" else value


# The tag of system checks of settings, which `manage.py serve` runs; others check the code.
SETTINGS_CHECKS = "chatsite_settings"
