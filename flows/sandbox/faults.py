"""Faults of the sandbox's SFTP server: what a real gateway does on a bad night.

A test switches one on, the server obeys it once (or as often as told), then behaves again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong."""

    CUT = "cut"
    """The connection is lost during an upload, once ``after_bytes`` have arrived."""
    DISK_FULL = "disk_full"
    """Writing fails once ``after_bytes`` have arrived; the connection lives on."""
    REFUSE_RENAME = "refuse_rename"
    """The rename to the final name is refused for lack of permission; nothing moves."""
    CUT_BEFORE_RENAME = "cut_before_rename"
    """The connection is lost when the rename is asked for; nothing moves."""
    CUT_AFTER_RENAME = "cut_after_rename"
    """The rename is done, then the connection is lost before the answer."""
    HANG_UPLOAD = "hang_upload"
    """The server stops answering during an upload, once ``after_bytes`` have arrived."""
    HANG_RENAME = "hang_rename"
    """The server never answers a rename; nothing moves."""
    HANG_LIST = "hang_list"
    """The server never answers a listing."""


UPLOAD_FAULTS = frozenset({FaultKind.CUT, FaultKind.DISK_FULL, FaultKind.HANG_UPLOAD})


@dataclass(slots=True)
class Fault:
    """One fault to come.

    Attributes:
        kind: what goes wrong.
        after_bytes: for an upload, bytes that still arrive before it goes wrong.
        times: how often it strikes before it is used up.
        name: only for paths that contain this text; empty: for any.
    """

    kind: FaultKind
    after_bytes: int = 0
    times: int = 1
    name: str = ""


def at_percent(kind: FaultKind, percent: int, size: int, *, times: int = 1) -> Fault:
    """Return an upload fault that strikes at ``percent`` of a file of ``size`` bytes.

    Raises:
        ValueError: when ``percent`` is outside 0..100.
    """
    if not 0 <= percent <= 100:
        msg = f"{percent} is no percentage"
        raise ValueError(msg)
    return Fault(kind, after_bytes=size * percent // 100, times=times)


@dataclass(slots=True)
class Faults:
    """The faults switched on. Shared by the caller's thread and the server's."""

    _pending: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    struck: list[FaultKind] = field(default_factory=list)
    """What has struck so far, in order."""

    def switch_on(self, fault: Fault) -> None:
        """Add a fault; it strikes at the next operation that suits it."""
        with self._lock:
            self._pending.append(fault)

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._pending.clear()

    def strike(self, kinds: frozenset[FaultKind], path: str, *, reached: int = 0) -> Fault | None:
        """Return the fault of one of ``kinds`` due for ``path``, and use it up once.

        Args:
            kinds: kinds that suit the operation at hand.
            path: path the operation is about.
            reached: last byte of the file the operation would write; an upload fault with
                ``after_bytes`` above it is not due yet.
        """
        with self._lock:
            for fault in self._pending:
                if fault.kind not in kinds or fault.name not in path:
                    continue
                if fault.kind in UPLOAD_FAULTS and reached < fault.after_bytes:
                    continue
                fault.times -= 1
                if fault.times < 1:
                    self._pending.remove(fault)
                self.struck.append(fault.kind)
                return fault
        return None
