"""Exclusive work: the file lock and the lock of the ledger, signs of life, and their end."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from flows import machine
from flows.errors import ConfigurationError, LockHeldError, LockLostError
from flows.exclusive import collecting, collecting_if_free, depositing
from flows.ledger import COLLECT, DEPOSIT, Ledger
from flows.locking import held, holder
from flows.machine import Process
from flows.outbox import identity_of
from tests.support.firm import Firm
from tests.support.machines import being, silent_for

STANDBY = Process("beta", "boot of beta", 200, 2)


@pytest.fixture
def firm(tmp_path: Path, either_ledger: dict[str, str]) -> Firm:
    made = Firm(tmp_path, {"": dict(either_ledger)})
    (made.root / "state").mkdir()
    return made


def steal(firm: Firm, name: str = DEPOSIT, owner: Process = STANDBY) -> None:
    """Take a lock over, as a standby that waited long enough."""
    with firm.ledger() as other:
        other.take_lock(
            name,
            owner,
            token=secrets.token_hex(4),
            outbox=identity_of(firm.root / "state" / "outbox"),
            stale_after=timedelta(0),
            ended=lambda _: False,
        )


def until(true: Callable[[], bool]) -> bool:
    latest = time.monotonic() + 60
    while not true() and time.monotonic() < latest:
        time.sleep(0.02)
    return true()


def owners(firm: Firm) -> dict[str, str]:
    with firm.ledger() as ledger:
        return {lock.name: lock.process.host for lock in ledger.locks()}


def test_both_locks_are_held_and_both_are_let_go(firm: Firm) -> None:
    configuration = firm.configuration()
    shared = configuration.settings.ledger_url != ""
    host = machine.host_name() if shared else ""
    with depositing(configuration) as ledger:
        ledger.note("x")
        assert owners(firm) == {"deposit": machine.host_name()}
        assert holder(firm.root / "state", "run", machine=host) is not None
        with pytest.raises(LockHeldError), depositing(configuration):
            pass
        with collecting(configuration):
            assert list(owners(firm)) == ["collect", "deposit"]
    assert owners(firm) == {}
    assert holder(firm.root / "state", "run", machine=host) is None
    with pytest.raises(ZeroDivisionError), depositing(configuration):
        raise ZeroDivisionError
    assert owners(firm) == {}


def test_signs_of_life_are_given_while_the_work_goes_on(firm: Firm) -> None:
    firm.sections["locks"] = {"heartbeat_seconds": 0.05}
    firm.write_settings()

    def moved(ledger: Ledger) -> bool:
        lock = ledger.lock(DEPOSIT)
        return lock is not None and lock.age < timedelta(seconds=30)

    with depositing(firm.configuration()) as ledger:
        silent_for(firm, timedelta(hours=1))
        assert until(lambda: moved(ledger))


def test_work_whose_lock_was_taken_over_writes_nothing_and_leaves_the_lock_alone(
    firm: Firm, caplog: pytest.LogCaptureFixture
) -> None:
    firm.sections["locks"] = {"heartbeat_seconds": 0.05}
    firm.write_settings()
    with caplog.at_level(logging.ERROR), depositing(firm.configuration()) as ledger:
        steal(firm)
        assert until(lambda: "was taken over: this process must stop" in caplog.text)
        with pytest.raises(LockLostError):
            ledger.note("x")
    assert owners(firm) == {"deposit": "beta"}


def test_a_collect_that_lost_its_lock_writes_nothing_either(firm: Firm) -> None:
    with depositing(firm.configuration()):
        pass
    with collecting(firm.configuration()) as ledger:
        steal(firm, COLLECT)
        with pytest.raises(LockLostError, match="collect lock"):
            ledger.note("x")


def test_a_collect_inside_a_night_is_done_only_when_nobody_else_collects(firm: Firm) -> None:
    configuration = firm.configuration()
    with depositing(configuration) as ledger:
        with collecting_if_free(ledger, configuration, wait=0) as free:
            assert free
            assert list(owners(firm)) == ["collect", "deposit"]
        assert list(owners(firm)) == ["deposit"]
        with (
            collecting(configuration),
            collecting_if_free(ledger, configuration, wait=0) as free,
        ):
            assert not free
        ledger.note("x")  # the night goes on


def test_a_collect_of_another_machine_is_seen_in_the_ledger(
    tmp_path: Path, postgres_ledger: dict[str, str]
) -> None:
    firm = Firm(tmp_path, {"": dict(postgres_ledger)})
    (firm.root / "state").mkdir()
    configuration = firm.configuration()
    with depositing(configuration) as ledger:
        steal(firm, COLLECT)
        with collecting_if_free(ledger, configuration, wait=0) as free:
            assert not free
        # The file lock that was taken with it is free again.
        with held(firm.root / "state", "collect", machine=machine.host_name()):
            pass


def test_on_sqlite_the_lock_of_an_earlier_start_of_the_machine_is_free(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    (firm.root / "state").mkdir()
    with depositing(firm.configuration()):
        pass
    steal(firm)  # of another host: nothing is certain
    with pytest.raises(LockHeldError, match="on beta"), depositing(firm.configuration()):
        pass
    steal(firm, owner=Process(machine.host_name(), "the boot before", 200, 2))
    with depositing(firm.configuration()):
        assert owners(firm) == {"deposit": machine.host_name()}


def test_machines_that_share_a_folder_have_files_of_their_own(
    tmp_path: Path, postgres_ledger: dict[str, str]
) -> None:
    firm = Firm(tmp_path, {"": dict(postgres_ledger)})
    (firm.root / "state").mkdir()
    with depositing(firm.configuration()), being("beta"):
        # A server that never lets the lock of a dead machine go does not keep the standby out:
        # only the lock in the ledger does.
        with pytest.raises(LockHeldError, match="deposit lock"), depositing(firm.configuration()):
            pass
        assert (firm.root / "state" / "run.beta.lock").exists()


def test_a_state_folder_that_is_not_there_is_told_and_not_made(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    firm = Firm(tmp_path, {"": dict(either_ledger)})
    with pytest.raises(ConfigurationError, match="state folder"), depositing(firm.configuration()):
        pass
    assert not (firm.root / "state").exists()
