"""The extracts of a run: what is claimed, counted and put back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flows.claimed_extracts import ClaimedExtracts
from flows.errors import ControlError
from flows.folders import StateFolders
from flows.ledger import Ledger
from flows.sources import load_sources
from tests.support.firm import Firm, csv, row

NOW = datetime(2026, 9, 14, 19, 0, tzinfo=UTC)


def extracts(firm: Firm, ledger: Ledger, resumed: bool = False) -> ClaimedExtracts:
    settings = firm.configuration().settings
    sources = load_sources(
        settings, run_id="R1", run_date=date(2026, 9, 14), outbox=firm.root / "state" / "outbox"
    )
    if not resumed:
        ledger.start_run(
            run_id="R1", run_date=date(2026, 9, 14), settings_hash="h", version="0", reason=""
        )
    folders = StateFolders(settings.state_folder)
    return ClaimedExtracts(sources, ledger, folders, resumed=resumed, now=NOW)


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    made = Firm(tmp_path)
    (tmp_path / "state").mkdir()
    return made


def test_what_is_read_is_held_against_what_was_announced(firm: Firm) -> None:
    firm.sections["landing.control"] = {"source": "setting", "invoices": 2, "rows": 2}
    firm.write_settings()
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    with firm.ledger() as ledger:
        claimed = extracts(firm, ledger)
        assert [file.name for file in claimed.claim().files] == ["a.csv"]
        reading = claimed.reading()
        for rows in reading:
            claimed.count(rows, "380", Decimal(120))
        assert claimed.compare(reading.rows_by_file) == ()
        claimed.finish(reading.rows_by_file)
        assert claimed.hashes == frozenset()


def test_a_difference_keeps_the_file_and_the_others_go_back(firm: Firm) -> None:
    firm.sections["landing.control"] = {"source": "side_file"}
    firm.write_settings()
    firm.drop("a.csv", csv([row("F1")]))
    firm.drop("a.csv.ctl", "invoices=9")
    firm.drop("b.csv", csv([row("F2")]))
    firm.drop("b.csv.ctl", "invoices=1")
    with firm.ledger() as ledger:
        claimed = extracts(firm, ledger)
        claimed.claim()
        reading = claimed.reading()
        for rows in reading:
            claimed.count(rows, "380", None)
        assert claimed.compare(reading.rows_by_file) == ("a.csv: 9 invoices announced, 1 read",)
        assert claimed.put_back() == ("b.csv",)


def test_a_missing_control_names_every_file_that_lacks_one(firm: Firm) -> None:
    firm.sections["landing.control"] = {"source": "side_file"}
    firm.write_settings()
    firm.drop("a.csv", csv([row("F1")]))
    firm.drop("b.csv", csv([row("F2")]))
    with firm.ledger() as ledger, pytest.raises(ControlError) as error:
        extracts(firm, ledger).claim()
    assert "a.csv" in str(error.value)
    assert "b.csv" in str(error.value)


def test_a_run_that_is_resumed_takes_up_what_it_had_claimed(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    with firm.ledger() as ledger:
        extracts(firm, ledger).claim()
        firm.drop("b.csv", csv([row("F2")]))
        claim = extracts(firm, ledger, resumed=True).claim()
    assert [file.name for file in claim.files] == ["a.csv"]
