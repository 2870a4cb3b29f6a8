"""What the report reads of the ledger: findings of many invoices, those apart, recent returns."""

from __future__ import annotations

from dataclasses import replace

from flows.ledger import Ledger
from tests.support.ledger_nights import RUN, outcome, start
from transforms.finding import Finding, Severity


def test_findings_come_by_invoice_and_those_about_none_apart(ledger: Ledger) -> None:
    start(ledger)
    wrong = (Finding("A-1", Severity.ERROR), Finding("A-2", Severity.WARNING))
    ledger.commit_chunk(RUN, [replace(outcome(0), findings=wrong), outcome(1)], [])
    ledger.add_findings(RUN, [Finding("B-1", Severity.ERROR)])
    first, second = [invoice.invoice_row for invoice in ledger.invoices(run_id=RUN)]
    found = ledger.findings_of([first, second, 999])
    assert {row: [f.finding.rule for f in each] for row, each in found.items()} == {
        first: ["A-1", "A-2"]
    }
    assert [f.finding.rule for f in ledger.findings_apart(RUN)] == ["B-1"]
    assert ledger.findings_apart("another") == []


def test_returns_can_be_asked_for_since_a_moment(ledger: Ledger) -> None:
    ledger.record_return(name="a", sha256="1", size=1, kept_as="a", kind="")
    since = ledger.now()
    ledger.record_return(name="b", sha256="2", size=1, kept_as="b", kind="")
    assert [record.name for record in ledger.returns(since=since)] == ["b"]
    assert [record.name for record in ledger.returns()] == ["a", "b"]
