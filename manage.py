#!/usr/bin/env python3
"""The command line of chatsite.

`manage.py serve`, `manage.py connection_string`, and Django's own commands.
"""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        settings.INSTALLED_APPS  # noqa: B018 - loads the settings, so that a wrong value ends here
    except ImproperlyConfigured as problem:
        sys.exit(f"chatsite: {problem}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
