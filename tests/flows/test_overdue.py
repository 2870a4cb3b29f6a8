"""What Chorus Pro owes after the deadline: a report of each flow, a fate of each invoice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.errors import ExitCode
from flows.overdue import overdue_flows, overdue_invoices
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def test_a_flow_without_report_is_overdue_after_the_deadline(desk: Desk) -> None:
    flow = desk.deposit("FA-0001")
    desk.later(hours=23)
    assert desk.collect().overdue == ()
    desk.later(hours=2)
    result = desk.collect()
    assert result.overdue == (flow,)
    assert result.findings[0].params == {"hours": "25"}
    assert result.exit_code is ExitCode.ATTENTION
    assert [f.flow_id for f in overdue_flows(desk.ledger, desk.settings, desk.now)] == [flow]
    assert overdue_invoices(desk.ledger, desk.settings, desk.now) == []


def test_an_invoice_of_unknown_fate_is_overdue_after_the_deadline(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow)))
    desk.collect()
    assert overdue_invoices(desk.ledger, desk.settings, desk.now) == []
    desk.later(hours=25)
    late = overdue_invoices(desk.ledger, desk.settings, desk.now)
    assert [invoice.number for invoice in late] == ["FA-0001", "FA-0002"]
    assert overdue_flows(desk.ledger, desk.settings, desk.now) == []
