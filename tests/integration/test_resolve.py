"""A flow in doubt is settled by a person, or sent again with the same invoices in a new flow."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from flows.errors import ConfigurationError, ExitCode, OutboxDamagedError
from flows.ledger import FlowState
from flows.resolve import resolve
from tests.support.firm import Firm, csv, row
from transforms.unbundle import read_bundle


@pytest.fixture
def doubtful(tmp_path: Path) -> tuple[Firm, str]:
    """A firm whose flow may or may not have arrived."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    arrived = firm.arrived()[0]
    arrived.unlink()
    with firm.ledger() as ledger:
        flow = ledger.flows()[0]
        ledger.move_flow(flow.flow_id, FlowState.IN_DOUBT, detail="test")
    return firm, flow.flow_id


def test_a_flow_that_arrived_counts_as_deposited_with_who_and_why(
    doubtful: tuple[Firm, str],
) -> None:
    firm, flow_id = doubtful
    told = resolve(firm.configuration(), flow_id, resend=False, by="A. Martin", reason="seen there")
    assert "counts as deposited" in told
    assert firm.states() == {"F1": ["deposited"], "F2": ["deposited"]}
    with firm.ledger() as ledger:
        event = ledger.events(flow_id=flow_id, kind="flow")[-1]
    assert (event.actor, event.reason) == ("A. Martin", "seen there")


def test_a_flow_sent_again_has_a_new_number_and_the_same_invoices(
    doubtful: tuple[Firm, str],
) -> None:
    firm, flow_id = doubtful
    resolve(firm.configuration(), flow_id, resend=True, by="A. Martin", reason="AIFE lost it")
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    with firm.ledger() as ledger:
        states = {flow.flow_id: flow.state for flow in ledger.flows()}
        new = next(flow for flow in ledger.flows() if flow.flow_id != flow_id)
    assert states == {flow_id: FlowState.ABANDONED, new.flow_id: FlowState.HANDED_OVER}
    assert new.replaces == flow_id
    assert [path.name for path in firm.arrived()] == [new.file_name]
    with firm.arrived()[0].open("rb") as stream:
        names = [name for name, _ in read_bundle(stream, name=new.file_name)]
    assert names[0] == f"{new.file_name}.xml"
    assert len(names) == 2


def test_a_flow_whose_file_was_changed_is_not_sent_again(doubtful: tuple[Firm, str]) -> None:
    firm, flow_id = doubtful
    [path] = (path for path in (firm.root / "state" / "outbox").rglob("FSO*[0-9]"))
    with gzip.open(path) as stream:
        content = stream.read()
    path.write_bytes(gzip.compress(content.replace(b"50.00", b"55.00")))
    with pytest.raises(OutboxDamagedError, match="SHA-256"):
        resolve(firm.configuration(), flow_id, resend=True, by="A. Martin", reason="x")
    assert firm.states() == {"F1": ["in_doubt"], "F2": ["in_doubt"]}


def test_a_flow_that_is_not_in_doubt_cannot_be_resolved(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    with firm.ledger() as ledger:
        flow_id = ledger.flows()[0].flow_id
    for resend in (False, True):
        with pytest.raises(ConfigurationError, match="nothing to resolve"):
            resolve(firm.configuration(), flow_id, resend=resend, by="A", reason="b")


def test_a_word_needs_a_name_and_a_reason(doubtful: tuple[Firm, str]) -> None:
    firm, flow_id = doubtful
    with pytest.raises(ConfigurationError, match="--by"):
        resolve(firm.configuration(), flow_id, resend=False, by=" ", reason="x")


def test_what_is_known_to_be_there_is_left_out_when_the_rest_goes_again(
    doubtful: tuple[Firm, str],
) -> None:
    firm, flow_id = doubtful
    with firm.ledger() as ledger:
        ledger.move_flow(flow_id, FlowState.PARTIAL)
        rows = {member.number: member.invoice_row for member in ledger.members(flow_id)}
        ledger.settle_members(flow_id, {rows["F1"]: ("integrated", "status 01")})
        ledger.move_flow(flow_id, FlowState.INCIDENT)
    resolve(firm.configuration(), flow_id, resend=True, by="A. Martin", reason="incident there")
    assert firm.code(firm.run()) is ExitCode.OK
    assert firm.states() == {"F1": ["integrated"], "F2": ["handed_over"]}
    [arrived] = firm.arrived()
    with arrived.open("rb") as stream:
        [(_, xml)] = list(read_bundle(stream, name=arrived.name))
    assert b">F2<" in xml


def test_an_incident_whose_invoices_are_all_settled_is_closed_and_nothing_goes_again(
    doubtful: tuple[Firm, str],
) -> None:
    firm, flow_id = doubtful
    with firm.ledger() as ledger:
        ledger.move_flow(flow_id, FlowState.INTEGRATED)
        ledger.move_flow(flow_id, FlowState.INCIDENT)
    told = resolve(firm.configuration(), flow_id, resend=True, by="A. Martin", reason="lost")
    assert "none goes again" in told
    assert firm.states() == {"F1": ["integrated"], "F2": ["integrated"]}
    with firm.ledger() as ledger:
        assert [flow.state for flow in ledger.flows()] == [FlowState.ABANDONED]
