"""The Django project: settings, URLs, system checks, commands, and the server."""
