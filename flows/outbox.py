"""The outbox: flow files appear in it whole and on disk, or not at all."""

from __future__ import annotations

import os
import secrets
import uuid
from collections.abc import Collection, Iterable
from pathlib import Path

from flows.channels.localfile import fsync_folder
from flows.crashpoints import CrashPoint, reach
from flows.errors import OutboxDamagedError, RetryableError
from flows.private_files import name_once, private_folder
from transforms.bundle import BundleDigest, Member, write_bundle

#: File of the outbox that tells it from every other one.
IDENTITY = ".identity"
#: Ending of the file beside a flow that says what is in it (``flows.members``).
MEMBERS_SUFFIX = ".members.json"


class OutboxUnavailableError(RetryableError):
    """Raised when a flow cannot be written to the outbox: its disk is full, or fails."""

    cause = "disk"


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


def identity_of(outbox: Path) -> str:
    """Return what tells this outbox from every other one, written when it is first asked for.

    Two machines read the same only when they see the same disk.

    Raises:
        OutboxUnavailableError: it can neither be read nor written.
        OutboxDamagedError: the file holds no identity.
    """
    path = outbox / IDENTITY
    try:
        if not path.exists():
            _write_identity(path)
        told = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        message = f"{path} cannot be read or written: {error.strerror or error}."
        step = "See that the state folder is mounted and writable, then run again."
        raise OutboxUnavailableError(message, next_step=step) from error
    try:
        return str(uuid.UUID(told))
    except ValueError as error:
        message = f"{path} does not hold the identity of the outbox."
        step = "Restore it from a backup; if there is none, remove it: a new one is made."
        raise OutboxDamagedError(message, next_step=step) from error


def _write_identity(path: Path) -> None:
    """Write an identity whole and on disk under its name, unless somebody else is faster."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"{uuid.uuid4()}\n")
        stream.flush()
        os.fsync(stream.fileno())
    name_once(partial, path)
    partial.unlink(missing_ok=True)
    fsync_folder(path.parent)


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
    private_folder(path.parent)
    partial = path.with_name(f".{path.name}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        digest = write_bundle(stream, members, gzip_level=gzip_level, stylesheet=stylesheet)
        reach(CrashPoint.RENDER)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
    reach(CrashPoint.OUTBOX_RENAMED)
    fsync_folder(path.parent)
    return digest
