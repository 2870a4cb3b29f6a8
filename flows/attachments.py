"""Find attachment files: relative to one folder, and never outside it."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from config.settings import Attachments


@dataclass(frozen=True, slots=True)
class AttachmentFile:
    """An attachment on disk: the name the extract gave, where it is, its size in bytes."""

    name: str
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Found:
    """Attachments of one invoice: found, missing, and refused because they point outside."""

    files: tuple[AttachmentFile, ...] = ()
    missing: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()


def find(settings: Attachments, names: Iterable[str], number: str | None) -> Found:
    """Return the attachments named by the extract, then those found by the pattern.

    A pattern that finds nothing is a missing attachment too: the firm said each invoice has one.
    """
    names = tuple(names)
    if not names and not (settings.pattern and number):
        return Found()  # most invoices: no look at the disk
    root = settings.folder.resolve()
    files: dict[Path, AttachmentFile] = {}
    missing: list[str] = []
    outside: list[str] = []
    for name in names:
        path = _inside(root, name)
        if path is None:
            outside.append(name)
        elif (size := _size(path)) is None:
            missing.append(name)
        else:
            files[path] = AttachmentFile(name, path, size)
    if settings.pattern and number:
        pattern = settings.pattern.replace("{number}", escape(number.replace("/", "_")))
        matches = _matches(root, pattern)
        if not matches and not files:
            missing.append(pattern)
        for match in matches:
            path = _inside(root, str(match.relative_to(root)))
            if path is not None and path not in files and (size := _size(path)) is not None:
                files[path] = AttachmentFile(path.name, path, size)
    return Found(tuple(files.values()), tuple(missing), tuple(outside))


def _matches(root: Path, pattern: str) -> list[Path]:
    try:
        return sorted(root.glob(pattern))
    except (OSError, ValueError):
        return []  # a number that no file name can hold


def _size(path: Path) -> int | None:
    """Return the size of a regular file; None when there is none or its name cannot exist."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def _inside(root: Path, name: str) -> Path | None:
    """Return the real path of ``name`` below ``root``; None when it leads elsewhere."""
    if "\0" in name:
        return None
    try:
        path = (root / name.replace("\\", "/")).resolve()
    except (OSError, RuntimeError):
        return None
    return path if path.is_relative_to(root) and path != root else None
