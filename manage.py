#!/usr/bin/env python3
"""Runs management commands: `serve`, `connection_string`, Django's own and others."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - loads the settings, so that an invalid value is reported here
    except ImproperlyConfigured as problem:
        sys.exit(f"chatsite: {problem}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
