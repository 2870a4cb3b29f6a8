"""The archive: the files of the state folder and of the reports, under the names manifests use.

A name begins with the folder (``claimed/<run>/…``, ``outbox/<run>/…``, ``returns/…``,
``reports/<run>/…``), wherever the settings put it: an archive that is moved keeps its names.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.settings import Settings

CLAIMED = "claimed"
OUTBOX = "outbox"
RETURNS = "returns"
REPORTS = "reports"

#: Copies of return files for a person to look at, and transfers that are not complete.
NOT_UNDERSTOOD = "not_understood"
INCOMING = "incoming"


@dataclass(frozen=True, slots=True)
class Archive:
    """Where the kept files of an installation are."""

    settings: Settings

    def folder(self, root: str) -> Path:
        """Return the folder that a name of the archive begins with."""
        if root == REPORTS:
            return self.settings.report.folder
        return self.settings.state_folder / root

    def path(self, name: str) -> Path:
        """Return the place of a file that the ledger named itself (no foreign bytes in it)."""
        root, _, rest = name.partition("/")
        return self.folder(root) / rest

    def walk(self, root: str, below: str = "") -> Iterator[tuple[str, Path]]:
        """Yield the files of a folder by name; hidden ones are unfinished and left out.

        Links are never followed: one is yielded as a file, and is none of ours.
        """
        folder = self.folder(root) / below if below else self.folder(root)
        yield from _walk(folder, shown(f"{root}/{below}" if below else root))

    def folders(self, root: str) -> list[str]:
        """Return the names of the folders below one: runs, most often."""
        try:
            with os.scandir(self.folder(root)) as entries:
                return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
        except FileNotFoundError:
            return []


def shown(name: str) -> str:
    """Return a file name as text that can always be written, whatever bytes it holds."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def hash_of(path: Path) -> tuple[str, int] | None:
    """Return SHA-256 and size of a regular file; None when there is none under this name.

    Raises:
        OSError: it is there and cannot be read.
    """
    try:
        facts = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(facts.st_mode):
        return None
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return digest, facts.st_size


def _walk(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        inner = f"{name}/{shown(entry.name)}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), inner)
        else:
            yield inner, Path(entry.path)
