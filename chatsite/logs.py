"""Django's `LOGGING`: one line per record on stderr, from WARNING."""

import logging
from typing import Any


def client_errors_as_warnings(record: logging.LogRecord) -> bool:
    """Changes records of requests that Django refused; returns True, so that all are logged.

    Django logs them, for example a request for an unknown host, as errors with a traceback.
    """
    if record.name.startswith("django.security."):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
    return True


LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": [client_errors_as_warnings],
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        # Without Django's own handlers, which would log each line twice or send e-mails.
        "django": {"handlers": [], "level": "WARNING", "propagate": True},
        # Only server errors: responses with status 4xx are not logged.
        "django.request": {"level": "ERROR"},
    },
}
