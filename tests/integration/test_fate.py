"""An invoice that a report left without a fate is settled by who looked on the portal."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from flows import configuration
from flows.audit.verify import verify
from flows.collecting import collect_now
from flows.crashpoints import CrashPoint
from flows.errors import ConfigurationError, ExitCode
from flows.fate import settle
from flows.ledger import FlowState
from flows.resolve import resolve
from tests.support.apart import apart
from tests.support.firm import Firm, csv, row
from tests.support.return_files import document, flow_status, invoice_status

WHO = "A. Martin"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm of which Chorus Pro took two invoices in part, and did not say which."""
    firm = Firm(tmp_path, {"bundle": {"max_invoices": 10}})
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    with firm.ledger() as ledger:
        flow = ledger.flows()[0].flow_id
    answer(firm, "1", flow_status("96", flow_id=flow, lines=["Une facture du flux est invalide"]))
    assert firm.states() == {"F1": ["outcome_unknown"], "F2": ["outcome_unknown"]}
    return firm


def answer(firm: Firm, mark: str, status: str) -> None:
    out = firm.root / "gateway" / "out"
    (out / f"CSO1106A_CPP001_{mark}").write_bytes(document(status))
    collect_now(firm.configuration(), clock=lambda: firm.now)


def said(firm: Firm, *numbers: str, integrated: bool, **more: Any) -> tuple[str, ...]:
    told: dict[str, Any] = {"by": WHO, "reason": "seen on the portal"} | more
    loaded = firm.configuration()
    return settle(loaded, numbers, integrated=integrated, clock=lambda: firm.now, **told)


def flow_id(firm: Firm) -> str:
    with firm.ledger() as ledger:
        return ledger.flows()[0].flow_id


def test_a_word_settles_it_with_who_and_why_and_the_trail_is_whole(firm: Firm) -> None:
    said(firm, "F1", integrated=True)
    told = said(firm, "F2", integrated=False)
    assert told[-1] == "Extract them again: their numbers are free."
    assert firm.states() == {"F1": ["integrated"], "F2": ["rejected"]}
    with firm.ledger() as ledger:
        [invoice] = ledger.invoices(number="F1")
        event = ledger.events(invoice_row=invoice.invoice_row, kind="invoice")[-1]
        proof = verify(ledger, firm.configuration().settings)
    assert (event.actor, event.reason) == (WHO, "seen on the portal")
    assert proof.exit_code is ExitCode.OK, proof.lines("en")


def test_a_wrong_word_is_corrected_by_the_other(firm: Firm) -> None:
    said(firm, "F1", "F1", integrated=True)
    assert said(firm, "F1", integrated=False)[-1] == "Extract them again: their numbers are free."
    said(firm, "F1", integrated=True)
    firm.drop("b.csv", csv([row("F1")]))
    firm.run()
    assert firm.states()["F1"] == ["integrated", "skipped"]  # it holds its number again


def test_a_word_that_comes_too_late_leaves_the_number_with_what_was_sent_since(firm: Firm) -> None:
    said(firm, "F1", integrated=False)
    firm.drop("b.csv", csv([row("F1"), row("F3")]))
    firm.run()
    said(firm, "F1", integrated=True)
    assert firm.states()["F1"] == ["integrated", "handed_over"]
    with firm.ledger() as ledger:
        [held] = ledger.known(["F1"])["F1"]
        first, second = ledger.invoices(number="F1")
        assert held.invoice_row == second.invoice_row != first.invoice_row
        assert verify(ledger, firm.configuration().settings).exit_code is ExitCode.OK


def test_a_number_that_was_rejected_by_a_word_can_be_sent_again(firm: Firm) -> None:
    said(firm, "F2", integrated=False)
    firm.drop("b.csv", csv([row("F2", buyer_reference="corrected"), row("F1")]))
    firm.run()
    assert firm.states() == {
        "F1": ["outcome_unknown", "skipped"],
        "F2": ["rejected", "handed_over"],
    }


def test_a_number_that_the_settings_keep_stays_taken(firm: Firm) -> None:
    firm.sections["identity"] = {"reuse_number_after_rejection": False}
    firm.write_settings()
    assert "stay taken" in said(firm, "F2", integrated=False)[-1]


def test_the_same_report_again_does_not_take_the_word_back(firm: Firm) -> None:
    said(firm, "F1", integrated=True)
    said(firm, "F2", integrated=False)
    flow = flow_id(firm)
    answer(firm, "2", flow_status("96", flow_id=flow, lines=["Toujours une facture invalide"]))
    assert firm.states() == {"F1": ["integrated"], "F2": ["rejected"]}


