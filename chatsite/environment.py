"""Typed access to environment variables for the settings.

Each function takes the name of a variable and a default, and raises `ImproperlyConfigured` for an
invalid value. An empty variable counts as unset. `NAMES` collects the names of all variables that
were read; a test compares them with docs/configuration.md.
"""

import errno
import ipaddress
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from django.core.exceptions import ImproperlyConfigured

from chatsite.private_files import ensure_writable_folder

NAMES: set[str] = set()

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The value, without surrounding whitespace."""
    NAMES.add(name)
    return os.environ.get(name, "").strip() or default


def names(name: str) -> tuple[str, ...]:
    """A comma-separated list, without whitespace and empty items."""
    return tuple(item.strip() for item in text(name).split(",") if item.strip())


def networks(name: str, default: Sequence[str] = ()) -> tuple[Network, ...]:
    """A comma-separated list of networks such as 10.0.0.0/8, or single addresses."""
    try:
        return tuple(map(ipaddress.ip_network, names(name) or default))
    except ValueError as problem:
        raise ImproperlyConfigured(f"{name} must be a list of networks: {problem}.") from None


def choice(name: str, allowed: Sequence[str], default: str) -> str:
    """One of the `allowed` words, in any case."""
    value = text(name, default).lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(allowed)}; it is {value!r}.")
    return value


def choices(name: str, allowed: Collection[str], default: Sequence[str]) -> list[str]:
    """A comma-separated list of `allowed` words, in any case; `off` is an empty list."""
    words = [word.lower() for word in names(name)] or list(default)
    if words == ["off"]:
        return []
    for word in words:
        if word not in allowed:
            raise ImproperlyConfigured(
                f"{name} must be a list of {', '.join(allowed)}, or off; it contains {word!r}."
            )
    return words


def flag(name: str, default: bool = False) -> bool:
    """A boolean: 1/0, true/false, yes/no, on/off."""
    value = text(name).lower()
    if value and value not in _YES | _NO:
        raise ImproperlyConfigured(f"{name} must be 1 or 0; it is {value!r}.")
    return value in _YES if value else default


def number(name: str, default: int, *, least: int = 0, most: int = 2**31 - 1) -> int:
    """A whole number from `least` to `most`, both included."""
    value = text(name, str(default))
    # int() would also accept "1_000", " 5" and non-ASCII digits.
    plain = value.isascii() and value.isdigit() and len(value) < 20
    if not plain or not least <= int(value) <= most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} to {most}; it is {value!r}."
        )
    return int(value)


def port(name: str, default: int) -> int:
    return number(name, default, least=1, most=65535)


def path(name: str, default: Path) -> Path:
    """An absolute path; a relative one is resolved from the working directory."""
    return optional_path(name) or default


def optional_path(name: str) -> Path | None:
    """Like `path`, or None if the variable is unset."""
    value = text(name)
    return Path(value).expanduser().resolve() if value else None


def folder(name: str, default: Path, *, is_written: bool) -> Path:
    """Like `path`, for a folder, which is created if it `is_written` and does not exist."""
    value = path(name, default)
    try:
        if is_written:
            ensure_writable_folder(value)
        elif value.exists() and not value.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except OSError as problem:
        raise ImproperlyConfigured(
            f"{name} must be a folder that the server can write to; {str(value)!r} is not: "
            f"{problem.strerror}."
        ) from None
    return value


def url(name: str, schemes: Sequence[str], default: str = "") -> str:
    """A URL with one of the schemes and a host; empty if unset and without a default."""
    value = text(name, default)
    if value and not _is_url(value, schemes):
        # The message does not contain the value, because it may have a password.
        raise ImproperlyConfigured(f"{name} must be a URL such as {schemes[0]}://host:port.")
    return value


def given(prefix: str) -> list[str]:
    """The names of the non-empty variables that begin with `prefix`."""
    return sorted(n for n, value in os.environ.items() if n.startswith(prefix) and value.strip())


def _is_url(value: str, schemes: Sequence[str]) -> bool:
    try:
        parts: SplitResult = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
