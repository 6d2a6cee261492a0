"""What must be true before the server starts: tables, the default resource, an operator."""

import secrets

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Q

from chatsite import development
from chatsite.pages import demo
from identity.models import Resource
from identity.services import ensure_default_resource

OPERATOR = "admin"


def prepare() -> str:
    """Bring the database up to date, or refuse to go on in production.

    Returns the password of the operator account where it was just created, which is the only time
    that anybody can see it; otherwise an empty text.
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
    """Whether the tables are older than the code."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def refuse_unprepared_database() -> None:
    """In production the operator decides when tables change, and collects the static files."""
    if has_unapplied_migrations():
        raise CommandError(
            "The database is not up to date. Run `manage.py migrate` first (after a backup)."
        )
    if not (settings.STATIC_ROOT / "staticfiles.json").exists():
        raise CommandError(
            "The static files are not collected. Run `manage.py collectstatic --noinput` first."
        )


def refuse_development_key() -> None:
    """A database that was used in development holds a key that everybody knows."""
    known = Q(primary_key=development.ACCESS_KEY) | Q(secondary_key=development.ACCESS_KEY)
    resource = Resource.objects.filter(known).first()
    if resource:
        raise CommandError(
            f"The resource {resource.name!r} has the development key, which is public knowledge. "
            "Regenerate it in the admin of a development server, or start with a new database."
        )


def create_first_operator() -> str:
    """An account for the admin, if there is none yet; returns its password, or an empty text."""
    with transaction.atomic():
        if User.objects.filter(is_superuser=True).exists():
            return ""
        password = secrets.token_urlsafe(12)
        set_operator(OPERATOR, password)
    return password


def set_operator(username: str, password: str) -> bool:
    """Create the operator account, or give an existing one a new password; True when created."""
    user, created = User.objects.get_or_create(username=username)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save()
    return created
