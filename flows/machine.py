"""This machine and its processes, told apart so that a lock can say whose it is."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
#: States of a process that has ended and that its parent has not yet asked about (proc(5)).
_ENDED = frozenset("ZXx")


@dataclass(frozen=True, slots=True)
class Process:
    """A process, so that no other one is taken for it.

    Attributes:
        host: name of the machine.
        system: boot id of its running system: it differs on another machine, and after a restart;
            containers of one machine share it. Empty when it cannot be told.
        pid: number of the process.
        started: clock ticks between the boot and the start of the process: numbers of processes
            come again, their start does not. 0 when it cannot be told.
    """

    host: str
    system: str
    pid: int
    started: int

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


def host_name() -> str:
    """Return the name of this machine."""
    return socket.gethostname()


def boot_id() -> str:
    """Return the boot id of the running system; empty where the kernel does not tell one."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def this_process() -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    state = _state(pid)
    return Process(host_name(), boot_id(), pid, state[1] if state else 0)


def has_ended(process: Process) -> bool:
    """Whether a process of this running system is over for certain.

    One of another machine, or of this one before its last start, is never certain here.
    """
    if not process.system or process.system != boot_id():
        return False
    state = _state(process.pid)
    if state is not None:
        ended, started = state
        return ended or (process.started != 0 and started != process.started)
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's, hidden from us in /proc
        return False
    return False


def _state(pid: int) -> tuple[bool, int] | None:
    """Return whether a process has ended, and its start in ticks; None when it is not seen."""
    try:
        # The name of the program, in brackets, may hold blanks and brackets itself.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return fields[0] in _ENDED, int(fields[19])
    except (OSError, ValueError, IndexError):
        return None
