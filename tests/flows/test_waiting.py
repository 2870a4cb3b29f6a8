"""Waiting invoices: their rows outlive the extract they came from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.folders import StateFolders
from flows.waiting import SpoolLostError, keep, take_over
from tests.support.firm import Firm, csv, row
from transforms.finding import Finding, Location, Severity
from transforms.grouping import InvoiceRows, RowBlock

ROWS = InvoiceRows(
    "F1",
    (RowBlock("a.csv", "a" * 64, ("number", "name"), (("F1", "Été"), ("F1", "")), (2, 3)),),
    (Finding("XT-END-01", Severity.WARNING, Location("a.csv", 3)),),
)


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm with one invoice that waits since the night before."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf"), row("F2")]))
    firm.run()
    firm.now += timedelta(days=1)
    return firm


def test_rows_are_kept_whole_for_their_owner_only(tmp_path: Path) -> None:
    path = keep(tmp_path / "waiting", ROWS)
    assert InvoiceRows.from_json(path.read_text("utf-8")) == ROWS
    assert path.stat().st_mode & 0o777 == 0o600
    assert keep(tmp_path / "waiting", ROWS) == path
    assert [one.name for one in (tmp_path / "waiting").iterdir()] == [path.name]


def test_two_invoices_of_a_file_have_files_of_their_own(tmp_path: Path) -> None:
    other = InvoiceRows("F2", (RowBlock("a.csv", "a" * 64, ("number",), (("F2",),), (4,)),))
    assert keep(tmp_path, ROWS) != keep(tmp_path, other)


def test_a_later_night_takes_over_what_waits_once(firm: Firm) -> None:
    folder = StateFolders(firm.configuration().settings.state_folder).waiting
    with firm.ledger() as ledger:
        (night,) = ledger.runs(1)
        ledger.start_run(run_id="R2", run_date=night.run_date, settings_hash="0" * 64, version="1")
        lost: list[SpoolLostError] = []
        (taken,) = take_over(ledger, folder, "R2", lost)
        assert lost == []
        assert (taken.record.number, taken.record.file) == ("F1", "a.csv")
        assert taken.rows.key == "F1"
        assert [block.lines for block in taken.rows.blocks] == [(2,)]


@pytest.mark.parametrize("content", [None, "", '{"key": "F1", "blocks": ['])
def test_rows_that_are_lost_or_cut_are_told_and_their_number_is_free(
    firm: Firm, content: str | None
) -> None:
    folder = StateFolders(firm.configuration().settings.state_folder).waiting
    (spool,) = folder.iterdir()
    if content is None:
        spool.unlink()
    else:
        spool.write_text(content)
    lost: list[SpoolLostError] = []
    with firm.ledger() as ledger:
        assert list(take_over(ledger, folder, "R2", lost)) == []
        assert "F1" not in ledger.known(["F1"])
    (error,) = lost
    assert error.what.startswith("Invoice F1 (a.csv, line 2) waited, but its rows")
    assert error.next_step
    assert firm.states()["F1"] == ["quarantined"]
