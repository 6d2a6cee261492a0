"""`manage.py devcert`: the development certificates, without starting the server."""

from typing import Any

from django.core.management.base import BaseCommand

from chatsite import certificates


class Command(BaseCommand):
    help = "Makes the development CA and server certificate where missing; prints the CA's path."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the path of the CA certificate and nothing else."""
        self.stdout.write(str(certificates.ensure_for_settings().ca))
