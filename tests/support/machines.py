"""Machines that share a ledger: processes whose host name and running system are others."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from flows import collecting, configuration, deposit, machine, night, transform
from flows.errors import ExitCode, worst
from flows.ledger.tables import locks
from flows.ledger_access import ledger_url
from flows.night_result import Mode
from tests.support.apart import Begun, begin
from tests.support.firm import Firm

#: Modules that name a crash point, where a process may freeze as well.
_PLACES = (deposit, night, transform)


def night_on(firm: Firm, host: str, *, freeze_at: str = "") -> Begun:
    """Begin a night on a machine of this name; it stops itself at the crash point named."""
    return begin(_night, firm.settings_file, firm.now, host, freeze_at)


def collect_on(firm: Firm, host: str, *, freeze: bool = False) -> Begun:
    """Begin a collect on a machine of this name; it may stop itself, its lock held."""
    return begin(_collect, firm.settings_file, firm.now, host, freeze)


@contextmanager
def being(host: str, *, boot: str = "") -> Iterator[None]:
    """Let this process be on a machine of this name, under a boot id of its own."""
    with pytest.MonkeyPatch.context() as patch:
        _be(host, patch, boot)
        yield


def silent_for(firm: Firm, span: timedelta) -> None:
    """Let the last sign of life of all locks be that much older, by the clock of the database."""
    engine = create_engine(ledger_url(firm.configuration()))
    with engine.begin() as connection:
        for row in connection.execute(locks.select()).all():
            same = (locks.c.emitter == row.emitter, locks.c.name == row.name)
            connection.execute(locks.update().where(*same).values(seen_at=row.seen_at - span))
    engine.dispose()


def _be(host: str, patch: pytest.MonkeyPatch, boot: str = "") -> None:
    patch.setattr(machine, "host_name", lambda: host)
    patch.setattr(machine, "boot_id", lambda: boot or f"boot of {host}")


def _night(
    settings: Path, now: datetime, host: str, freeze_at: str
) -> tuple[ExitCode, tuple[str, ...]]:
    with pytest.MonkeyPatch.context() as patch:
        _be(host, patch)
        for place in _PLACES:
            patch.setattr(place, "reach", _Freeze(freeze_at))
        results = night.run(configuration.load(settings), mode=Mode.DEPOSIT, clock=lambda: now)
    told = tuple(problem for result in results for problem in result.problems)
    return worst(*(result.exit_code for result in results)), told


def _collect(
    settings: Path, now: datetime, host: str, freeze: bool
) -> tuple[ExitCode, tuple[str, ...]]:
    work = collecting.collect

    def stop_first(*arguments: Any, **named: Any) -> Any:
        if freeze:
            os.kill(os.getpid(), signal.SIGSTOP)
        return work(*arguments, **named)

    with pytest.MonkeyPatch.context() as patch:
        _be(host, patch)
        patch.setattr(collecting, "collect", stop_first)
        done = collecting.collect_now(configuration.load(settings), clock=lambda: now)
    return done.exit_code, tuple(done.lines())


class _Freeze:
    """Stops the process, all its threads, the first time it comes to a place."""

    def __init__(self, place: str) -> None:
        self._place = place

    def __call__(self, name: str) -> None:
        if name == self._place:
            self._place = ""
            os.kill(os.getpid(), signal.SIGSTOP)
