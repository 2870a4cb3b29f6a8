"""Faults of a night that are nobody's invoice: disks, files that vanish, locks, odd names."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from flows import transform
from flows.audit.verify import verify
from flows.collecting import collect_now
from flows.errors import ExitCode
from flows.landing_moves import LandingUnavailableError
from flows.locking import held
from flows.night_result import NightResult
from flows.worker import process
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status
from transforms.balance import Place

PDF = b"%PDF-1.4 test"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def places(result: NightResult) -> dict[Place, int]:
    assert result.balance is not None
    assert result.balance.holds, result.balance.differences
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


@pytest.mark.parametrize("name", ["x" * 300 + ".pdf", "a\0b.pdf", "dir/" * 1500 + "b.pdf"])
def test_an_attachment_name_no_disk_can_hold_keeps_one_invoice_out_not_the_night(
    firm: Firm, name: str
) -> None:
    firm.drop("a.csv", csv([row("F1", attachments=name), row("F2")]))
    result = firm.run()[0]
    assert result.exit_code in {ExitCode.OK, ExitCode.FINDINGS}
    assert firm.states()["F2"] == ["handed_over"]
    assert firm.states()["F1"] in (["waiting"], ["quarantined"])


def test_an_attachment_that_vanishes_before_it_is_read_makes_its_invoice_wait(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper = firm.root / "attachments" / "bl.pdf"
    paper.write_bytes(PDF)
    work = process

    def vanish(*arguments: Any) -> Any:
        paper.unlink(missing_ok=True)
        return work(*arguments)

    monkeypatch.setattr(transform, "process", vanish)
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2")]))
    result = firm.run()[0]
    assert places(result) == {Place.DEPOSITED: 1, Place.WAITING: 1}
    assert result.exit_code is ExitCode.OK
    monkeypatch.undo()
    paper.write_bytes(PDF)
    firm.now += timedelta(days=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 1}


def test_a_full_disk_below_the_outbox_ends_the_run_as_unfinished_and_the_next_one_resumes(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_written: object, **_how: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("flows.outbox.write_bundle", full)
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    result = firm.run()[0]
    assert result.exit_code is ExitCode.UNFINISHED
    assert "No space left" in result.problems[0]
    monkeypatch.undo()
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}


def test_a_report_that_cannot_be_written_is_told_and_the_deposit_stands(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    (firm.root / "reports").write_text("in the way")
    result = firm.run()[0]
    assert result.exit_code is ExitCode.UNFINISHED
    assert places(result) == {Place.DEPOSITED: 1}
    assert result.report is None
    assert any("report" in problem for problem in result.problems)


def test_a_ledger_on_a_full_disk_is_unfinished_not_unexpected(firm: Firm) -> None:
    firm.run()
    firm.drop("a.csv", csv([row(f"F{rank}") for rank in range(40)]))

    def full(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1").close()  # no page more than now

    event.listen(Engine, "connect", full)
    try:
        result = firm.run()[0]
    finally:
        event.remove(Engine, "connect", full)
    assert result.exit_code is ExitCode.UNFINISHED
    assert "full" in result.problems[0]
    assert firm.arrived() == []
    assert firm.code(firm.run()) is ExitCode.OK
    assert set(map(tuple, firm.states().values())) == {("handed_over",)}


def test_rows_of_a_waiting_invoice_that_are_lost_keep_nobody_else_from_leaving(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2", attachments="cmr.pdf")]))
    firm.run()
    spools = sorted((firm.root / "state" / "waiting").iterdir())
    assert len(spools) == 2
    spools[0].write_text("{")
    for name in ("bl.pdf", "cmr.pdf"):
        (firm.root / "attachments" / name).write_bytes(PDF)
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F3")]))
    result = firm.run()[0]
    assert result.exit_code is ExitCode.ATTENTION
    assert places(result) == {Place.DEPOSITED: 2}
    assert firm.states()["F3"] == ["handed_over"]
    lost = [number for number, states in firm.states().items() if states[0] == "quarantined"]
    assert len(lost) == 1
    assert lost[0] in result.problems[0]
    firm.now += timedelta(days=1)
    assert firm.code(firm.run()) is ExitCode.OK


def test_the_rows_of_an_invoice_that_no_longer_waits_do_not_stay_on_disk(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2", attachments="no.pdf")]))
    firm.run()
    (firm.root / "attachments" / "bl.pdf").write_bytes(PDF)
    firm.now += timedelta(days=1)
    firm.run()
    with firm.ledger() as ledger:
        needed = {record.spool for record in ledger.waiting("another-run")}
    assert {path.name for path in (firm.root / "state" / "waiting").iterdir()} == needed
    assert len(needed) == 1


def test_a_collect_at_work_is_left_to_it_and_the_night_goes_on(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.night.COLLECT_WAIT_SECONDS", 0)
    firm.drop("a.csv", csv([row("F1")]))
    (firm.root / "state").mkdir()
    with held(firm.root / "state", "collect"):
        result = firm.run()[0]
    assert places(result) == {Place.DEPOSITED: 1}
    assert any("collect" in problem for problem in result.problems)


def test_two_companies_may_start_in_the_same_second_on_one_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    firms = []
    for name, code in (("one", "ABC123"), ("two", "DEF456")):
        sections = {
            "": {"environment": "sandbox", "ledger_url": url},
            "emitter": {"application_code": code, "company": name},
        }
        firm = Firm(tmp_path / name, sections)
        firm.drop("a.csv", csv([row(f"F{name}")]))
        firms.append(firm)
    for firm in firms:
        assert places(firm.run()[0]) == {Place.DEPOSITED: 1}
        assert len(firm.arrived()) == 1


def test_two_companies_share_a_ledger_and_a_state_folder_night_after_night(tmp_path: Path) -> None:
    shared = {
        "environment": "sandbox",
        "ledger_url": f"sqlite:///{tmp_path / 'shared.sqlite'}",
        "state_folder": str(tmp_path / "state"),
    }
    firms = []
    for name, code in (("one", "ABC123"), ("two", "DEF456")):
        emitter = {"application_code": code, "company": name}
        firms.append(Firm(tmp_path / name, {"": shared, "emitter": emitter}))
    for night in range(2):
        for firm in firms:
            firm.now += timedelta(days=night)
            # The first company's chain of manifests is the longer one from here on.
            for rank in range(1 if firm is firms[1] else 2):
                firm.drop(f"{rank}.csv", csv([row(f"F{firm.root.name}{night}{rank}")]))
                firm.now += timedelta(minutes=1)
                assert places(firm.run()[0]) == {Place.DEPOSITED: 1}
            with firm.ledger() as ledger:
                answers = flow_status("90", flow_id=ledger.flows()[-1].flow_id)
            name = f"CSO1106A_{firm.root.name}_{night}"
            (firm.root / "gateway" / "out" / name).write_bytes(document(answers))
            (firm.root / "gateway" / "out" / f"{name}x").write_bytes(f"<{name}/>".encode())
            collect_now(firm.configuration(), clock=partial(getattr, firm, "now"))
    for firm in firms:
        with firm.ledger() as ledger:
            proof = verify(ledger, firm.configuration().settings)
        assert proof.exit_code is ExitCode.OK, proof.lines("en")


def test_the_brake_on_sellers_knows_them_when_the_number_is_unique_by_siren(
    tmp_path: Path,
) -> None:
    firm = Firm(tmp_path, {"identity": {"scope": "siren"}})
    firm.drop("a.csv", csv([row("F1")]))
    result = firm.run()[0]
    assert result.exit_code is ExitCode.OK, result.problems
    assert places(result) == {Place.DEPOSITED: 1}


def test_the_deviation_is_measured_against_what_was_sent_not_against_what_was_read(
    tmp_path: Path,
) -> None:
    deadline = {"report_deadline_hours": 1000}
    firm = Firm(tmp_path, {"brakes": {"max_deviation": 2}, "returns": deadline})
    firm.drop("a.csv", csv([row(f"F{n}") for n in range(4)]))
    firm.run()
    for night in range(1, 4):  # each extract repeats all before it
        firm.now += timedelta(days=1)
        firm.drop(f"{night}.csv", csv([row(f"F{n}") for n in range(4 * (night + 1))]))
        result = firm.run()[0]
        assert result.exit_code is ExitCode.OK, result.problems
        assert places(result) == {Place.DEPOSITED: 4, Place.SKIPPED: 4 * night}


def test_an_invoice_that_a_worker_forgets_breaks_the_balance_before_any_deposit(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = process

    def forget(*arguments: Any) -> Any:
        result = work(*arguments)
        return type(result)(
            tuple(o for o in result.outcomes if o.fate.value != "quarantined"), result.flows
        )

    monkeypatch.setattr(transform, "process", forget)
    firm.drop("a.csv", csv([row("F1"), row("F2", buyer_siret="123")]))
    result = firm.run()[0]
    assert result.exit_code is ExitCode.ATTENTION
    assert "2 invoices read, 1 accounted for" in result.problems[0]
    assert firm.arrived() == []


def test_an_extract_that_cannot_be_opened_may_pass_and_keeps_its_place(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_arguments: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied")

    firm.drop("a.csv", csv([row("F1")]))
    with monkeypatch.context() as patch:
        patch.setattr("flows.landing.hashlib.file_digest", refused)
        result = firm.run()[0]
    assert result.exit_code is LandingUnavailableError.exit_code
    assert "a.csv" in result.problems[0]
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}


def _children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    script = tmp_path / "pool.py"
    script.write_text(
        "import time\n"
        "from config.settings import Workers\n"
        "from flows.fanout import open_executor\n"
        "if __name__ == '__main__':\n"
        "    with open_executor(Workers(processes=2)) as (pool, _):\n"
        "        list(pool.map(abs, range(4)))\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(60)\n"
    )
    path = os.pathsep.join([str(Path.cwd()), *sys.path])
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
    )
    yield process
    process.kill()
    process.wait(10)


def test_workers_end_with_the_night_that_was_killed(pool: subprocess.Popen[bytes]) -> None:
    assert pool.stdout is not None
    assert pool.stdout.readline() == b"ready\n"
    workers = _children(pool.pid)
    assert workers
    pool.send_signal(signal.SIGKILL)
    pool.wait(10)
    for _ in range(100):
        if not any(map(_alive, workers)):
            break
        time.sleep(0.1)
    assert [pid for pid in workers if _alive(pid)] == []
