"""`manage.py connection_string`: the connection string for the official SDKs."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from chatsite import welcome
from identity.models import Resource


class Command(BaseCommand):
    help = "Prints the connection string of a resource."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--secondary", action="store_true", help="use the secondary access key")
        parser.add_argument(
            "--resource",
            metavar="NAME",
            help="the name of the resource (default: the default resource)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """The key in the database takes precedence over the one in the settings."""
        resource = find_resource(options["resource"])
        if resource is None:
            if options["secondary"] or options["resource"] or not settings.CHATSITE_ACCESS_KEY:
                raise CommandError(_not_found(options["resource"]))
            # Not saved: the resource that the first start of the server will create.
            resource = Resource(primary_key=settings.CHATSITE_ACCESS_KEY)
        self.stdout.write(
            resource.connection_string(endpoint_of(resource), secondary=options["secondary"])
        )


def _not_found(name: str | None) -> str:
    if name and _has_tables():
        return f"There is no resource {name!r}."
    return "There are no resources yet. Start the server once to create the default resource."


def find_resource(name: str | None) -> Resource | None:
    """The resource `name`, or the default one; None if there is none or no database."""
    if not _has_tables():
        return None
    wanted = {"name": name} if name else {"is_default": True}
    return Resource.objects.filter(**wanted).first()


def endpoint_of(resource: Resource) -> str:
    """The public URL, with the host name of the resource if it has one."""
    public = urlsplit(welcome.endpoint())
    if not resource.hostname:
        return public.geturl()
    port = f":{public.port}" if public.port else ""
    return public._replace(netloc=resource.hostname + port).geturl()


def _has_tables() -> bool:
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"].endswith("sqlite3")
    # Connecting to SQLite would create the file.
    if is_file and not Path(database["NAME"]).exists():
        return False
    return Resource._meta.db_table in connection.introspection.table_names()
