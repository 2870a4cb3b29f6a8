"""Files and folders that only their owner may read, whatever the umask of who runs us."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

FILE, FOLDER = 0o600, 0o700


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, with mode 0700; return it.

    ``Path.mkdir(parents=True)`` gives its mode to the last one only.

    Raises:
        OSError: it cannot be made.
    """
    missing = []
    place = path
    while not place.is_dir():
        missing.append(place)
        place = place.parent
    for folder in reversed(missing):
        folder.mkdir(mode=FOLDER, exist_ok=True)
    return path


def open_private(path: Path, *, new: bool = False) -> BinaryIO:
    """Open a file of mode 0600 for writing, emptied; ``new``: it must not be there yet.

    Raises:
        FileExistsError: it is, and ``new`` was asked for.
        OSError: it cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_EXCL if new else os.O_TRUNC)
    descriptor = os.open(path, flags, FILE)
    try:
        os.fchmod(descriptor, FILE)  # a file that was there keeps its mode otherwise
        return os.fdopen(descriptor, "wb")
    except BaseException:
        os.close(descriptor)
        raise


def make_private(path: Path) -> None:
    """Give a file mode 0600 before something opens it by name (a scratch database).

    Raises:
        OSError: it cannot be made.
    """
    open_private(path).close()


def name_once(partial: Path, path: Path) -> bool:
    """Give a file that is whole and on disk its name, unless something has that name already.

    A link, not a rename: what is there is never written over. Where the file system has no hard
    links (some shares) it is looked at first.

    Returns:
        Whether the file has the name now.
    """
    try:
        os.link(partial, path)
    except FileExistsError:
        return False
    except OSError:
        if path.exists():
            return False
        partial.rename(path)
    return True
