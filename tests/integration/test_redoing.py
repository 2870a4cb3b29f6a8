"""A flow that had an incident: a to-do by default, sent again once where the settings say so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flows.errors import ExitCode
from flows.ledger import FlowState
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status


def incident(tmp_path: Path, *, redo: bool) -> tuple[Firm, str]:
    """Return a firm whose flow had an incident, reported and not yet collected."""
    firm = Firm(tmp_path, {"returns": {"redo_incidents": redo}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    with firm.ledger() as ledger:
        flow_id = ledger.flows()[0].flow_id
    report(firm, flow_id, "94")
    firm.now += timedelta(days=1)
    return firm, flow_id


def report(firm: Firm, flow_id: str, code: str, *lines: str) -> None:
    name = firm.root / "gateway" / "out" / f"CSO1106A_{flow_id}_{code}"
    name.write_bytes(document(flow_status(code, flow_id=flow_id, lines=lines)))


def flows(firm: Firm) -> dict[str, FlowState]:
    with firm.ledger() as ledger:
        return {flow.flow_id: flow.state for flow in ledger.flows()}


def test_by_default_a_person_decides_and_is_given_the_command(tmp_path: Path) -> None:
    firm, flow_id = incident(tmp_path, redo=False)
    assert firm.code(firm.run()) is ExitCode.ATTENTION
    assert flows(firm) == {flow_id: FlowState.INCIDENT}
    page = next((firm.root / "reports").glob("*/report.html")).read_text()
    assert "flow resolve" in page


def test_where_it_is_set_the_next_run_sends_the_whole_flow_again_once(tmp_path: Path) -> None:
    firm, first = incident(tmp_path, redo=True)
    [result] = firm.run()
    assert any(first in line and "goes again" in line for line in result.problems)
    [second] = set(flows(firm)) - {first}
    assert flows(firm) == {first: FlowState.ABANDONED, second: FlowState.HANDED_OVER}
    assert len(firm.arrived()) == 2
    # What had been taken of the first is refused as a duplicate, and is there once.
    report(firm, second, "96", "Facture F1 : facture deja existante")
    firm.now += timedelta(days=1)
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["integrated"], "F2": ["integrated"]}


def test_a_second_incident_is_left_to_a_person(tmp_path: Path) -> None:
    firm, first = incident(tmp_path, redo=True)
    firm.run()
    [second] = set(flows(firm)) - {first}
    report(firm, second, "94")
    firm.now += timedelta(days=1)
    assert firm.code(firm.run()) is ExitCode.ATTENTION
    assert flows(firm) == {first: FlowState.ABANDONED, second: FlowState.INCIDENT}


def test_a_flow_whose_file_is_gone_is_told_and_left(tmp_path: Path) -> None:
    firm, first = incident(tmp_path, redo=True)
    for path in (firm.root / "state" / "outbox").rglob("FSO*"):
        path.unlink()
    [result] = firm.run()
    assert any("cannot be used again" in line for line in result.problems)
    assert flows(firm) == {first: FlowState.INCIDENT}
