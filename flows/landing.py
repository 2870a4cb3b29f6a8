"""Landing: claim complete extracts by an atomic rename, once each, and never two at a time.

A file that is still growing is left alone. A file whose content was already processed is set
aside and said. Files claimed by a run that crashed are taken again by the run that resumes it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.settings import Landing
from flows.errors import RetryableError

#: Sub-folder of a run's claimed files that holds what an earlier run had already processed.
ALREADY_PROCESSED = "already-processed"


class LandingUnavailableError(RetryableError):
    """Raised when the landing folder cannot be read or a file cannot be claimed."""


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file of this run: where it is now, the name it arrived under, its SHA-256 and size."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found in the landing folder."""

    files: tuple[ClaimedFile, ...]
    already_processed: tuple[ClaimedFile, ...] = ()
    incomplete: tuple[str, ...] = ()


def claim(
    landing: Landing, folder: Path, *, now: datetime, processed: Callable[[str], bool]
) -> Claim:
    """Move every complete extract into ``folder`` and return them in the order of their names.

    Args:
        landing: where to look and when a file is complete.
        folder: the run's own folder for claimed files; what a crashed run left there is taken.
        now: current time, with zone.
        processed: tells whether a SHA-256 was already processed by a finished run.

    Raises:
        LandingUnavailableError: when the folder cannot be read or a file not moved.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    incomplete: list[str] = []
    for path in _candidates(landing):
        if not _complete(path, landing, now):
            incomplete.append(path.name)
            continue
        before = path.stat()
        claimed = _move(path, folder)
        after = claimed.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            # A writer still holds the file open: put it back, the next run will take it.
            _move(claimed, landing.folder)
            incomplete.append(path.name)
            continue
        for suffix in (landing.done_suffix, landing.control.suffix):
            companion = path.with_name(path.name + suffix)
            if companion.exists():
                companion.rename(claimed.with_name(claimed.name + suffix))
    return _sort_out(landing, folder, processed, tuple(incomplete))


def claimed_before(landing: Landing, folder: Path, *, processed: Callable[[str], bool]) -> Claim:
    """Return what a crashed run had claimed, for the run that resumes it; nothing new is taken."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return _sort_out(landing, folder, processed, ())


def peek(landing: Landing, *, now: datetime, processed: Callable[[str], bool]) -> Claim:
    """Return what :func:`claim` would take, moving nothing (for a dry run)."""
    files: list[ClaimedFile] = []
    seen: list[ClaimedFile] = []
    incomplete: list[str] = []
    for path in _candidates(landing):
        if not _complete(path, landing, now):
            incomplete.append(path.name)
            continue
        file = _describe(path)
        (seen if processed(file.sha256) else files).append(file)
    return Claim(tuple(files), tuple(seen), tuple(incomplete))


def _candidates(landing: Landing) -> list[Path]:
    companions = (landing.done_suffix, landing.control.suffix)
    try:
        return sorted(
            path
            for path in landing.folder.iterdir()
            if path.is_file()
            and not path.is_symlink()
            and not path.name.startswith(".")
            and not path.name.endswith(companions)
            and path.match(landing.pattern)
        )
    except OSError as error:
        message = f"The landing folder {landing.folder} cannot be read: {error.strerror}."
        step = "Mend the folder or landing.folder in the settings, then: chorus-flows run"
        raise LandingUnavailableError(message, next_step=step) from error


def _complete(path: Path, landing: Landing, now: datetime) -> bool:
    if landing.complete_when == "done_file":
        return path.with_name(path.name + landing.done_suffix).exists()
    try:
        changed = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return now.timestamp() - changed >= landing.stable_seconds


def _move(path: Path, folder: Path) -> Path:
    target = folder / path.name
    rank = 1
    while target.exists():
        rank += 1
        target = folder / f"{path.stem}~{rank}{path.suffix}"
    try:
        path.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            message = f"The extract {path} cannot be claimed: {error.strerror}."
            step = "Check the rights on the landing folder, then: chorus-flows run"
            raise LandingUnavailableError(message, next_step=step) from error
        _move_across(path, target)
    return target


def _move_across(path: Path, target: Path) -> None:
    """Move to another file system: the claimed name appears only once the copy is on disk."""
    partial = target.with_name(f".{target.name}.part")
    shutil.copy2(path, partial)
    with partial.open("rb") as stream:
        os.fsync(stream.fileno())
    partial.rename(target)
    path.unlink()


def _sort_out(
    landing: Landing, folder: Path, processed: Callable[[str], bool], incomplete: tuple[str, ...]
) -> Claim:
    companions = (landing.done_suffix, landing.control.suffix)
    files: list[ClaimedFile] = []
    aside: list[ClaimedFile] = []
    hashes: set[str] = set()
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.name.startswith(".") or path.name.endswith(companions):
            continue
        file = _describe(path)
        if processed(file.sha256) or file.sha256 in hashes:
            shelf = folder / ALREADY_PROCESSED
            shelf.mkdir(exist_ok=True, mode=0o700)
            aside.append(ClaimedFile(_move(path, shelf), file.name, file.sha256, file.size))
        else:
            hashes.add(file.sha256)
            files.append(file)
    shelf = folder / ALREADY_PROCESSED
    if shelf.is_dir():
        known = {file.path for file in aside}
        aside.extend(_describe(path) for path in sorted(shelf.iterdir()) if path not in known)
    return Claim(tuple(files), tuple(aside), incomplete)


def _describe(path: Path) -> ClaimedFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ClaimedFile(path, path.name, digest, path.stat().st_size)
