"""The outbox: flow files appear in it whole and on disk, or not at all."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from pathlib import Path

from flows.crashpoints import CrashPoint, reach
from flows.errors import RetryableError
from flows.private_files import private_folder
from transforms.bundle import BundleDigest, Member, write_bundle


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
        message = f"{path} cannot be written: {error.strerror or error}."
        step = "Make room on the disk of the state folder, then: chorus-flows run"
        raise OutboxUnavailableError(message, next_step=step) from error


def remove_unknown(folder: Path, known: Collection[str]) -> None:
    """Remove the files that a crash left in a run's outbox and that the ledger does not know."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path.is_file() and path.name not in known:
                path.unlink()


def _write(
    path: Path, members: Iterable[Member], *, gzip_level: int, stylesheet: Member | None
) -> BundleDigest:
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        digest = write_bundle(stream, members, gzip_level=gzip_level, stylesheet=stylesheet)
        reach(CrashPoint.RENDER)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest
