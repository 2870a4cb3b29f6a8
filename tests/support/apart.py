"""Nights in processes of their own, which may be killed, without the start-up of a new Python.

A fork server has everything imported and read: a night costs a fork. It is a process like any
other: what SIGKILL leaves of it is what a power cut leaves.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from flows import collecting, configuration, night
from flows.crashpoints import VARIABLE
from flows.errors import ChorusFlowsError, ExitCode, worst
from flows.night_result import Mode
from tests.support.firm import Firm

_LONGEST = 120.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        *("tests.support.apart", "flows.channels.sftp", "psycopg", "alembic.command", "pandas"),
        "tests.support.warm",
    ]
)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended: killed by ``signal``, or by itself with ``code``."""

    signal: int | None
    code: ExitCode | None
    told: tuple[str, ...] = ()
    """What it told: the problems of the night, or the trace of what it did not expect."""


def night_apart(firm: Firm, *, crash_at: str = "", mode: Mode = Mode.DEPOSIT) -> Ended:
    """Do a night of a firm in a process of its own.

    Args:
        firm: the installation.
        crash_at: a crash point, or ``point:n`` for the n-th time it is reached.
        mode: how far the night goes.
    """
    return apart(_night, firm.settings_file, firm.now, mode.value, crash_at=crash_at)


def collect_apart(firm: Firm, *, crash_at: str = "") -> Ended:
    """Collect for a firm in a process of its own; see :func:`night_apart`."""
    return apart(_collect, firm.settings_file, firm.now, crash_at=crash_at)


def apart(
    work: Callable[..., tuple[ExitCode, tuple[str, ...]]], *arguments: Any, crash_at: str = ""
) -> Ended:
    """Call a function of a module in a process of its own, and wait for its end."""
    return begin(work, *arguments, crash_at=crash_at).end()


def begin(
    work: Callable[..., tuple[ExitCode, tuple[str, ...]]], *arguments: Any, crash_at: str = ""
) -> Begun:
    """Call a function of a module in a process of its own, beside this one."""
    ours, theirs = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_child, args=(theirs, crash_at, work, arguments))
    process.start()
    theirs.close()
    return Begun(process, ours)


@dataclass(slots=True)
class Begun:
    """A process that was begun."""

    process: BaseProcess
    answer: Connection

    def end(self) -> Ended:
        """Wait for its end, and return it."""
        # Asked for before the end is waited for: a long answer would fill the pipe.
        answer = None
        with suppress(EOFError):
            answer = self.answer.recv() if self.answer.poll(_LONGEST) else None
        self.process.join(_LONGEST if answer is None else None)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"process {self.process.pid} did not end within {_LONGEST} s")
        if answer is None:
            return Ended(-self.process.exitcode, None)
        code, told = answer
        return Ended(None, ExitCode(code), told)

    def stopped(self) -> bool:
        """Wait until the process has stopped itself, or ended; whether it has stopped."""
        latest = time.monotonic() + _LONGEST
        while time.monotonic() < latest:
            try:
                state = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2]
            except FileNotFoundError:
                return False
            if state.split()[0] in "TZ":
                return state.split()[0] == "T"
            time.sleep(0.02)
        raise TimeoutError(f"process {self.process.pid} neither stopped nor ended")

    def go_on(self) -> None:
        """Let a process that has stopped go on."""
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the process as a power cut does."""
        self.process.kill()
        self.process.join()


def _child(
    answer: Connection,
    crash_at: str,
    work: Callable[..., tuple[ExitCode, tuple[str, ...]]],
    arguments: tuple[Any, ...],
) -> None:
    os.environ[VARIABLE] = crash_at
    try:
        code, told = work(*arguments)
    except ChorusFlowsError as error:
        code, told = error.exit_code, (str(error),)
    except Exception:
        code, told = ExitCode.UNEXPECTED, (traceback.format_exc(),)
    answer.send((int(code), told))


def _night(settings: Path, now: datetime, mode: str) -> tuple[ExitCode, tuple[str, ...]]:
    results = night.run(configuration.load(settings), mode=Mode(mode), clock=lambda: now)
    told = tuple(problem for result in results for problem in result.problems)
    return worst(*(result.exit_code for result in results)), told


def _collect(settings: Path, now: datetime) -> tuple[ExitCode, tuple[str, ...]]:
    collected = collecting.collect_now(configuration.load(settings), clock=lambda: now)
    return collected.exit_code, tuple(collected.lines())
