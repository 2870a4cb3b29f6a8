"""Exclusive work: one process of one machine deposits for an emitter at a time, one collects.

Two locks stand beside each other. The file lock of the state folder (``flows.locking``) keeps the
processes of this machine apart; the system frees it at once when its owner dies. The lock in the
ledger keeps machines apart: its owner gives signs of life, and a standby takes it over when they
stop. Source of the rules: chorus-flows, docs/ledger.md, "Two machines".
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

from flows import locking, machine
from flows.configuration import Configuration
from flows.errors import LedgerUnavailableError, LockHeldError
from flows.folders import StateFolders
from flows.ledger import COLLECT, DEPOSIT, Ledger, LockRecord, utc_now
from flows.ledger_access import ledger_file, open_ledger
from flows.outbox import identity_of

_LOG = logging.getLogger(__name__)

#: Name of the file lock that goes with a lock of the ledger.
_FILES = {DEPOSIT: "run", COLLECT: "collect"}
#: A killed process lets its file lock go some moments before it is gone.
_ENDING_SECONDS = 2.0
#: How long the end of a heartbeat that is under way is waited for.
_LAST_BEAT_SECONDS = 5.0


def depositing(
    configuration: Configuration,
    *,
    clock: Callable[[], datetime] = utc_now,
    create: bool = True,
    journal: bool = True,
) -> AbstractContextManager[Ledger]:
    """Open the ledger as the only one who deposits for the emitter, or changes what will be.

    Every write through the ledger given is refused with ``LockLostError`` once another machine has
    taken the lock over.

    Args:
        configuration: names state folder and ledger.
        clock: tells the present moment, with a zone.
        create: whether to make a ledger where there is none.
        journal: whether the journal of the state folder follows what is recorded.

    Raises:
        LockHeldError: another process is at work; says which, where, since when, and what to do.
        ConfigurationError, LedgerUnavailableError: see :func:`flows.ledger_access.open_ledger`.
    """
    return _opened(configuration, DEPOSIT, clock, create, journal)


def collecting(
    configuration: Configuration, *, clock: Callable[[], datetime] = utc_now
) -> AbstractContextManager[Ledger]:
    """Open the ledger as the only one who collects for the emitter; see :func:`depositing`."""
    return _opened(configuration, COLLECT, clock, False, True)


@contextmanager
def collecting_if_free(
    ledger: Ledger,
    configuration: Configuration,
    *,
    wait: float,
    clock: Callable[[], datetime] = utc_now,
) -> Iterator[bool]:
    """Hold the collect lock beside the one that the ledger holds; yield whether it is held.

    Args:
        ledger: open, by :func:`depositing`.
        configuration: names the state folder.
        wait: seconds to wait for another collect to end.
        clock: tells the present moment, with a zone.
    """

    def beside() -> AbstractContextManager[object]:
        return collecting_beside(ledger, configuration, clock=clock)

    with locking.if_free(beside, wait=wait) as free:
        yield free


@contextmanager
def collecting_beside(
    ledger: Ledger, configuration: Configuration, *, clock: Callable[[], datetime] = utc_now
) -> Iterator[None]:
    """Hold the collect lock beside the one that the ledger holds.

    Args:
        ledger: open, by :func:`depositing`.
        configuration: names the state folder.
        clock: tells the present moment, with a zone.

    Raises:
        LockHeldError: a collect is at work.
    """
    with (
        _file_lock(configuration, COLLECT, clock),
        _ledger_lock(ledger, configuration, COLLECT),
    ):
        yield


@contextmanager
def _opened(
    configuration: Configuration,
    name: str,
    clock: Callable[[], datetime],
    create: bool,
    journal: bool,
) -> Iterator[Ledger]:
    with (
        _file_lock(configuration, name, clock),
        open_ledger(configuration, clock=clock, create=create, journal=journal) as ledger,
        _ledger_lock(ledger, configuration, name),
    ):
        yield ledger


def _file_lock(
    configuration: Configuration, name: str, clock: Callable[[], datetime]
) -> AbstractContextManager[object]:
    folder = StateFolders(configuration.settings.state_folder).root
    # Of a shared folder each machine has a file of its own: a server may keep the lock of a
    # machine that is dead for as long as it stays so, and a standby would wait for it.
    host = "" if ledger_file(configuration) else machine.host_name()
    return locking.held(folder, _FILES[name], machine=host, clock=clock)


@contextmanager
def _ledger_lock(ledger: Ledger, configuration: Configuration, name: str) -> Iterator[None]:
    settings = configuration.settings
    outbox = identity_of(StateFolders(settings.state_folder).outbox)
    former = _take(ledger, configuration, name, outbox)
    if former is not None:
        _LOG.warning("The %s lock was taken over from %s.", name, former)
    beat = _Heartbeat(ledger, name, settings.locks.heartbeat_seconds)
    try:
        yield
    finally:
        beat.stop()
        try:
            ledger.release_lock(name)
        except LedgerUnavailableError as error:
            # This machine takes it over at its next run; another one, once it is stale.
            _LOG.warning("The %s lock stays in the ledger: %s", name, error)


def _take(
    ledger: Ledger, configuration: Configuration, name: str, outbox: str
) -> LockRecord | None:
    here = machine.this_process()
    one_machine = ledger_file(configuration) is not None

    def beside_us(owner: machine.Process) -> bool:
        """Whether a process would have to hold the file lock that is ours now."""
        return owner.system == here.system and (one_machine or owner.host == here.host)

    def ended(held: LockRecord) -> bool:
        owner = held.process
        if owner == here:
            return True  # an earlier night of this process, whose database was away at its end
        if beside_us(owner):
            return machine.has_ended(owner)
        # A ledger in SQLite is on a disk of this machine, which was started again since.
        return one_machine and owner.host == here.host

    end = time.monotonic() + _ENDING_SECONDS
    while True:
        try:
            return ledger.take_lock(
                name,
                here,
                token=secrets.token_hex(16),
                outbox=outbox,
                stale_after=timedelta(seconds=configuration.settings.locks.stale_after_seconds),
                ended=ended,
            )
        except LockHeldError:
            held = ledger.lock(name)
            ending = held is None or (held.outbox == outbox and beside_us(held.process))
            if not ending or time.monotonic() >= end:
                raise
            time.sleep(0.05)


class _Heartbeat:
    """Signs of life of a lock, from a thread of its own, until it is stopped."""

    def __init__(self, ledger: Ledger, name: str, seconds: float) -> None:
        self._ledger = ledger
        self._name = name
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"{name}-heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Give no more signs; one that hangs in a dead connection is left behind."""
        self._over.set()
        self._thread.join(_LAST_BEAT_SECONDS)

    def _beat(self) -> None:
        while not self._over.wait(self._seconds):
            try:
                renewed = self._ledger.renew_lock(self._name)
            except Exception as error:
                # The night goes on: it is told itself by the ledger, as soon as it writes.
                _LOG.warning("No sign of life for the %s lock: %s", self._name, error)
                continue
            if not renewed and not self._over.is_set():
                _LOG.error("The %s lock was taken over: this process must stop.", self._name)
                return
