"""Landing: claim complete extracts by an atomic rename, once each, and never two at a time.

A file that is still growing is left alone. A file whose content was already processed is set
aside and said; one with the content of another of the same night goes back, for the next run, as
that other may come to nothing. Files claimed by a run that crashed are taken again by the run
that resumes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeAlias

from config.landing_settings import Landing
from flows.channels.localfile import fsync_folder
from flows.crashpoints import CrashPoint, reach
from flows.errors import ExitCode, FinalError
from flows.landing_moves import (
    LandingUnavailableError,
    bring_companions,
    exists,
    keep_private,
    move,
    send_companions,
    shown,
)
from flows.private_files import private_folder

#: Tells which of some SHA-256 were already processed.
Processed: TypeAlias = Callable[[Collection[str]], Collection[str]]

#: Sub-folder of a run's claimed files that holds what an earlier run had already processed.
ALREADY_PROCESSED = "already-processed"


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
            claimed = move(path, folder)
            reach(CrashPoint.CLAIM_FILE)
            after = claimed.stat()
        except FileNotFoundError:
            continue  # taken back by its writer since it was listed
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            # A writer still holds the file open: put it back, the next run will take it.
            move(claimed, landing.folder)
            incomplete.append(shown(path))
            continue
        keep_private(claimed)
        bring_companions(landing, path, claimed)
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
            keep_private(path)
            bring_companions(landing, landing.folder / path.name, path)
    claim = _sort_out(landing, folder, processed, (), apart=apart, reusable=reusable)
    lost = dict(expected or {})
    for file in claim.files:
        lost.pop(file.sha256, None)
    if lost:
        for path in _candidates(landing):
            if lost.pop(_describe(path).sha256, None) is not None:
                # It was put back, perhaps without what makes it complete: the next run takes it.
                send_companions(landing, folder / path.name, path)
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
        target = move(file.path, landing.folder)
        reach(CrashPoint.PUT_BACK)
        send_companions(landing, file.path, target)
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
        return exists(path.with_name(path.name + landing.done_suffix))
    try:
        changed = path.stat().st_mtime
    except FileNotFoundError:
        return False
    return now.timestamp() - changed >= landing.stable_seconds


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
    aside = [replace(file, path=move(file.path, shelf)) for file in kept.seen]
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
