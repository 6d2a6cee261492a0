"""`manage.py operator` (`make admin`): creates an admin account or sets its password."""

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
        "Creates an operator account for the admin, or sets its password. Reads the username and "
        "password from CHATSITE_ADMIN_USERNAME and CHATSITE_ADMIN_PASSWORD if they are set. "
        "On a terminal, it asks for what is not set. Without a terminal, the username is `admin` "
        "if it is not set, and a password that is not set is generated and printed once."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if preparation.has_unapplied_migrations():
            raise CommandError(
                "The database is not up to date. Start the server once, or run `manage.py migrate`."
            )
        is_interactive = sys.stdin.isatty()
        username = os.environ.get("CHATSITE_ADMIN_USERNAME") or _username(is_interactive)
        password = os.environ.get("CHATSITE_ADMIN_PASSWORD", "")
        generated = "" if password or is_interactive else secrets.token_urlsafe(12)
        password = password or generated or _password()
        try:
            validate_password(password, User(username=username))
        except ValidationError as problem:
            raise CommandError(" ".join(problem.messages)) from None
        created = preparation.set_operator(username, password)
        self.stdout.write(
            f"{'Created' if created else 'Set a new password for'} operator {username!r}."
        )
        if generated:
            self.stdout.write(f"Password (shown only once): {generated}")


def _username(is_interactive: bool) -> str:
    default = preparation.OPERATOR
    return (is_interactive and input(f"Username [{default}]: ").strip()) or default


def _password() -> str:
    password = getpass.getpass("Password: ")
    if password != getpass.getpass("Password again: "):
        raise CommandError("The passwords do not match.")
    return password
