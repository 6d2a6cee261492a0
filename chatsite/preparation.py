"""Prepares the server's start: tables, the default resource, an operator account."""

import pkgutil
import secrets
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Q

from chatsite import development
from chatsite.pages import demo
from identity.models import Resource
from identity.services import ensure_default_resource

OPERATOR = "admin"


def prepare() -> str:
    """Migrates the database; in production only checks that it is up to date.

    Returns the password of the operator account if it was created now, otherwise an empty text. It
    is not stored and cannot be shown again. Raises CommandError.
    """
    if settings.PRODUCTION:
        refuse_unprepared_database()
    elif has_unapplied_migrations():
        call_command("migrate", interactive=False, verbosity=0)
    resource = ensure_default_resource()
    if settings.PRODUCTION:
        refuse_development_key()
        return ""
    if settings.CHATSITE_DEMO:
        demo.create(resource)
    return create_first_operator()


def has_unapplied_migrations() -> bool:
    """Whether `migrate` would do something. Imports migrations only if one may be missing."""
    if _migration_files() <= MigrationRecorder(connection).applied_migrations().keys():
        return False
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _migration_files() -> set[tuple[str, str]]:
    """App label and name of every migration that is installed."""
    return {
        (app.label, module.name)
        for app in apps.get_app_configs()
        for module in pkgutil.iter_modules([str(Path(app.path) / "migrations")])
        if not module.ispkg and module.name[0] not in "_~"
    }


def refuse_unprepared_database() -> None:
    """Raises CommandError unless the operator has run `migrate` and `collectstatic`."""
    if has_unapplied_migrations():
        raise CommandError(
            "The database is not up to date. Make a backup, then run `manage.py migrate`."
        )
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise CommandError(
            "The static files are not collected. Run `manage.py collectstatic --noinput`."
        )


def refuse_development_key() -> None:
    """Raises CommandError if a resource has the public key of development servers."""
    known = Q(primary_key=development.ACCESS_KEY) | Q(secondary_key=development.ACCESS_KEY)
    resource = Resource.objects.filter(known).first()
    if resource:
        raise CommandError(
            f"The resource {resource.name!r} has the development key, which is publicly known. "
            "Regenerate it in the admin of a development server, or start with a new database."
        )


def create_first_operator() -> str:
    """Creates an operator account if there is none; returns its password, or an empty text."""
    with transaction.atomic():
        if User.objects.filter(is_superuser=True).exists():
            return ""
        password = secrets.token_urlsafe(12)
        set_operator(OPERATOR, password)
    return password


def set_operator(username: str, password: str) -> bool:
    """Creates an operator account, or sets its password; returns whether it was created."""
    user, created = User.objects.get_or_create(username=username)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
    return created
