"""`manage.py operator` (`make admin`): an account for the admin, or a new password for it."""

import getpass
import os
import secrets
import sys
from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from chatsite import preparation


class Command(BaseCommand):
    help = (
        "Creates the operator account or sets its password. CHATSITE_ADMIN_USERNAME and "
        "CHATSITE_ADMIN_PASSWORD answer the questions; without a terminal the password is made."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask where somebody can answer, and say what was done."""
        if preparation.has_unapplied_migrations():
            raise CommandError("There are no tables yet. Start the server once, or migrate.")
        asks = sys.stdin.isatty()
        username = os.environ.get("CHATSITE_ADMIN_USERNAME") or _username(asks)
        password = os.environ.get("CHATSITE_ADMIN_PASSWORD", "")
        made = "" if password or asks else secrets.token_urlsafe(12)
        password = password or made or _password()
        try:
            validate_password(password, User(username=username))
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        created = preparation.set_operator(username, password)
        self.stdout.write(f"{'Created' if created else 'New password for'} {username!r}.")
        if made:
            self.stdout.write(f"Password, shown this once: {made}")


def _username(asks: bool) -> str:
    default = preparation.OPERATOR
    return (asks and input(f"User name [{default}]: ").strip()) or default


def _password() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password again: "):
        raise CommandError("The two passwords differ.")
    return password
