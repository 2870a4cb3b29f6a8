"""A night that was cut short ends as it would have ended, and loses nothing that it had claimed."""

from __future__ import annotations

import shutil
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from flows.ledger import RunState
from flows.night_result import Mode, NightResult
from tests.support.apart import night_apart
from tests.support.firm import Firm, csv, row
from transforms.balance import Place


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def places(result: NightResult) -> dict[Place, int]:
    assert result.balance is not None
    assert result.balance.holds, result.balance.differences
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


def killed(firm: Firm, point: CrashPoint, mode: Mode = Mode.DEPOSIT) -> None:
    done = night_apart(firm, crash_at=point.value, mode=mode)
    assert done.signal == signal.SIGKILL, done.told


@pytest.mark.parametrize(
    "point", [CrashPoint.RECORDED, CrashPoint.BEFORE_DEPOSIT, CrashPoint.BEFORE_REPORT]
)
def test_invoices_taken_over_from_an_earlier_night_are_counted_once(
    firm: Firm, point: CrashPoint
) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F0", attachments="no.pdf")]))
    firm.run()
    (firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
    firm.drop("b.csv", csv([row("F2"), row("F3")]))
    killed(firm, point)
    resumed = firm.run()[0]
    assert places(resumed) == {Place.DEPOSITED: 3, Place.WAITING: 1}
    assert resumed.exit_code is ExitCode.OK
    assert firm.states() == {
        "F1": ["waiting", "handed_over"],
        "F0": ["waiting", "waiting", "waiting"],  # the resumed run, then tonight's
        "F2": ["handed_over"],
        "F3": ["handed_over"],
    }


def test_the_brakes_look_at_the_whole_night_not_at_what_is_left_of_it(tmp_path: Path) -> None:
    limits = {"max_quarantine_rate": 0.22, "min_invoices_for_rate": 1}
    workers = {"executor": "inline", "chunk_invoices": 1}
    firm = Firm(tmp_path, {"brakes": limits, "workers": workers})
    rows = [row("F1"), row("F2"), row("F3"), row("F4"), row("F5", buyer_siret="123")]
    firm.drop("a.csv", csv(rows))
    killed(firm, CrashPoint.AFTER_RENAME)
    resumed = firm.run()[0]
    assert resumed.exit_code is ExitCode.FINDINGS, resumed.problems
    assert places(resumed) == {Place.DEPOSITED: 4, Place.QUARANTINED: 1}


def test_a_night_asked_to_hold_still_holds_when_it_is_resumed_without_being_asked(
    firm: Firm,
) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    killed(firm, CrashPoint.RECORDED, Mode.HOLD)
    resumed = firm.run(Mode.DEPOSIT)[0]
    assert firm.arrived() == []
    with firm.ledger() as ledger:
        record = ledger.run(resumed.run_id)
    assert record is not None
    assert record.state is RunState.HELD
    done = firm.command("release", resumed.run_id, "--by", "A. Martin", "--reason", "checked")
    assert done.returncode == ExitCode.OK, done.stderr
    assert firm.states() == {"F1": ["handed_over"]}


def test_rows_of_no_invoice_keep_their_exit_code_when_the_file_is_not_read_again(
    firm: Firm,
) -> None:
    firm.drop("a.csv", csv([row("F1"), row("")]))
    killed(firm, CrashPoint.BEFORE_REPORT)
    resumed = firm.run()[0]
    assert resumed.exit_code is ExitCode.FINDINGS
    assert resumed.balance is not None
    assert resumed.balance.orphan_findings == 1


@pytest.mark.parametrize("point", [CrashPoint.CLAIM, CrashPoint.RECORDED])
def test_a_claimed_extract_that_is_gone_is_missed_and_the_run_can_be_given_up(
    firm: Firm, point: CrashPoint
) -> None:
    # A chunk is recorded and the file not yet finished: the worker dies in the second chunk.
    firm.sections["workers"]["chunk_invoices"] = 1
    firm.write_settings()
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    killed(firm, CrashPoint.RECORDED)
    with firm.ledger() as ledger:
        run = ledger.unfinished_run()
    assert run is not None
    [claimed] = (firm.root / "state" / "claimed" / run.run_id).iterdir()
    kept = claimed.rename(firm.root / "kept.csv")
    result = firm.run()[0]
    assert result.exit_code is ExitCode.ATTENTION
    assert "a.csv" in result.problems[0]
    assert firm.arrived() == []
    if point is CrashPoint.CLAIM:
        shutil.copy2(kept, claimed)
        assert places(firm.run()[0]) == {Place.DEPOSITED: 2}
        return
    done = firm.command("release", run.run_id, "--discard", "--by", "A", "--reason", "lost")
    assert done.returncode == ExitCode.OK, done.stderr
    firm.drop("a.csv", kept.read_bytes())
    firm.now += timedelta(hours=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 2}


def test_a_side_file_left_behind_by_a_crash_in_the_claim_is_found(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"landing.control": {"source": "side_file"}})
    firm.drop("a.csv", csv([row("F1")]))
    firm.drop("a.csv.ctl", "invoices=1 total=120.00")
    killed(firm, CrashPoint.CLAIM)
    [side] = (firm.root / "state" / "claimed").rglob("*.ctl")
    side.rename(firm.root / "landing" / side.name)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 1}


def test_what_a_killed_worker_left_in_the_outbox_goes_when_the_run_is_resumed(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    killed(firm, CrashPoint.BUILT)
    [left] = (firm.root / "state" / "outbox").rglob("FSO*[0-9]")
    firm.run()
    with firm.ledger() as ledger:
        paths = [flow.path for flow in ledger.flows()]
    known = {name for path in paths for name in (path, f"{path}.members.json")}
    outbox = firm.root / "state" / "outbox"
    assert not left.exists()
    assert {str(p.relative_to(outbox)) for p in outbox.glob("*/*")} == known


def test_a_rehearsal_during_an_unfinished_run_reads_its_files_and_leaves_its_report_alone(
    firm: Firm,
) -> None:
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    killed(firm, CrashPoint.CLAIM)
    firm.drop("b.csv", csv([row("F3")]))
    done = firm.command("run", "--dry-run")
    assert done.returncode == ExitCode.OK, done.stderr
    with firm.ledger() as ledger:
        run = ledger.unfinished_run()
    assert run is not None
    assert not (firm.root / "reports" / run.run_id).exists()
    assert [line.split()[-1] for line in done.stdout.splitlines() if "waiting" in line] == [
        "2",
        "1",
    ]
    assert firm.arrived() == []
    assert places(firm.run()[0]) == {Place.DEPOSITED: 2}
