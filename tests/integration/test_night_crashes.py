"""A night of the command line, killed: resumed under its own number and date.

Every place where it may die: tests/reliability.
"""

from __future__ import annotations

import signal
from pathlib import Path

from flows.crashpoints import CrashPoint
from flows.errors import ExitCode
from tests.support.firm import Firm, csv, row


def test_a_resumed_night_keeps_its_number_and_its_date(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"workers": {"executor": "inline", "chunk_invoices": 2}})
    firm.drop("a.csv", csv([row(f"F{rank}") for rank in range(1, 4)]))
    killed = firm.command("run", "--no-prefect", crash_at=CrashPoint.RECORDED.value)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    with firm.ledger() as ledger:
        unfinished = ledger.unfinished_run()
    assert unfinished is not None
    resumed = firm.command("run", "--no-prefect")
    assert resumed.returncode == ExitCode.OK, resumed.stderr
    with firm.ledger() as ledger:
        runs = {run.run_id: run for run in ledger.runs(5)}
        assert runs[unfinished.run_id].run_date == unfinished.run_date
        assert ledger.unfinished_run() is None
        assert {invoice.run_id for invoice in ledger.invoices()} == {unfinished.run_id}
