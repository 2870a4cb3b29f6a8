"""Two machines with one ledger in PostgreSQL: one deposits, the other takes over when it is gone.

Machines are processes with another host name and boot id; they share the state folder, as over a
network disk, unless a test gives one a folder of its own.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows import machine, night
from flows.cli.main import run
from flows.crashpoints import CrashPoint
from flows.errors import ExitCode, LockHeldError
from flows.exclusive import collecting
from flows.ledger import RunState
from tests.support.apart import collect_apart, night_apart
from tests.support.firm import Firm, csv, row
from tests.support.machines import being, collect_on, night_on, silent_for

STALE = timedelta(hours=1)


def firm_in(folder: Path, ledger: dict[str, str]) -> Firm:
    folder.mkdir(exist_ok=True)
    return Firm(folder, {"": dict(ledger), "workers": {"chunk_invoices": 1}})


@pytest.fixture
def firm(tmp_path: Path, postgres_ledger: dict[str, str]) -> Firm:
    made = firm_in(tmp_path / "shared", postgres_ledger)
    made.drop("a.csv", csv([row("F1"), row("F2"), row("F3")]))
    return made


def lock_events(firm: Firm) -> list[tuple[str, str]]:
    with firm.ledger() as ledger:
        return [(event.source, event.target) for event in ledger.events(kind="lock")]


def assert_each_arrived_once(firm: Firm) -> None:
    assert firm.states() == {number: ["handed_over"] for number in ("F1", "F2", "F3")}
    with firm.ledger() as ledger:
        names = sorted(flow.file_name for flow in ledger.flows())
        assert [r.state for r in ledger.runs()] == [RunState.DONE] * len(ledger.runs())
        assert ledger.locks() == []
    assert [path.name for path in firm.arrived()] == names


@pytest.mark.parametrize(
    "place",
    [
        CrashPoint.RECORDED,
        CrashPoint.BEFORE_DEPOSIT,
        CrashPoint.UPLOAD_0,
        CrashPoint.UPLOAD_100,
        CrashPoint.AFTER_RENAMING_RECORD,
        CrashPoint.AFTER_RENAME,
        CrashPoint.BEFORE_REPORT,
    ],
)
def test_a_machine_that_was_frozen_and_taken_over_sends_and_writes_nothing_more(
    firm: Firm, place: CrashPoint
) -> None:
    active = night_on(firm, "alpha", freeze_at=place)
    assert active.stopped()
    with being("beta"):
        with pytest.raises(LockHeldError, match="on alpha since"):
            firm.run()
        silent_for(firm, STALE)
        assert firm.code(firm.run()) is ExitCode.OK
    assert lock_events(firm) == [("deposit", "taken_over")]
    assert_each_arrived_once(firm)
    with firm.ledger() as ledger:
        before = ledger.events()
    active.go_on()
    ended = active.end()
    assert ended.code is ExitCode.UNFINISHED
    assert "taken" in ended.told[0]
    assert_each_arrived_once(firm)
    with firm.ledger() as ledger:
        assert ledger.events() == before


def test_a_machine_that_wakes_while_the_other_one_deposits_leaves_its_upload_alone(
    firm: Firm,
) -> None:
    active = night_on(firm, "alpha", freeze_at=CrashPoint.UPLOAD_0)
    assert active.stopped()
    silent_for(firm, STALE)
    standby = night_on(firm, "beta", freeze_at=CrashPoint.AFTER_RENAMING_RECORD)
    assert standby.stopped()
    active.go_on()
    assert active.end().code is ExitCode.UNFINISHED
    standby.go_on()
    assert standby.end().code is ExitCode.OK
    assert_each_arrived_once(firm)


def test_of_two_machines_that_start_together_exactly_one_does_the_night(firm: Firm) -> None:
    both = [night_on(firm, host, freeze_at=CrashPoint.BEFORE_DEPOSIT) for host in ("alpha", "beta")]
    stopped = [machine.stopped() for machine in both]
    assert sorted(stopped) == [False, True]
    loser, winner = sorted(both, key=lambda machine: stopped[both.index(machine)])
    refused = loser.end()
    assert refused.code is ExitCode.UNFINISHED
    assert "deposit lock" in refused.told[0]
    winner.go_on()
    assert winner.end().code is ExitCode.OK
    assert_each_arrived_once(firm)


def test_the_night_of_a_machine_that_died_is_resumed_by_the_other_one_once_it_is_silent(
    firm: Firm,
) -> None:
    active = night_on(firm, "alpha", freeze_at=CrashPoint.UPLOAD_100)
    assert active.stopped()
    active.kill()
    with being("beta"):
        with pytest.raises(LockHeldError, match="taken over once 600 s"):
            firm.run()
        silent_for(firm, STALE)
        assert firm.code(firm.run()) is ExitCode.OK
    assert_each_arrived_once(firm)


def test_a_machine_with_an_outbox_of_its_own_does_not_take_over_until_a_person_says_so(
    firm: Firm, tmp_path: Path, postgres_ledger: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    active = night_on(firm, "alpha", freeze_at=CrashPoint.BEFORE_DEPOSIT)
    assert active.stopped()
    active.kill()
    silent_for(firm, STALE)
    lonely = firm_in(tmp_path / "lonely", postgres_ledger)
    with being("beta"):
        with pytest.raises(LockHeldError, match="another outbox"):
            lonely.run()
        settings = ["--config", str(lonely.settings_file)]
        word = ["--by", "A. Martin", "--reason", "alpha burnt down"]
        assert run(["ledger", "unlock", "deposit", *word, *settings]) is ExitCode.OK
        assert "held by process" in capsys.readouterr().out
        assert run(["ledger", "unlock", "deposit", *word, *settings]) is ExitCode.USAGE
        # What alpha had claimed is on a disk that this machine does not see: a person must look.
        assert lonely.code(lonely.run()) is ExitCode.ATTENTION
    assert firm.arrived() == []
    assert lonely.arrived() == []


def test_a_killed_night_of_this_machine_is_resumed_at_once(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    firm = firm_in(tmp_path / "firm", either_ledger)
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3")]))
    assert night_apart(firm, crash_at=CrashPoint.UPLOAD_50).signal == 9
    with firm.ledger() as ledger:
        assert [lock.name for lock in ledger.locks()] == ["deposit"]
    assert firm.code(firm.run()) is ExitCode.OK
    assert lock_events(firm) == [("deposit", "taken_over")]
    assert_each_arrived_once(firm)


def test_after_a_restart_a_ledger_of_one_machine_is_free_and_a_shared_one_is_waited_for(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    firm = firm_in(tmp_path / "firm", either_ledger)
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3")]))
    assert night_apart(firm, crash_at=CrashPoint.BEFORE_DEPOSIT).signal == 9
    with being(machine.host_name(), boot="the next one"):
        if either_ledger:
            with pytest.raises(LockHeldError):
                firm.run()
            silent_for(firm, STALE)
        assert firm.code(firm.run()) is ExitCode.OK
    assert_each_arrived_once(firm)


def test_containers_of_one_machine_do_not_take_each_other_for_dead(firm: Firm) -> None:
    """They share the boot id, and see neither the processes nor the file locks of each other."""
    active = night_on(firm, "container-1", freeze_at=CrashPoint.BEFORE_DEPOSIT)
    assert active.stopped()
    active.kill()  # what another process namespace looks like from here: no such process
    with (
        being("container-2", boot="boot of container-1"),
        pytest.raises(LockHeldError, match="on container-1"),
    ):
        firm.run()
    with being("container-1"):  # the same one, started again
        assert firm.code(firm.run()) is ExitCode.OK
    assert_each_arrived_once(firm)


def test_a_collect_runs_while_a_night_is_at_work(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    firm = firm_in(tmp_path / "firm", either_ledger)
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3")]))
    active = night_on(firm, "alpha", freeze_at=CrashPoint.BEFORE_DEPOSIT)
    assert active.stopped()
    (firm.root / "gateway" / "out" / "CSO1106A_1").write_bytes(b"not a report")
    here = collect_apart(firm)
    beside = collect_on(firm, "beta").end()
    assert here.code is ExitCode.ATTENTION  # a file that is not understood
    assert beside.code is ExitCode.OK  # it is known by now
    active.go_on()
    assert active.end().code is ExitCode.OK
    assert_each_arrived_once(firm)


def test_a_night_does_not_need_a_collect_that_is_at_work(
    tmp_path: Path, either_ledger: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = firm_in(tmp_path / "firm", either_ledger)
    assert firm.code(firm.run()) is ExitCode.OK  # there is a ledger
    firm.drop("a.csv", csv([row("F1"), row("F2"), row("F3")]))
    firm.now += timedelta(hours=1)
    collect = collect_on(firm, "beta", freeze=True)
    assert collect.stopped()
    monkeypatch.setattr(night, "COLLECT_WAIT_SECONDS", 0.0)
    (result,) = firm.run()
    assert result.exit_code is ExitCode.OK
    assert any("another collect was at work" in told for told in result.problems)
    with firm.ledger() as ledger:
        assert [lock.name for lock in ledger.locks()] == ["collect"]
    collect.go_on()
    assert collect.end().code is ExitCode.OK
    assert_each_arrived_once(firm)


def test_a_second_collect_is_refused_and_told_who_collects(
    tmp_path: Path, either_ledger: dict[str, str]
) -> None:
    firm = firm_in(tmp_path / "firm", either_ledger)
    firm.run()
    collect = collect_on(firm, "beta", freeze=True)
    assert collect.stopped()
    with pytest.raises(LockHeldError) as refused, collecting(firm.configuration()):
        pass
    assert f"process {collect.process.pid}" in str(refused.value)
    collect.kill()


def test_status_and_doctor_tell_who_is_at_work(
    firm: Firm, capsys: pytest.CaptureFixture[str]
) -> None:
    active = night_on(firm, "alpha", freeze_at=CrashPoint.BEFORE_DEPOSIT)
    assert active.stopped()
    settings = ["--config", str(firm.settings_file)]
    run(["status", *settings])
    assert f"deposit lock: process {active.process.pid} on alpha since" in capsys.readouterr().out
    run(["doctor", *settings])
    assert f"deposit: process {active.process.pid} on alpha since" in capsys.readouterr().out
    active.go_on()
    assert active.end().code is ExitCode.OK
    run(["doctor", *settings])
    told = capsys.readouterr().out
    assert "nobody is at work" in told
    assert "the ledger is in PostgreSQL" in told
