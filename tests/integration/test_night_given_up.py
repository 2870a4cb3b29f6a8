"""Runs that failed or were given up: what they held goes back to where the next nights find it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from flows.errors import ConfigurationError, ExitCode
from flows.ledger import FlowState, InvoiceState, RunState
from flows.night_result import Mode, NightResult
from flows.release import discard, release
from tests.support.firm import Firm, csv, row
from transforms.balance import Place

PDF = b"%PDF-1.4 test"
TRAILER = {"landing.control": {"source": "trailer"}}


def places(result: NightResult) -> dict[Place, int]:
    assert result.balance is not None
    assert result.balance.holds, result.balance.differences
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


def test_the_extract_of_a_run_given_up_may_come_again_as_it_was(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    extract = csv([row("F1"), row("F2")])
    firm.drop("a.csv", extract)
    held = firm.run(Mode.HOLD)[0]
    discard(firm.configuration(), held.run_id, by="A. Martin", reason="too early")
    firm.now += timedelta(hours=1)
    firm.drop("a.csv", extract)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 2}


def test_an_invoice_of_a_refused_extract_does_not_wait_for_its_attachment(tmp_path: Path) -> None:
    firm = Firm(tmp_path, dict(TRAILER))
    wrong = csv([row("F1", attachments="bl.pdf", unit_price="99.00")])
    firm.drop("a.csv", wrong + "TRAILER;invoices=2\n")
    assert places(firm.run()[0]) == {Place.QUARANTINED: 1}
    (firm.root / "attachments" / "bl.pdf").write_bytes(PDF)
    right = csv([row("F1", attachments="bl.pdf"), row("F2")])
    firm.drop("a.csv", right + "TRAILER;invoices=2;total=240.00\n")
    firm.now += timedelta(hours=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 2}


def test_an_invoice_that_waited_before_a_run_failed_waits_on_and_goes_the_next_night(
    tmp_path: Path,
) -> None:
    firm = Firm(tmp_path, dict(TRAILER))
    firm.drop("a.csv", csv([row("F1", attachments="bl.pdf")]) + "TRAILER;invoices=1\n")
    firm.run()
    (firm.root / "attachments" / "bl.pdf").write_bytes(PDF)
    firm.now += timedelta(days=1)
    firm.drop("b.csv", csv([row("F2")]) + "TRAILER;invoices=2\n")
    assert firm.run()[0].exit_code is ExitCode.ATTENTION
    assert firm.arrived() == []
    firm.now += timedelta(days=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 1}
    assert firm.states()["F1"] == ["waiting", "quarantined", "handed_over"]


@pytest.mark.parametrize("trailer", ["TRAILER;invoices=2\n", ""], ids=["differs", "missing"])
def test_the_other_extracts_of_a_refused_night_are_read_the_night_after(
    tmp_path: Path, trailer: str
) -> None:
    firm = Firm(tmp_path, dict(TRAILER))
    firm.drop("a.csv", csv([row("F1")]) + "TRAILER;invoices=1\n")
    firm.drop("b.csv", csv([row("F2")]) + trailer)
    refused = firm.run()[0]
    assert refused.exit_code is ExitCode.ATTENTION
    assert "b.csv" in refused.problems[0]
    assert firm.arrived() == []
    assert [path.name for path in (firm.root / "landing").iterdir()] == ["a.csv"]
    firm.now += timedelta(days=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 1}
    assert firm.states()["F1"][-1] == "handed_over"


def test_a_header_file_without_its_lines_is_read_once_they_are_there(tmp_path: Path) -> None:
    source = {"profile": "pair.yaml", "company_file": "company.yaml"}
    firm = Firm(tmp_path, {"source": source})
    (firm.root / "pair.yaml").write_text(
        "profile: pair\nextends: generic\nshape: {kind: header_lines, key: invoice_number,"
        " lines_key: invoice_number, header_files: 'H_*.csv', lines_files: 'L_*.csv'}\n"
    )
    firm.drop("H_1.csv", csv([row("F1")]))
    alone = firm.run()[0]
    assert alone.exit_code is ExitCode.USAGE
    assert "other half" in alone.problems[0]
    firm.drop("L_1.csv", csv([row("F1", item_name="Livraison")]))
    firm.now += timedelta(days=1)
    assert places(firm.run()[0]) == {Place.DEPOSITED: 1}


def test_the_word_of_who_releases_is_recorded_before_anything_leaves(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    held = firm.run(Mode.HOLD)[0]
    (firm.root / "gateway").rename(firm.root / "down")
    result = release(firm.configuration(), held.run_id, by="A. Martin", reason="checked")
    assert result.exit_code is ExitCode.UNFINISHED
    with firm.ledger() as ledger:
        events = ledger.events(run_id=held.run_id)
        record = ledger.run(held.run_id)
    assert record is not None
    assert record.state is RunState.HELD
    words = [(event.target, event.actor) for event in events if event.actor == "A. Martin"]
    assert words == [("released", "A. Martin")]
    (firm.root / "down").rename(firm.root / "gateway")
    again = release(firm.configuration(), held.run_id, by="A. Martin", reason="checked")
    assert again.exit_code is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"]}


def test_a_flow_under_way_must_be_settled_before_its_run_is_given_up_or_counts_as_released(
    tmp_path: Path,
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    held = firm.run(Mode.HOLD)[0]
    killed = firm.command(
        "release", held.run_id, "--by", "A", "--reason", "b", crash_at="after-renaming-record"
    )
    assert killed.returncode < 0
    with pytest.raises(ConfigurationError, match="under way"):
        discard(firm.configuration(), held.run_id, by="A", reason="b")
    result = release(firm.configuration(), held.run_id, by="A", reason="b")
    with firm.ledger() as ledger:
        states = {flow.state for flow in ledger.flows()}
        run = ledger.run(held.run_id)
    assert states == {FlowState.HANDED_OVER}
    assert result.exit_code is ExitCode.OK
    assert run is not None
    assert run.state is RunState.RELEASED
    assert len([p for p in firm.arrived() if len(p.name) == 41]) == 1


def test_a_flow_whose_file_is_gone_can_be_given_up_and_its_invoices_extracted_again(
    tmp_path: Path,
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    (firm.root / "gateway").rename(firm.root / "down")
    run = firm.run()[0]
    (firm.root / "down").rename(firm.root / "gateway")
    for path in (firm.root / "state" / "outbox").rglob("FSO*[0-9]"):
        path.unlink()
    firm.now += timedelta(days=1)
    assert firm.code(firm.run()) is ExitCode.ATTENTION
    discard(firm.configuration(), run.run_id, by="A. Martin", reason="disk lost")
    with firm.ledger() as ledger:
        assert [i.state for i in ledger.invoices(number="F1")] == [InvoiceState.QUARANTINED]
    firm.now += timedelta(days=1)
    firm.drop("again.csv", csv([row("F1"), row("F2")]))
    assert places(firm.run()[0]) == {Place.DEPOSITED: 2}
