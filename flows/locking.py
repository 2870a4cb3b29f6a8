"""Run locks of one machine: one run, and one collect, at a time per state folder.

A lock is a POSIX record lock on a file of the state folder. The system lets it go when its process
ends, however that happens, so a dead owner never blocks the next night; worker processes do not
inherit it. The file says who holds it. Between machines the lock in the ledger counts
(``flows.exclusive``, which takes both).
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.errors import ConfigurationError, LockHeldError

# Closing any descriptor of a file drops the locks its process has on it, and a process never
# blocks itself: what this process holds is kept here, so that it is neither opened nor taken again.
_mine: dict[tuple[int, Path], Owner] = {}
_guard = threading.Lock()


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a lock: process, machine, and since when (ISO 8601, UTC)."""

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since}"


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def held(
    folder: Path, name: str, *, machine: str = "", clock: Callable[[], datetime] = _now
) -> Iterator[Owner]:
    """Hold the lock ``name`` of a state folder for the time of a ``with`` block.

    Args:
        folder: the state folder; it must exist.
        name: what is locked: ``run`` or ``collect``.
        machine: name of this machine, where the folder is shared with others: their locks are
            others.
        clock: tells the present moment, with a zone.

    Raises:
        LockHeldError: another process, or this one, holds it; says which, where and since when.
        ConfigurationError: the lock file cannot be written.
    """
    path = _path(folder, name, machine)
    owner = Owner(os.getpid(), socket.gethostname(), clock().astimezone(UTC).isoformat())
    descriptor = _take(path, name, owner)
    try:
        yield owner
    finally:
        with _guard:
            # The file stays: who waits for the lock may have opened it already.
            os.ftruncate(descriptor, 0)
            os.close(descriptor)
            del _mine[owner.pid, path]


@contextmanager
def if_free(lock: Callable[[], AbstractContextManager[object]], *, wait: float) -> Iterator[bool]:
    """Hold a lock, waiting up to ``wait`` seconds for its owner; yield whether it is held."""
    end = time.monotonic() + wait
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lock())
            except LockHeldError:
                if time.monotonic() >= end:
                    break
                time.sleep(min(0.5, wait))
            else:
                yield True
                return
        yield False


def holder(folder: Path, name: str, *, machine: str = "") -> Owner | None:
    """Return who holds the lock ``name`` now, or None."""
    path = _path(folder, name, machine)
    with _guard:
        mine = _mine.get((os.getpid(), path))
        if mine is not None:
            return mine
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        try:
            return None if _try_lock(descriptor) else _read(descriptor)
        finally:
            os.close(descriptor)


def _path(folder: Path, name: str, machine: str) -> Path:
    return folder.resolve() / (f"{name}.{machine}.lock" if machine else f"{name}.lock")


def _take(path: Path, name: str, owner: Owner) -> int:
    with _guard:
        mine = _mine.get((owner.pid, path))
        if mine is not None:
            raise _refusal(name, mine)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            what = f"The lock {path} cannot be written: {error.strerror}."
            advice = "Check that the state folder exists and its rights (setting state_folder)."
            raise ConfigurationError(what, next_step=advice) from error
        try:
            if not _try_lock(descriptor):
                raise _refusal(name, _read(descriptor))
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)
        except OSError as error:
            os.close(descriptor)
            # ENOLCK, most often: a share whose server knows no locks.
            what = f"The lock {path} cannot be taken: {error.strerror}."
            advice = "Put the state folder on a disk that has locks (docs/ledger.md, Two machines)."
            raise ConfigurationError(what, next_step=advice) from error
        except BaseException:
            os.close(descriptor)
            raise
        _mine[owner.pid, path] = owner
        return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # POSIX allows either for "held by another"
        return False
    return True


def _read(descriptor: int) -> Owner | None:
    try:
        facts: Any = json.loads(os.pread(descriptor, 4096, 0))
        return Owner(int(facts["pid"]), str(facts["host"]), str(facts["since"]))
    except (ValueError, TypeError, KeyError):
        return None  # taken a moment ago, not yet signed


def _refusal(name: str, owner: Owner | None) -> LockHeldError:
    who = str(owner) if owner is not None else "another process, just now"
    return LockHeldError(
        f"Another {name} holds the lock: {who}.",
        next_step="Wait until it has ended, then run again.",
    )
