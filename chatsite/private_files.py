"""Files in the data folder that only their owner can read: keys and secrets."""

import errno
import os
import secrets
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


def read_or_create_secret(path: Path) -> str:
    """The secret in the file; a random one is created if the file does not exist.

    Raises ImproperlyConfigured if that is not possible.
    """
    try:
        create_private_file(path, secrets.token_urlsafe(64).encode())
        return path.read_text().strip()
    except OSError as problem:
        raise _unusable(path, problem) from None


def ensure_private_file(path: Path) -> None:
    """Creates an empty file unless it exists. Raises ImproperlyConfigured if it is not usable."""
    try:
        create_private_file(path)
        _require_access(path, os.R_OK | os.W_OK)
    except OSError as problem:
        raise _unusable(path, problem) from None


def ensure_writable_folder(path: Path) -> None:
    """Creates the folder unless it exists. Raises OSError if files cannot be created in it."""
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))
    path.mkdir(parents=True, exist_ok=True)
    _require_access(path, os.W_OK | os.X_OK)


def _require_access(path: Path, mode: int) -> None:
    if not os.access(path, mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _unusable(path: Path, problem: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{path} cannot be created, read and written: {problem.strerror}. Set CHATSITE_DATA to a "
        "folder that the server can write to."
    )


def create_private_file(path: Path, content: bytes = b"") -> None:
    """Creates a file with mode 0600 unless it exists.

    If two processes do this at once, both find the complete content of one of them: it is written
    under another name and then linked, which fails if the file exists.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    finished = _write_beside(path, content)
    try:
        os.link(finished, path)
    except FileExistsError:
        pass
    finally:
        finished.unlink()


def replace_private_file(path: Path, content: bytes) -> None:
    """Creates or atomically replaces a file, with mode 0600."""
    os.replace(_write_beside(path, content), path)


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
