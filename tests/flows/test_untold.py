"""What a killed process could not tell any more, the next one tells: report and exit code."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from flows.collecting import collect_now
from flows.errors import ExitCode
from flows.ledger import FlowState, InvoiceState, RunState
from flows.untold import untold
from tests.support.firm import Firm, csv, row


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm after a night of two invoices."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    firm.now += timedelta(hours=1)
    return firm


def found(firm: Firm) -> list[ExitCode]:
    with firm.ledger() as ledger:
        return [run.code for run in untold(ledger)]


def doubt(firm: Firm) -> None:
    """Let what happened to the flow be recorded, and nobody be told."""
    with firm.ledger() as ledger:
        [flow] = ledger.flows()
        ledger.move_flow(flow.flow_id, FlowState.IN_DOUBT, detail="test")


def reject(firm: Firm) -> None:
    """Let an invoice be rejected, and nobody be told."""
    with firm.ledger() as ledger:
        [flow] = ledger.flows()
        row_id = next(ledger.invoices(number="F1")).invoice_row
        ledger.settle_members(flow.flow_id, {row_id: (InvoiceState.REJECTED, "test")})


def test_of_a_night_that_ended_by_itself_nothing_is_untold(firm: Firm) -> None:
    assert found(firm) == []


@pytest.mark.parametrize(
    ("happens", "code"), [(doubt, ExitCode.ATTENTION), (reject, ExitCode.FINDINGS)]
)
def test_the_next_night_tells_once_what_happened_to_an_earlier_run(
    firm: Firm, happens: object, code: ExitCode
) -> None:
    assert callable(happens)
    happens(firm)
    assert found(firm) == [code]
    [told] = firm.run()
    assert told.exit_code is code
    assert "did not tell the last of it" in told.problems[0]
    assert found(firm) == []
    firm.now += timedelta(hours=1)
    assert firm.code(firm.run()) is ExitCode.OK


def test_a_collect_tells_it_as_well_and_writes_the_report(firm: Firm) -> None:
    shutil.rmtree(firm.root / "reports")
    doubt(firm)
    collected = collect_now(firm.configuration(), clock=lambda: firm.now)
    assert collected.exit_code is ExitCode.ATTENTION
    assert [path.name for path in collected.reports] == ["report.html"]
    assert collected.as_dict()["untold"] == [{"run": collected.untold[0].run_id, "exit_code": 4}]
    assert found(firm) == []


def test_a_run_that_never_had_a_report_keeps_its_exit_code(firm: Firm) -> None:
    with firm.ledger() as ledger:
        ledger.start_run(run_id="R2", run_date=firm.now.date(), settings_hash="s", version="0")
        assert [run.run_id for run in untold(ledger)] == [], "unfinished: it will be resumed"
        ledger.finish_run("R2", state=RunState.DONE, exit_code=ExitCode.FINDINGS, balance={})
    assert found(firm) == [ExitCode.FINDINGS]


def test_an_unhappy_word_is_no_more_told_once_a_person_has_settled_it(firm: Firm) -> None:
    doubt(firm)
    with firm.ledger() as ledger:
        [flow] = ledger.flows()
        ledger.move_flow(flow.flow_id, FlowState.DEPOSITED, detail="seen there", actor="A. Martin")
    assert found(firm) == [ExitCode.OK]
    [told] = firm.run()
    assert told.exit_code is ExitCode.OK
    assert "did not tell the last of it" in told.problems[0], "told all the same, as a remark"
