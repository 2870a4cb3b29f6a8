"""How the result of a collect is told, and the exit code it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.collect_result import CollectResult
from flows.errors import ChannelRefusedError, ExitCode, TransportError
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status, invoice_status
from transforms.finding import Finding, Severity


def finding(rule: str) -> Finding:
    return Finding(rule, Severity.ERROR, value="X")


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (CollectResult(), ExitCode.OK),
        (CollectResult(moved={"integrated": 3}, foreign=2), ExitCode.OK),
        (CollectResult(moved={"rejected": 1}), ExitCode.FINDINGS),
        (CollectResult(moved={"outcome_unknown": 1}), ExitCode.FINDINGS),
        (CollectResult(findings=(finding("RT-REJECT-01"),)), ExitCode.OK),
        (CollectResult(findings=(finding("RT-STATUS-02"),)), ExitCode.OK),
        (CollectResult(findings=(finding("RT-STATUS-01"),)), ExitCode.ATTENTION),
        (CollectResult(findings=(finding("RT-FLOW-01"),)), ExitCode.ATTENTION),
        (CollectResult(not_understood=("f",)), ExitCode.ATTENTION),
        (CollectResult(overdue=("f",)), ExitCode.ATTENTION),
        (CollectResult(unknown_overdue=("n",)), ExitCode.ATTENTION),
        (CollectResult(problem=TransportError("cut")), ExitCode.UNFINISHED),
        (CollectResult(problem=ChannelRefusedError("no")), ExitCode.UNFINISHED),
        (CollectResult(problem=TransportError("cut"), overdue=("f",)), ExitCode.ATTENTION),
        (CollectResult(problem=TransportError("cut"), moved={"rejected": 1}), ExitCode.UNFINISHED),
    ],
)
def test_the_exit_code_is_that_of_the_gravest_thing(result: CollectResult, code: ExitCode) -> None:
    assert result.exit_code is code
    assert bool(result.attention) is (code is ExitCode.ATTENTION)


def test_a_result_is_told_in_lines_and_as_data(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    flow = desk.deposit("FA-0001", "FA-0002")
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=["x FA-0001 x"])))
    desk.drop("FEN1200A_1", document(invoice_status("06", number="FA-0002")))
    desk.drop("CSO1106A_9", b"?")
    result = desk.collect()
    assert result.lines() == [
        "return files: 3 fetched, 0 known already",
        "statuses: 1 of flows, 1 of invoices, 0 foreign",
        "invoices: 1 integrated, 1 rejected",
        "to do on the portal: 1 invoices",
        "attention: return file not understood: CSO1106A_9",
    ]
    data = result.as_dict()
    assert data["invoices"] == {"integrated": 1, "rejected": 1}
    assert data["flows"] == {flow: "partial"}
    assert data["runs_touched"] == ["R100"]
    assert data["to_do"] == [
        {
            "number": "FA-0002",
            "run": "R100",
            "status": "06",
            "label": "Suspendue",
            "at": "2026-03-02T00:02:03+00:00",
        }
    ]
    assert data["problem"] is None
    desk.close()
