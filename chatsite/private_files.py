"""Files in the data folder that only their owner can read: keys and secrets."""

import os
import secrets
import tempfile
from pathlib import Path


def read_or_create_secret(path: Path) -> str:
    """The secret in the file; a random one is created if the file does not exist."""
    create_private_file(path, secrets.token_urlsafe(64).encode())
    return path.read_text().strip()


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
