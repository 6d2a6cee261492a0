"""`manage.py devcert`: creates the development certificates without starting the server."""

from typing import Any

from django.core.management.base import BaseCommand

from chatsite import certificates


class Command(BaseCommand):
    help = (
        "Creates the development CA and server certificate if missing. Prints the path of the CA."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(str(certificates.ensure_for_settings().ca))
