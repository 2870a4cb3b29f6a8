"""What status and quarantine list show."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import status
from flows.errors import ConfigurationError
from flows.ledger import Ledger
from tests.support.firm import Firm, csv, row

FLOW = "ABC1231106000000000000001"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The ledger of a night with two right invoices and a wrong one."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("0001"), row("0002", buyer_siret="123"), row("0003")]))
    firm.run()
    with firm.ledger() as ledger:
        yield ledger


def plain(view: status.View) -> dict[str, object]:
    """Return the data as a reader of the JSON gets it."""
    read: dict[str, object] = json.loads(json.dumps(view.body, default=str))
    return read


def test_an_invoice_is_told_from_its_line_to_its_flow(ledger: Ledger) -> None:
    view = status.of_invoice(ledger, "0001")
    assert view.lines[0].startswith("Invoice 0001: handed_over, run ")
    assert "  extract   a.csv, lines 2-2" in view.lines
    assert "  total     120.00 EUR (type 380)" in view.lines
    assert f"  flow      {FLOW}, member {FLOW}" in view.lines
    assert any("bundled -> handed_over" in line for line in view.lines)
    readings = plain(view)["readings"]
    assert isinstance(readings, list)
    assert readings[0]["invoice"]["number"] == "0001"
    assert readings[0]["invoice"]["total"] == "120.00"


def test_an_invoice_held_back_is_told_with_its_findings_in_both_languages(ledger: Ledger) -> None:
    view = status.of_invoice(ledger, "0002")
    assert any("CP-BUYER-03 BT-47 123" in line for line in view.lines)
    readings = plain(view)["readings"]
    assert isinstance(readings, list)
    (finding,) = readings[0]["findings"]
    assert (finding["rule"], finding["location"]["line"]) == ("CP-BUYER-03", 3)
    assert finding["message_fr"] != finding["message_en"]


@pytest.mark.parametrize("name", [FLOW, f"FSO1106A_ABC123_{FLOW}", FLOW[:-1] + "2"])
def test_a_flow_is_found_by_its_id_its_file_name_or_a_member(ledger: Ledger, name: str) -> None:
    view = status.of_flow(ledger, name)
    assert view.lines[0].startswith(f"Flow {FLOW}: handed_over")
    assert "  invoices  2" in view.lines
    members = plain(view)["members"]
    assert isinstance(members, list)
    assert [member["number"] for member in members] == ["0001", "0003"]


def test_a_run_is_told_with_extracts_states_and_flows(ledger: Ledger) -> None:
    (run,) = ledger.runs(1)
    view = status.of_run(ledger, run.run_id)
    assert view.lines[0] == f"Run {run.run_id}: done, date 2026-09-14, exit code 1"
    assert "  extract a.csv: done, 3 invoices" in view.lines
    assert plain(view)["states"] == {"handed_over": 2, "quarantined": 1}
    assert f"  flow {FLOW}  handed_over  2 invoices" in view.lines
    assert status.latest(ledger).lines == (view.lines[0],)


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "n'est pas un SIRET"), ("en", "is no SIRET"), ("xx", "SIRET")]
)
def test_the_quarantine_of_the_newest_run_says_why_in_words(
    ledger: Ledger, language: str, words: str
) -> None:
    view = status.quarantine(ledger, None, language)
    assert view.lines[0] == "0002  a.csv, line 3"
    assert view.lines[1].startswith("  CP-BUYER-03: ")
    assert words in view.lines[1]
    assert view.lines[-1].startswith("1 invoices quarantined in run ")
    held = plain(view)["invoices"]
    assert isinstance(held, list)
    assert held[0]["invoice"]["number"] == "0002"


def test_what_the_ledger_does_not_know_is_said(ledger: Ledger) -> None:
    with pytest.raises(ConfigurationError, match="no invoice 1"):
        status.of_invoice(ledger, "1")
    with pytest.raises(ConfigurationError, match="no flow ABC9"):
        status.of_flow(ledger, "ABC9")
    with pytest.raises(ConfigurationError, match="no run R9"):
        status.of_run(ledger, "R9")
    with pytest.raises(ConfigurationError, match="no run R9"):
        status.quarantine(ledger, "R9", "fr")


def test_before_the_first_run_there_is_nothing_to_show(tmp_path: Path) -> None:
    with Firm(tmp_path).ledger() as ledger:
        assert status.latest(ledger).lines == ("No run yet.",)
        with pytest.raises(ConfigurationError, match="No run yet"):
            status.quarantine(ledger, None, "fr")
