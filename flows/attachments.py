"""Find attachment files: relative to one folder, and never outside it."""

from __future__ import annotations

import errno
import hashlib
import os
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


@dataclass(frozen=True, slots=True)
class Content:
    """What was read of the attachments of an invoice: each once, so that what is hashed is sent.

    Attributes:
        files: bytes of each file that was read.
        hashes: SHA-256 of each, in their order; of one that is too large, its size instead.
        gone: names of files that were found and cannot be read now.
        too_large: name and size of files that no invoice may carry; nothing is kept of them.
        total: bytes of all of them.
    """

    files: tuple[tuple[AttachmentFile, bytes], ...]
    hashes: tuple[str, ...]
    gone: tuple[str, ...]
    too_large: tuple[tuple[str, int], ...]
    total: int


def read(files: Iterable[AttachmentFile], *, max_file: int, max_total: int) -> Content:
    """Read attachments, of which no more is held in memory than an invoice may carry.

    Args:
        files: as :func:`find` gave them.
        max_file: a file must have fewer bytes.
        max_total: bytes of all; files beyond are not read.
    """
    kept: list[tuple[AttachmentFile, bytes]] = []
    hashes: list[str] = []
    gone: list[str] = []
    too_large: list[tuple[str, int]] = []
    total = 0
    for file in files:
        try:
            size, content = _read(file.path, max_file, room=max_total - total)
        except OSError:
            gone.append(file.name)  # it was there when the chunk was cut
            continue
        total += size
        if content is None:
            hashes.append(f"size:{size}")
            if size >= max_file:
                too_large.append((file.name, size))
        else:
            hashes.append(hashlib.sha256(content).hexdigest())
            kept.append((file, content))
    return Content(tuple(kept), tuple(hashes), tuple(gone), tuple(too_large), total)


def _read(path: Path, limit: int, *, room: int) -> tuple[int, bytes | None]:
    """Return size and bytes of a file; no bytes when there are too many.

    The path was looked at before, and may be another thing by now: neither a link is followed nor
    a pipe waited for, and a file that grows is read as far as it was allowed to be.

    Raises:
        OSError: it cannot be read, or is not the file that was found.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb") as stream:
        facts = os.fstat(stream.fileno())
        if not stat.S_ISREG(facts.st_mode) or not _is_still(path, stream.fileno()):
            raise FileNotFoundError(errno.ENOENT, "is no file any more", str(path))
        most = min(limit, room + 1)
        if facts.st_size >= most:
            return facts.st_size, None
        content = stream.read(most)
    return (len(content), None) if len(content) >= most else (len(content), content)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether what was opened is where the path leads without links: no folder was exchanged."""
    try:
        return Path(f"/proc/self/fd/{descriptor}").readlink() == path
    except OSError:
        return path.resolve() == path  # a system without /proc


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
