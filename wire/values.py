"""Values as the database drivers take them, for statements that bypass the ORM."""

from uuid import UUID

from django.db import connection


def uuid_value(value: UUID) -> UUID | str:
    """A UUID as a parameter: PostgreSQL has the type, SQLite stores 32 hexadecimal digits."""
    return value.hex if connection.vendor == "sqlite" else value


def as_uuid(value: UUID | str) -> UUID:
    """A UUID as the driver returned it."""
    return value if isinstance(value, UUID) else UUID(value)
