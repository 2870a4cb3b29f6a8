"""Moves into a run's own folder and back, each one atomic, with the files that go along.

A claimed file is private from then on; nothing is ever written over.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
from pathlib import Path

from config.landing_settings import Landing
from flows.crashpoints import CrashPoint, reach
from flows.errors import RetryableError
from flows.private_files import FILE, open_private

#: Characters that would break the line of a report or a log.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: Bytes of a file name, on every file system of Linux.
_LONGEST_NAME = 255


class LandingUnavailableError(RetryableError):
    """Raised when the landing folder cannot be read or a file cannot be claimed."""

    cause = "landing"


def move(path: Path, folder: Path) -> Path:
    """Move a file into a folder, numbered when the name is taken; return where it is now.

    Raises:
        FileNotFoundError: it was taken away meanwhile.
        LandingUnavailableError: it cannot be moved.
    """
    target = folder / path.name
    rank = 1
    while exists(target):
        rank += 1
        target = folder / _numbered(path, rank)
    return _move_to(path, target)


def _numbered(path: Path, rank: int) -> str:
    """Return the name with a number, its stem cut where a file system takes no longer name."""
    stem, ending = path.stem, f"~{rank}{path.suffix}"
    while stem and len(os.fsencode(stem + ending)) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem + ending


def exists(path: Path) -> bool:
    """Whether a file is there; a name longer than a file system takes is none."""
    try:
        return path.exists()
    except OSError:
        return False


def _move_to(path: Path, target: Path) -> Path:
    try:
        try:
            path.rename(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _move_across(path, target)
    except FileNotFoundError:
        raise
    except OSError as error:
        message = f"{path} cannot be moved to {target.parent}: {error.strerror}."
        step = "Check the rights on the landing folder and the disk, then: chorus-flows run"
        raise LandingUnavailableError(message, next_step=step) from error
    return target


def bring_companions(landing: Landing, path: Path, claimed: Path) -> None:
    """Move the done-file and the control file of ``path`` beside its claimed name."""
    for suffix in (landing.done_suffix, landing.control.suffix):
        companion, target = path.with_name(path.name + suffix), claimed.name + suffix
        # While the extract itself is (again) in the landing, they are those of that one.
        if (
            exists(companion)
            and not exists(path)
            and not exists(claimed.with_name(target))
            and not companion.is_symlink()
        ):
            keep_private(_move_to(companion, claimed.with_name(target)))
            reach(CrashPoint.CLAIM_COMPANION)


def send_companions(landing: Landing, claimed: Path, target: Path) -> None:
    """Move the companions of an extract that was put back after it."""
    for suffix in (landing.control.suffix, landing.done_suffix):  # what makes it complete: last
        companion = claimed.with_name(claimed.name + suffix)
        home = target.with_name(target.name + suffix)
        if exists(companion) and not exists(claimed) and not exists(home):
            _move_to(companion, home)


def _move_across(path: Path, target: Path) -> None:
    """Move to another file system: the claimed name appears only once the copy is on disk."""
    _copy_private(path, target)
    path.unlink()


def keep_private(path: Path) -> None:
    """Let nobody else read a claimed file, whatever rights it landed with.

    One with a second name elsewhere keeps its rights, which are that one's too: the folder it is
    in lets nobody in.
    """
    facts = path.stat()
    if stat.S_IMODE(facts.st_mode) == FILE or facts.st_nlink > 1:
        return
    try:
        path.chmod(FILE)
    except PermissionError:  # it belongs to who dropped it: a copy is ours
        _copy_private(path, path)


def _copy_private(path: Path, target: Path) -> None:
    facts = path.stat()
    # Of a length that any name allows, and the same for a second try.
    digest = hashlib.sha256(os.fsencode(target.name)).hexdigest()
    partial = target.with_name(f".{digest[:32]}.part")
    with path.open("rb") as source, open_private(partial) as stream:
        shutil.copyfileobj(source, stream)
        stream.flush()
        os.fsync(stream.fileno())
    os.utime(partial, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    partial.replace(target)


def shown(path: Path) -> str:
    """Return the name of a file as text that can always be written, whatever bytes it holds.

    Two names never become one: they tell the columns and the rows of their files apart.
    """
    text = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: rf"\x{ord(found[0]):02x}", text)