def test_what_a_report_proves_later_counts_more(firm: Firm) -> None:
    said(firm, "F1", "F2", integrated=True)
    flow = flow_id(firm)
    lines = ["La facture F1 est invalide"]
    answer(firm, "2", flow_status("96", flow_id=flow, lines=lines, at="2026-09-20T10:00:00+02:00"))
    assert firm.states()["F1"] == ["rejected"]


def test_a_life_cycle_status_counts_more_than_a_word_and_is_raised(firm: Firm) -> None:
    said(firm, "F1", integrated=False)
    status = invoice_status("04", number="F1", seller="40678483500521", issued="2026-09-14")
    out = firm.root / "gateway" / "out"
    (out / "FEN1200A_CPP001_9").write_bytes(document(status))
    collect_now(firm.configuration(), clock=lambda: firm.now)
    assert firm.states()["F1"] == ["integrated"]
    assert "RT-REJECT-02" in firm.rules("F1")


@pytest.mark.parametrize(
    ("numbers", "more", "told"),
    [
        (("F9",), {}, "No invoice F9 was sent"),
        (("F1",), {"flow_id": "FSO1106A_ABC123_ABC1231106000000000000099"}, "in flow ABC123"),
        (("F1", "F9"), {}, "No invoice F9"),
        (("F1",), {"by": " "}, "--by and --reason"),
    ],
)
def test_what_cannot_be_meant_settles_nothing(
    firm: Firm, numbers: tuple[str, ...], more: dict[str, str], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        said(firm, *numbers, integrated=True, **more)
    assert firm.states() == {"F1": ["outcome_unknown"], "F2": ["outcome_unknown"]}


def test_an_invoice_whose_fate_a_report_told_needs_no_word(firm: Firm) -> None:
    flow = flow_id(firm)
    later = "2026-09-20T10:00:00+02:00"
    answer(firm, "2", flow_status("90", flow_id=flow, at=later))
    with pytest.raises(ConfigurationError, match="F1 is known: it is integrated"):
        said(firm, "F1", integrated=True)


def test_a_flow_that_had_an_incident_is_settled_whole(firm: Firm) -> None:
    flow = flow_id(firm)
    answer(firm, "2", flow_status("94", flow_id=flow, at="2026-09-20T10:00:00+02:00"))
    with pytest.raises(ConfigurationError, match=f"flow resolve {flow} --resend"):
        said(firm, "F1", integrated=False)


def test_an_incident_whose_invoices_are_all_settled_by_a_word_is_closed(firm: Firm) -> None:
    said(firm, "F1", integrated=True)
    said(firm, "F2", integrated=False)
    flow = flow_id(firm)
    answer(firm, "2", flow_status("94", flow_id=flow, at="2026-09-20T10:00:00+02:00"))
    told = resolve(firm.configuration(), flow, resend=True, by=WHO, reason="all seen")
    assert "none goes again" in told
    assert firm.states() == {"F1": ["integrated"], "F2": ["rejected"]}
    with firm.ledger() as ledger:
        assert ledger.flows()[0].state is FlowState.ABANDONED
        assert verify(ledger, firm.configuration().settings).exit_code is ExitCode.OK


def _word(settings: Path, now: Any, number: str) -> tuple[ExitCode, tuple[str, ...]]:
    loaded = configuration.load(settings)
    told = settle(loaded, [number], integrated=False, by=WHO, reason="seen", clock=lambda: now)
    return ExitCode.OK, told


def test_killed_before_it_was_told_the_word_stands_and_given_again_it_ends(firm: Firm) -> None:
    ended = apart(_word, firm.settings_file, firm.now, "F2", crash_at=CrashPoint.RESOLVED)
    assert ended.signal == signal.SIGKILL
    assert firm.states()["F2"] == ["rejected"]
    assert said(firm, "F2", integrated=False)[-1] == "Extract them again: their numbers are free."
    with firm.ledger() as ledger:
        assert verify(ledger, firm.configuration().settings).exit_code is ExitCode.OK
        assert {flow.state for flow in ledger.flows()} == {FlowState.PARTIAL}


def test_the_command_tells_what_it_did(firm: Firm) -> None:
    word = ("--by", WHO, "--reason", "seen")
    done = firm.command("invoice", "resolve", "F1", "F2", "--integrated", *word)
    assert done.returncode == ExitCode.OK
    assert "Invoice F2 counts as integrated" in done.stdout
    assert firm.states() == {"F1": ["integrated"], "F2": ["integrated"]}
    assert firm.command("invoice", "resolve", "F1", *word).returncode == ExitCode.USAGE
