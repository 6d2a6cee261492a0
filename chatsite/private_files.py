"""Files in the data folder that only their owner may read: keys, and secrets made once."""

import os
import secrets
import tempfile
from pathlib import Path


def read_or_create_secret(path: Path) -> str:
    """Return the secret stored in the file, making it first if the file does not exist."""
    create_private_file(path, secrets.token_urlsafe(64).encode())
    return path.read_text().strip()


def create_private_file(path: Path, content: bytes = b"") -> None:
    """Make a file with mode 0600; an existing one stays as it is.

    Of two processes that do this at once one wins, and both find the winner's whole content: it
    is written under another name and then linked, which fails where the name exists.
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
    """Make a file with mode 0600, in place of an existing one, in one step."""
    os.replace(_write_beside(path, content), path)


def _write_beside(path: Path, content: bytes) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
