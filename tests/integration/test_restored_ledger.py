"""Yesterday's ledger put back after a night: nothing goes twice, no number is given again."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from flows import configuration
from flows.audit.verify import verify
from flows.crashpoints import CrashPoint, ReconcilePoint
from flows.doctor import examine
from flows.dry_run import rehearse
from flows.errors import ChorusFlowsError, ConfigurationError, ExitCode, RestoredLedgerError
from flows.importing import import_file
from flows.ledger import FlowState, RunState
from flows.night_result import Mode
from flows.reconciling import reconcile
from flows.release import discard, release
from flows.resolve import resolve
from flows.sandbox import Sandbox
from tests.support import postgres
from tests.support.apart import apart, night_apart
from tests.support.firm import NOW, SELLER, Firm, csv, row
from tests.support.restorable import TONIGHT, WAITED, WAITS, WRONG, YESTERDAY, Restorable

SENT = {*YESTERDAY, *TONIGHT, WAITED}


def made(folder: Path, url: str = "", **sections: dict[str, object]) -> Iterator[Restorable]:
    with Sandbox(folder / "chorus-pro", clock=lambda: NOW) as sandbox:
        sandbox.stop()  # its folders are enough
        firm = Firm(
            folder / "firm",
            {
                "": {"environment": "sandbox", **({"ledger_url": url} if url else {})},
                "channel": {"kind": "folder", "root": str(sandbox.in_folder.parent), "retries": 0},
                "workers": {"executor": "inline", "chunk_invoices": 3},
                **sections,
            },
        )
        yield Restorable(firm, sandbox, url)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Restorable]:
    """A firm after its first night, with a back-up of its ledger in SQLite."""
    yield from _after_one_night(made(tmp_path))


@pytest.fixture
def in_postgres(tmp_path: Path, postgres_server: postgres.Server) -> Iterator[Restorable]:
    """The same, in PostgreSQL."""
    url = postgres_server.new_ledger(company="default", emitter="ABC123")
    yield from _after_one_night(made(tmp_path, url))
    postgres_server.give_back(url)


def _after_one_night(places: Iterator[Restorable]) -> Iterator[Restorable]:
    for place in places:
        place.first_night()
        told = place.back_up()
        assert (told.runs, told.path.stat().st_mode & 0o777) == (1, 0o600)
        place.second_extract()
        yield place


# -- what happened in the second night before the ledger was put back --------------------------


def reported(place: Restorable) -> None:
    place.firm.run()
    place.sandbox.process()
    place.collect()


def deposited(place: Restorable) -> None:
    place.firm.run()


def taken(place: Restorable) -> None:
    """Chorus Pro has taken everything, and its reports are lost."""
    place.firm.run()
    place.sandbox.process()
    for path in place.sandbox.out_folder.iterdir():
        path.unlink()


def told_by_xml_alone(place: Restorable) -> None:
    place.firm.run()
    for path in place.state.rglob("*.members.json"):
        path.unlink()


def without_journal(place: Restorable) -> None:
    place.firm.run()
    shutil.rmtree(place.state / "journal")


def killed(point: str) -> Callable[[Restorable], None]:
    def night(place: Restorable) -> None:
        assert night_apart(place.firm, crash_at=point).signal == signal.SIGKILL

    night.__name__ = f"killed at {point}"
    return night


def backed_up_between(point: str) -> Callable[[Restorable], None]:
    """The back-up is of the middle of the night, which went on to its end."""

    def night(place: Restorable) -> None:
        assert night_apart(place.firm, crash_at=point).signal == signal.SIGKILL
        (place.firm.root / "yesterday.backup").unlink()
        place.back_up()
        place.firm.run()

    night.__name__ = f"backed up at {point}"
    return night


NIGHTS = [
    reported,
    deposited,
    taken,
    told_by_xml_alone,
    without_journal,
    killed(CrashPoint.UPLOAD_50),
    killed(f"{CrashPoint.AFTER_RENAME}:2"),
    backed_up_between(f"{CrashPoint.RECORDED}:2"),
    backed_up_between(f"{CrashPoint.UPLOAD_0}:2"),
]
#: Variants of a lost ledger that are left to ``make reliability``.
EXHAUSTIVE_WHEN_LOST = [
    pytest.param(night, marks=pytest.mark.exhaustive)
    for night in (killed(CrashPoint.UPLOAD_50), without_journal)
]
#: Chorus Pro's reports are gone: that the flows arrived is known by the journal alone.
SILENT = {taken}


@pytest.mark.parametrize("second", NIGHTS, ids=lambda night: night.__name__)
def test_yesterdays_ledger_put_back_sends_nothing_twice(
    place: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(place)
    place.restore()
    stopped_then_reconciled(place)
    assert_accounted_for(place, silent=second in SILENT)


@pytest.mark.parametrize(
    "second",
    [reported, killed(f"{CrashPoint.AFTER_RENAME}:2"), backed_up_between("recorded:2")],
    ids=lambda night: night.__name__,
)
def test_a_ledger_in_postgresql_put_back_sends_nothing_twice(
    in_postgres: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(in_postgres)
    in_postgres.restore()
    stopped_then_reconciled(in_postgres)
    assert_accounted_for(in_postgres)


@pytest.mark.parametrize("second", [reported, *EXHAUSTIVE_WHEN_LOST])
def test_a_ledger_that_is_lost_is_made_anew_from_what_is_beside_it(
    place: Restorable, second: Callable[[Restorable], None]
) -> None:
    second(place)
    place.lose()
    stopped_then_reconciled(place)
    assert_accounted_for(place)


def stopped_then_reconciled(place: Restorable) -> None:
    """Nothing is done until the ledger is reconciled; then the nights go on."""
    place.later()
    place.firm.drop("b-again.csv", place.second_content())
    before = place.snapshot()
    for command in (place.firm.run, place.collect):
        with pytest.raises(RestoredLedgerError, match="ledger reconcile"):
            command()
    assert place.snapshot() == before
    place.reconcile()
    assert place.reconcile().nothing
    place.firm.drop("b-once-more.csv", place.second_content())
    for _ in range(2):
        place.firm.run()
        with place.firm.ledger() as ledger:
            held = [run.run_id for run in ledger.runs() if run.state is RunState.HELD]
        for run_id in held:
            release(place.firm.configuration(), run_id, by="A. Martin", reason="looked at")
        place.sandbox.process()
        place.collect()
        place.later()


def assert_accounted_for(place: Restorable, *, silent: bool = False) -> None:
    """Every invoice of both nights arrived once, and the ledger says so of each."""
    arrived, states = place.arrived(), place.states()
    assert set(arrived) == SENT
    assert set(arrived.values()) == {1}
    for number in sorted(SENT):
        of_it = states[number] - {"waiting"}
        assert of_it == {"integrated"} or (silent and of_it == {"handed_over"}), (number, of_it)
    assert states[WRONG] == {"quarantined"}
    assert states[WAITS] == {"waiting"}
    given = place.numbers_given()
    assert len(given) == len(set(given))
    place.firm.drop("c.csv", csv([row("C1")]))
    assert place.firm.code(place.firm.run()) in {ExitCode.OK, ExitCode.ATTENTION}
    place.sandbox.process()
    assert place.arrived()["C1"] == 1
    assert max(place.numbers_given()) == place.numbers_given()[-1] > max(given)


def _later(*values: object) -> list[object]:
    """Return every second of some values as one that is left to ``make reliability``."""
    return [
        pytest.param(value, marks=pytest.mark.exhaustive) if rank % 2 else value
        for rank, value in enumerate(values)
    ]


@pytest.mark.parametrize("point", _later(*ReconcilePoint))
def test_a_reconciliation_killed_anywhere_is_done_again_and_ends_the_same(
    place: Restorable, point: ReconcilePoint
) -> None:
    killed(f"{CrashPoint.AFTER_RENAME}:2")(place)
    place.restore()
    place.later()
    ended = apart(reconcile_apart, place.firm.settings_file, place.firm.now, crash_at=point)
    assert ended.signal == signal.SIGKILL
    with pytest.raises(RestoredLedgerError):
        place.firm.run()
    stopped_then_reconciled(place)
    assert_accounted_for(place)


def test_what_was_found_is_told_and_recorded_with_who_and_why(place: Restorable) -> None:
    place.firm.run()
    place.restore()
    place.later()
    told = {check.name: check for check in examine(place.firm.settings_file)}["ledger"]
    assert (told.ok, told.exit_code) == (False, ExitCode.ATTENTION)
    assert "the journal tells of event" in told.told

    before = place.snapshot()
    lines = place.reconcile(dry_run=True).lines()
    assert place.snapshot() == before
    assert "Nothing was recorded; without --dry-run this would be:" in lines

    done = place.reconcile()
    assert done.exit_code is ExitCode.OK, done.lines()
    assert set(done.flows.values()) == {"handed_over"}
    assert done.invoices == len({*TONIGHT, WAITED})
    assert done.waiting == 1
    with place.firm.ledger() as ledger:
        [run_id] = done.runs
        recovered = [e for e in ledger.events(run_id=run_id, kind="run") if e.target == "recovered"]
        assert [(e.actor, e.reason) for e in recovered] == [("A. Martin", "disk lost")]
        flow_id = next(iter(done.flows))
        moved = ledger.events(flow_id=flow_id, kind="flow")[-1]
        assert moved.actor == "A. Martin"
        assert "disk lost" in moved.reason


def test_a_night_that_was_not_restored_is_not_held_up(place: Restorable) -> None:
    killed(CrashPoint.BUILT)(place)  # flows in the outbox that the ledger does not know
    assert place.firm.code(place.firm.run()) is ExitCode.FINDINGS
    done = place.reconcile()
    assert done.nothing
    assert done.lines() == [
        "The ledger knows all that journal, outbox, manifests and the other side know."
    ]


def test_ledger_and_state_folder_put_back_together_are_told_by_the_other_side(
    tmp_path: Path, place: Restorable
) -> None:
    shutil.copytree(place.state, tmp_path / "yesterday", symlinks=True)
    place.firm.run()
    shutil.rmtree(place.state)
    shutil.move(tmp_path / "yesterday", place.state)
    place.second_extract()
    sent = place.arrived()
    place.later()

    [result] = place.firm.run()
    assert result.exit_code is ExitCode.ATTENTION
    assert any("the other side knows 3 flows" in problem for problem in result.problems)
    assert place.arrived() == sent, "nothing leaves before the ledger is reconciled"
    done = place.reconcile()
    assert done.exit_code is ExitCode.ATTENTION
    assert len(done.vanished) == 3
    given = place.numbers_given()
    # The invoices cannot be told from here; their flow numbers are not given again all the same.
    assert all(upto >= int(max(given)[-15:]) for upto in done.sequences.values())


def test_a_run_that_was_held_is_held_again_and_its_flows_do_not_leave(place: Restorable) -> None:
    place.firm.sections["brakes"] = {"max_total": 100}
    place.firm.write_settings()
    [night] = place.firm.run()
    assert night.exit_code is ExitCode.ATTENTION
    place.firm.sections.pop("brakes")
    place.firm.write_settings()
    before = place.arrived()
    place.restore()
    place.later()
    place.reconcile()
    place.firm.run()
    assert place.arrived() == before
    with place.firm.ledger() as ledger:
        record = ledger.run(night.run_id)
        assert record is not None
        assert record.state is RunState.HELD
    release(place.firm.configuration(), night.run_id, by="A. Martin", reason="looked at")
    assert set(place.arrived()) == SENT


@pytest.mark.parametrize("sent_since", [False, True])
def test_a_run_that_was_given_up_stays_so(place: Restorable, sent_since: bool) -> None:
    [night] = place.firm.run(Mode.HOLD)
    discard(place.firm.configuration(), night.run_id, by="A. Martin", reason="wrong day")
    place.later()
    if sent_since:
        # The same invoices, in flows of their own: they hold the numbers, not those given up.
        place.firm.drop("b-again.csv", place.second_content())
        place.firm.run()
    place.restore()
    done = place.reconcile()
    assert set(done.flows.values()) == (
        {"abandoned", "handed_over"} if sent_since else {"abandoned"}
    )
    assert not done.twice
    with place.firm.ledger() as ledger:
        record = ledger.run(night.run_id)
        assert record is not None
        assert record.state is RunState.FAILED
        assert all(bool(ledger.known([number])) is sent_since for number in TONIGHT)
    place.later()
    place.firm.drop("b-once-more.csv", place.second_content() + "\n")
    assert ExitCode.UNEXPECTED not in {result.exit_code for result in place.firm.run()}
    assert set(place.arrived()) == SENT
    assert set(place.arrived().values()) == {1}


@pytest.mark.parametrize("kept", [True, False], ids=["in doubt then", "not yet in doubt then"])
def test_a_flow_sent_again_by_an_operator_is_not_sent_a_third_time(
    place: Restorable, kept: bool
) -> None:
    killed(CrashPoint.AFTER_RENAMING_RECORD)(place)
    for path in place.sandbox.in_folder.iterdir():
        path.unlink()
    if kept:
        place.firm.run()
        (place.firm.root / "yesterday.backup").unlink()
        place.back_up()
    else:
        place.firm.run()
    with place.firm.ledger() as ledger:
        [doubtful] = ledger.flows(states={FlowState.IN_DOUBT})
    resolve(
        place.firm.configuration(), doubtful.flow_id, resend=True, by="A. Martin", reason="lost"
    )
    place.later()
    place.firm.run()
    place.restore()
    place.reconcile()
    with place.firm.ledger() as ledger:
        states = {flow.flow_id: flow for flow in ledger.flows()}
    assert states[doubtful.flow_id].state is FlowState.ABANDONED
    [again] = [flow for flow in states.values() if flow.replaces == doubtful.flow_id]
    assert again.state is FlowState.HANDED_OVER
    stopped = place.firm.run()
    place.sandbox.process()
    place.collect()
    assert set(place.arrived().values()) == {1}, stopped
    assert set(place.arrived()) == SENT
    with place.firm.ledger() as ledger:
        assert not ledger.flows(states={FlowState.IN_DOUBT, FlowState.BUILT})


def test_a_flow_sent_again_after_an_incident_is_not_sent_a_third_time(place: Restorable) -> None:
    place.firm.run()
    with place.firm.ledger() as ledger:
        flow = ledger.flows(states={FlowState.HANDED_OVER})[-1]
        ledger.move_flow(flow.flow_id, FlowState.DEPOSITED)
    (place.firm.root / "yesterday.backup").unlink()
    place.back_up()
    (place.sandbox.in_folder / flow.file_name).unlink()  # not processed, says Chorus Pro
    with place.firm.ledger() as ledger:
        ledger.move_flow(flow.flow_id, FlowState.INCIDENT)
    resolve(place.firm.configuration(), flow.flow_id, resend=True, by="A. Martin", reason="lost")
    place.later()
    place.firm.run()
    place.restore()
    place.reconcile()
    with place.firm.ledger() as ledger:
        states = {one.flow_id: one for one in ledger.flows()}
        assert not ledger.flows(states={FlowState.INCIDENT, FlowState.IN_DOUBT, FlowState.BUILT})
    assert states[flow.flow_id].state is FlowState.ABANDONED
    [again] = [one for one in states.values() if one.replaces == flow.flow_id]
    assert again.state is FlowState.HANDED_OVER
    place.firm.run()
    place.sandbox.process()
    place.collect()
    assert set(place.arrived().values()) == {1}


def test_a_list_of_a_former_tool_that_is_forgotten_is_named(place: Restorable) -> None:
    listed = place.firm.root / "sent.csv"
    listed.write_text(f"seller_id;number\n{SELLER};OLD1\n")
    import_file(place.firm.configuration(), listed, by="A. Martin")
    place.restore()
    done = place.reconcile()
    assert done.imports == ("sent.csv",)
    assert done.exit_code is ExitCode.ATTENTION


def test_a_server_that_is_away_lets_nothing_be_recorded(place: Restorable) -> None:
    place.firm.run()
    place.restore()
    away = place.sandbox.in_folder.rename(place.sandbox.in_folder.with_name("away"))
    with pytest.raises(ChorusFlowsError) as stopped:
        place.reconcile()
    assert stopped.value.exit_code is ExitCode.UNFINISHED
    away.rename(place.sandbox.in_folder)
    with place.firm.ledger() as ledger:
        assert len(ledger.runs()) == 1
    with pytest.raises(ConfigurationError, match="--by"):
        reconcile(place.firm.configuration(), by=" ", reason="x")


def test_manifests_on_disk_that_the_ledger_lacks_stop_a_run_and_are_recorded_again(
    place: Restorable,
) -> None:
    place.firm.run()
    place.restore()
    with pytest.raises(RestoredLedgerError, match="2 manifests ahead"):
        place.firm.run()
    assert place.reconcile().manifests == 2
    assert place.reconcile().nothing
    with place.firm.ledger() as ledger:
        found = verify(ledger, place.firm.configuration().settings)
    assert {f.rule for f in found.findings} == {"AU-RESTORE-01"}


def test_the_command_reconciles_and_tells(place: Restorable) -> None:
    place.firm.run()
    place.restore()
    told = place.firm.command("run", "--no-prefect")
    assert told.returncode == ExitCode.ATTENTION
    assert "chorus-flows ledger reconcile --by" in told.stderr
    done = place.firm.command("ledger", "reconcile", "--by", "A. Martin", "--reason", "disk lost")
    assert done.returncode == ExitCode.OK, done.stderr
    assert "the next run resumes them" in done.stdout


def reconcile_apart(settings: Path, now: datetime) -> tuple[ExitCode, tuple[str, ...]]:
    done = reconcile(
        configuration.load(settings), by="A. Martin", reason="disk lost", clock=lambda: now
    )
    return done.exit_code, tuple(done.lines())


def test_a_rehearsal_on_a_restored_ledger_would_mislead_and_is_refused(place: Restorable) -> None:
    place.firm.run()
    place.restore()
    with pytest.raises(RestoredLedgerError):
        rehearse(place.firm.configuration(), clock=lambda: place.firm.now)


def test_flows_of_another_tool_with_the_same_code_can_be_told_apart_by_a_setting(
    place: Restorable,
) -> None:
    name = "FSO1106A_ABC123_ABC1231106000000000900000"
    (place.sandbox.in_folder / name).write_bytes(b"<another tool's/>")
    [result] = place.firm.run()
    assert any("the other side knows 1 flow (ABC1231106" in told for told in result.problems)
    place.firm.sections["emitter"]["code_shared"] = True
    place.firm.write_settings()
    results = place.firm.run()
    (place.sandbox.in_folder / name).unlink()
    assert not [told for result in results for told in result.problems]
    assert set(place.arrived()) == SENT


def test_a_release_and_a_resolution_wait_for_the_reconciliation(place: Restorable) -> None:
    [night] = place.firm.run(Mode.HOLD)
    (place.firm.root / "yesterday.backup").unlink()
    place.back_up()
    loaded, words = place.firm.configuration(), {"by": "A. Martin", "reason": "looked at"}
    release(loaded, night.run_id, **words)
    sent = place.arrived()
    place.restore()
    with place.firm.ledger() as ledger:
        flow_id = ledger.flows(run_id=night.run_id)[0].flow_id
    for act in (
        lambda: release(loaded, night.run_id, **words),
        lambda: discard(loaded, night.run_id, **words),
        lambda: resolve(loaded, flow_id, resend=True, **words),
    ):
        with pytest.raises(RestoredLedgerError):
            act()
    place.reconcile()
    with place.firm.ledger() as ledger:
        record = ledger.run(night.run_id)
        assert record is not None
        assert record.state is RunState.RELEASED
        assert {f.state for f in ledger.flows(run_id=night.run_id)} == {FlowState.HANDED_OVER}
    assert place.arrived() == sent
