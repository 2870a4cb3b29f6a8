"""Landing: claim complete extracts by an atomic rename, once each, and never two at a time.

A file that is still growing is left alone. A file whose content was already processed is set
aside and said; one with the content of another of the same night goes back, for the next run, as
that other may come to nothing. Files claimed by a run that crashed are taken again by the run
that resumes it.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from config.settings import Landing
from flows.channels.localfile import fsync_folder
from flows.crashpoints import CrashPoint, reach
from flows.errors import ExitCode, FinalError, RetryableError
from flows.private_files import FILE, open_private, private_folder

#: Tells which of some SHA-256 were already processed.
Processed: TypeAlias = Callable[[Collection[str]], Collection[str]]

#: Sub-folder of a run's claimed files that holds what an earlier run had already processed.
ALREADY_PROCESSED = "already-processed"

#: Characters that would break the line of a report or a log.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

#: Bytes of a file name, on every file system of Linux.
_LONGEST_NAME = 255


class LandingUnavailableError(RetryableError):
    """Raised when the landing folder cannot be read or a file cannot be claimed."""

    cause = "landing"


class ClaimLostError(FinalError):
    """Raised when an extract that a run had claimed is neither with the run nor in the landing."""

    exit_code = ExitCode.ATTENTION
    cause = "claim_lost"


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file of this run: where it is now, the name it arrived under, its SHA-256 and size."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Claim:
    """What was found in the landing folder.

    ``incomplete`` and ``twins`` are names of files left there: those that were still being
    written or lack their companion, and those with the content of one in ``files``.
    """

    files: tuple[ClaimedFile, ...]
    already_processed: tuple[ClaimedFile, ...] = ()
    incomplete: tuple[str, ...] = ()
    twins: tuple[str, ...] = ()


def _nothing(_name: str) -> bool:
    return False


def claim(
    landing: Landing,
    folder: Path,
    *,
    now: datetime,
    processed: Processed,
    apart: bool = False,
    reusable: Callable[[str], bool] = _nothing,
) -> Claim:
    """Move every complete extract into ``folder`` and return them in the order of their names.

    Args:
        landing: where to look and when a file is complete.
        folder: the run's own folder for claimed files; what a crashed run left there is taken.
        now: current time, with zone.
        processed: tells which of some SHA-256 were already processed by a finished run.
        apart: whether each file stands for itself, so that one which cannot be read is claimed
            all the same, to be told by who reads it.
        reusable: tells by its name a file that may come again as it was: master data.

    Raises:
        LandingUnavailableError: when the folder cannot be read or a file not moved.
    """
    private_folder(folder)
    incomplete: list[str] = []
    for path in _candidates(landing):
        if not _complete(path, landing, now):
            incomplete.append(shown(path))
            continue
        try:
            before = path.stat()
            claimed = _move(path, folder)
            reach(CrashPoint.CLAIM_FILE)
            after = claimed.stat()
        except FileNotFoundError:
            continue  # taken back by its writer since it was listed
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            # A writer still holds the file open: put it back, the next run will take it.
            _move(claimed, landing.folder)
            incomplete.append(shown(path))
            continue
        _keep_private(claimed)
        _bring_companions(landing, path, claimed)
    # The new names survive a power cut: the ledger will say that they are there.
    fsync_folder(folder)
    return _sort_out(landing, folder, processed, tuple(incomplete), apart=apart, reusable=reusable)


def claimed_before(
    landing: Landing,
    folder: Path,
    *,
    processed: Processed,
    expected: Mapping[str, str] | None = None,
    apart: bool = False,
    reusable: Callable[[str], bool] = _nothing,
) -> Claim:
    """Return what a crashed run had claimed, for the run that resumes it; nothing new is taken.

    Args:
        landing: where to look.
        folder: the run's own folder for claimed files.
        processed: tells which of some SHA-256 were already processed by a finished run.
        expected: name by SHA-256 of the files the run had claimed and not read to the end.
        apart: as :func:`claim` was told.
        reusable: see :func:`claim`.

    Raises:
        ClaimLostError: one of them is gone; the run cannot account for it.
    """
    private_folder(folder)
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            # The crash may have come between an extract and its companions, or its rights.
            _keep_private(path)
            _bring_companions(landing, landing.folder / path.name, path)
    claim = _sort_out(landing, folder, processed, (), apart=apart, reusable=reusable)
    lost = dict(expected or {})
    for file in claim.files:
        lost.pop(file.sha256, None)
    if lost:
        for path in _candidates(landing):
            if lost.pop(_describe(path).sha256, None) is not None:
                # It was put back, perhaps without what makes it complete: the next run takes it.
                _send_companions(landing, folder / path.name, path)
    if lost:
        names = ", ".join(sorted(lost.values()))
        message = f"Claimed and not read to the end, these files are gone from {folder}: {names}."
        step = (
            f"Put them back, then: chorus-flows run; or give the run up: "
            f"chorus-flows release {folder.name} --discard --by … --reason …"
        )
        raise ClaimLostError(message, next_step=step)
    return claim


def put_back(landing: Landing, files: Iterable[ClaimedFile]) -> tuple[str, ...]:
    """Return claimed files that nothing was made of to the landing folder; the names they have."""
    names: list[str] = []
    for file in files:
        if not file.path.exists():
            continue
        target = _move(file.path, landing.folder)
        reach(CrashPoint.PUT_BACK)
        _send_companions(landing, file.path, target)
        names.append(shown(target))
    return tuple(names)


def peek(
    landing: Landing,
    *,
    now: datetime,
    processed: Processed,
    apart: bool = False,
    reusable: Callable[[str], bool] = _nothing,
) -> Claim:
    """Return what :func:`claim` would take, moving nothing (for a dry run)."""
    found: list[ClaimedFile] = []
    incomplete: list[str] = []
    for path in _candidates(landing):
        if not _complete(path, landing, now):
            incomplete.append(shown(path))
            continue
        found.append(_describe(path, apart=apart))
    done = processed([file.sha256 for file in found])
    kept = _told_apart(found, done, reusable)
    return Claim(kept.new, kept.seen, tuple(incomplete), tuple(file.name for file in kept.twins))


class _Kept(NamedTuple):
    """Files by what becomes of them."""

    new: tuple[ClaimedFile, ...]
    seen: tuple[ClaimedFile, ...]
    twins: tuple[ClaimedFile, ...]


def _told_apart(
    found: Iterable[ClaimedFile], done: Collection[str], reusable: Callable[[str], bool]
) -> _Kept:
    """Tell new content from what was processed before, and from what is there twice tonight."""
    new: list[ClaimedFile] = []
    seen: list[ClaimedFile] = []
    twins: list[ClaimedFile] = []
    hashes: set[str] = set()
    for file in found:
        if reusable(file.name):
            new.append(file)
        elif file.sha256 in done:
            seen.append(file)
        elif file.sha256 in hashes:
            twins.append(file)
        else:
            hashes.add(file.sha256)
            new.append(file)
    return _Kept(tuple(new), tuple(seen), tuple(twins))


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
        return _exists(path.with_name(path.name + landing.done_suffix))
    try:
        changed = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return now.timestamp() - changed >= landing.stable_seconds


def _move(path: Path, folder: Path) -> Path:
    target = folder / path.name
    rank = 1
    while _exists(target):
        rank += 1
        target = folder / _numbered(path, rank)
    return _move_to(path, target)


def _numbered(path: Path, rank: int) -> str:
    """Return the name with a number, its stem cut where a file system takes no longer name."""
    ending = os.fsencode(f"~{rank}{path.suffix}")
    stem = os.fsencode(path.stem)[: max(0, _LONGEST_NAME - len(ending))]
    return os.fsdecode(stem + ending)


def _exists(path: Path) -> bool:
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


def _bring_companions(landing: Landing, path: Path, claimed: Path) -> None:
    """Move the done-file and the control file of ``path`` beside its claimed name."""
    for suffix in (landing.done_suffix, landing.control.suffix):
        companion, target = path.with_name(path.name + suffix), claimed.name + suffix
        # While the extract itself is (again) in the landing, they are those of that one.
        if (
            _exists(companion)
            and not _exists(path)
            and not _exists(claimed.with_name(target))
            and not companion.is_symlink()
        ):
            _keep_private(_move_to(companion, claimed.with_name(target)))
            reach(CrashPoint.CLAIM_COMPANION)


def _send_companions(landing: Landing, claimed: Path, target: Path) -> None:
    """Move the companions of an extract that was put back after it."""
    for suffix in (landing.control.suffix, landing.done_suffix):  # what makes it complete: last
        companion = claimed.with_name(claimed.name + suffix)
        home = target.with_name(target.name + suffix)
        if _exists(companion) and not _exists(claimed) and not _exists(home):
            _move_to(companion, home)


def _move_across(path: Path, target: Path) -> None:
    """Move to another file system: the claimed name appears only once the copy is on disk."""
    _copy_private(path, target)
    path.unlink()


def _keep_private(path: Path) -> None:
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


def _sort_out(
    landing: Landing,
    folder: Path,
    processed: Processed,
    incomplete: tuple[str, ...],
    *,
    apart: bool,
    reusable: Callable[[str], bool],
) -> Claim:
    companions = (landing.done_suffix, landing.control.suffix)
    found = [
        _describe(path, apart=apart)
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith(companions)
    ]
    kept = _told_apart(found, processed([file.sha256 for file in found]), reusable)
    shelf = folder / ALREADY_PROCESSED
    if kept.seen:
        private_folder(shelf)
    aside = [replace(file, path=_move(file.path, shelf)) for file in kept.seen]
    if shelf.is_dir():
        known = {file.path for file in aside}
        aside.extend(
            _describe(path, apart=apart) for path in sorted(shelf.iterdir()) if path not in known
        )
    return Claim(kept.new, tuple(aside), incomplete, put_back(landing, kept.twins))


def _describe(path: Path, *, apart: bool = False) -> ClaimedFile:
    name = shown(path)
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return ClaimedFile(path, name, digest, path.stat().st_size)
    except OSError as error:
        if apart and (found := _unread(path, name)) is not None:
            return found
        message = f"The extract {path} cannot be read: {error.strerror}."
        step = "Check the rights on the file, then: chorus-flows run"
        raise LandingUnavailableError(message, next_step=step) from error


def shown(path: Path) -> str:
    """Return the name of a file as text that can always be written, whatever bytes it holds.

    Two names never become one: they tell the columns and the rows of their files apart.
    """
    text = os.fsencode(path.name).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda found: rf"\x{ord(found[0]):02x}", text)


def _unread(path: Path, name: str) -> ClaimedFile | None:
    """Return a file that cannot be read under a hash of what is known of it; None: it is gone.

    No content has that hash: whoever comes to read the file refuses it.
    """
    try:
        facts = path.stat()
    except OSError:
        return None
    known = f"unread\0{name}\0{facts.st_size}\0{facts.st_mtime_ns}"
    return ClaimedFile(path, name, hashlib.sha256(known.encode()).hexdigest(), facts.st_size)
