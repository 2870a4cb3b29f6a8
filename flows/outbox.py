"""The outbox: flow files appear in it whole and on disk, or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from flows.channels.localfile import fsync_folder
from flows.crashpoints import CrashPoint, reach
from flows.errors import RetryableError
from transforms.bundle import BundleDigest, Member, write_bundle

#: Ending of the file beside a flow that says what is in it (``flows.members``).
MEMBERS_SUFFIX = ".members.json"


class OutboxUnavailableError(RetryableError):
    """Raised when a flow cannot be written to the outbox: its disk is full, or fails."""


def write_flow(
    path: Path, members: Iterable[Member], *, gzip_level: int, stylesheet: Member | None
) -> BundleDigest:
    """Write a flow file (mode 0600), fsynced with its folder, and return its digest.

    Raises:
        OutboxUnavailableError: the disk is full, or fails.
    """
    try:
        return _write(path, members, gzip_level=gzip_level, stylesheet=stylesheet)
    except OSError as error:
        raise _unavailable(path, error) from error


def write_members(flow: Path, content: bytes) -> Path:
    """Write what is in a flow into the file beside it (mode 0600), fsynced with its folder.

    Raises:
        OutboxUnavailableError: the disk is full, or fails.
    """
    path = flow.with_name(flow.name + MEMBERS_SUFFIX)
    try:
        partial = path.with_name(f".{path.name}.part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        raise _unavailable(path, error) from error
    return path


def remove_flow(flow: Path) -> None:
    """Remove a flow that the ledger does not know, and what stands beside it."""
    flow.unlink(missing_ok=True)
    flow.with_name(flow.name + MEMBERS_SUFFIX).unlink(missing_ok=True)


def remove_unknown(folder: Path, known: Collection[str]) -> None:
    """Remove the files that a crash left in a run's outbox and that the ledger does not know."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_file() and path.name.removesuffix(MEMBERS_SUFFIX) not in known:
                path.unlink()


def _unavailable(path: Path, error: OSError) -> OutboxUnavailableError:
    message = f"{path} cannot be written: {error.strerror or error}."
    step = "Make room on the disk of the state folder, then: chorus-flows run"
    return OutboxUnavailableError(message, next_step=step)


def _write(
    path: Path, members: Iterable[Member], *, gzip_level: int, stylesheet: Member | None
) -> BundleDigest:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        digest = write_bundle(stream, members, gzip_level=gzip_level, stylesheet=stylesheet)
        reach(CrashPoint.RENDER)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    fsync_folder(path.parent)
    return digest
