"""`manage.py connection_string`: what every official SDK takes."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from chatsite import welcome
from identity.models import Resource


class Command(BaseCommand):
    help = "Prints the connection string of a resource and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--secondary", action="store_true", help="with the secondary key")
        parser.add_argument("--resource", metavar="NAME", help="instead of the default resource")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it; the database's key wins over the one in the settings."""
        resource = find_resource(options["resource"])
        if resource is None:
            if options["secondary"] or options["resource"] or not settings.CHATSITE_ACCESS_KEY:
                raise CommandError("There is no such resource yet. Start the server once.")
            # Not saved: it only says what the first start will create.
            resource = Resource(primary_key=settings.CHATSITE_ACCESS_KEY)
        self.stdout.write(
            resource.connection_string(endpoint_of(resource), secondary=options["secondary"])
        )


def find_resource(name: str | None) -> Resource | None:
    """The resource of that name, or the default one; None while there is no database."""
    if not _has_tables():
        return None
    wanted = {"name": name} if name else {"is_default": True}
    return Resource.objects.filter(**wanted).first()


def endpoint_of(resource: Resource) -> str:
    """The public address, with the resource's own host name where it has one."""
    public = urlsplit(welcome.endpoint())
    if not resource.hostname:
        return public.geturl()
    port = f":{public.port}" if public.port else ""
    return public._replace(netloc=resource.hostname + port).geturl()


def _has_tables() -> bool:
    database = settings.DATABASES["default"]
    is_file = database["ENGINE"].endswith("sqlite3")
    # Asking SQLite about a file that does not exist would make it.
    if is_file and not Path(database["NAME"]).exists():
        return False
    return Resource._meta.db_table in connection.introspection.table_names()
