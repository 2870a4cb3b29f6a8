"""What status shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.catalogue import Language
from config.settings import Settings
from flows import status
from flows.errors import ConfigurationError
from flows.ledger import Ledger
from tests.support.firm import Firm, csv, row
from transforms.naming import member_name

FLOW = "ABC1231106000000000000001"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm after a night with two right invoices and a wrong one."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("0001"), row("0002", buyer_siret="123"), row("0003")]))
    firm.run()
    return firm


@pytest.fixture
def ledger(firm: Firm) -> Iterator[Ledger]:
    """Its ledger."""
    with firm.ledger() as ledger:
        yield ledger


@pytest.fixture
def settings(firm: Firm) -> Settings:
    """Its settings."""
    return firm.configuration().settings


def plain(view: status.View) -> dict[str, object]:
    """Return the data as a reader of the JSON gets it."""
    read: dict[str, object] = json.loads(json.dumps(view.body, default=str))
    return read


def test_an_invoice_is_told_from_its_line_to_its_flow(
    ledger: Ledger, settings: Settings, firm: Firm
) -> None:
    view = status.of_invoice(ledger, "0001", settings, "en")
    assert view.lines[0].startswith("Invoice 0001: handed_over, run ")
    assert "  extract   a.csv, lines 2-2" in view.lines
    assert "  total     120.00 EUR (type 380)" in view.lines
    assert f"  flow      {FLOW}, member {FLOW}" in view.lines
    readings = plain(view)["readings"]
    assert isinstance(readings, list)
    assert readings[0]["invoice"]["number"] == "0001"
    assert readings[0]["invoice"]["total"] == "120.00"
    extract = firm.root.glob("state/claimed/*/a.csv")
    digest = hashlib.sha256(next(extract).read_bytes()).hexdigest()
    assert f"  SHA-256   {digest}" in view.lines


def test_the_steps_stand_in_the_order_of_time(ledger: Ledger, settings: Settings) -> None:
    view = status.of_invoice(ledger, "0001", settings, "en")
    readings = plain(view)["readings"]
    assert isinstance(readings, list)
    steps = readings[0]["steps"]
    assert [step["at"] for step in steps] == sorted(step["at"] for step in steps)
    kinds = [step["kind"] for step in steps]
    assert kinds[0] == "extract"
    for earlier, later in (("extract", "event"), ("event", "xml"), ("xml", "flow_event")):
        assert kinds.index(earlier) < kinds.index(later)
    told = "\n".join(view.lines)
    assert "received -> bundled  by chorus-flows" in told
    assert "bundled -> handed_over" in told
    assert f"XML {member_name('ABC123', 'FSO1106A', 1)}, in " in told


def test_the_xml_of_an_invoice_is_that_of_its_flow(ledger: Ledger, settings: Settings) -> None:
    sent = status.xml_of(ledger, "0003", settings)
    assert b">0003<" in sent.content
    assert sent.sha256 in "\n".join(status.of_invoice(ledger, "0003", settings, "en").lines)
    with pytest.raises(ConfigurationError, match="never in a flow"):
        status.xml_of(ledger, "0002", settings)
    sent.file.write_bytes(sent.file.read_bytes()[:-1] + b"x")
    with pytest.raises(ConfigurationError, match="not the one that was built"):
        status.xml_of(ledger, "0003", settings)
    sent.file.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        status.xml_of(ledger, "0003", settings)


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "n'est pas un SIRET"), ("en", "is no SIRET")]
)
def test_an_invoice_held_back_is_told_with_its_findings_in_words(
    ledger: Ledger, settings: Settings, language: Language, words: str
) -> None:
    view = status.of_invoice(ledger, "0002", settings, language)
    told = "\n".join(view.lines)
    assert "finding CP-BUYER-03 BT-47 123 (line 3, column buyer_siret)" in told
    assert words in told
    readings = plain(view)["readings"]
    assert isinstance(readings, list)
    (finding,) = readings[0]["findings"]
    assert (finding["rule"], finding["location"]["line"]) == ("CP-BUYER-03", 3)
    assert finding["message_fr"] != finding["message_en"]


@pytest.mark.parametrize("name", [FLOW, f"FSO1106A_ABC123_{FLOW}", FLOW[:-1] + "2"])
def test_a_flow_is_found_by_its_id_its_file_name_or_a_member(
    ledger: Ledger, settings: Settings, name: str
) -> None:
    view = status.of_flow(ledger, name, settings, "en")
    assert view.lines[0].startswith(f"Flow {FLOW}: handed_over")
    assert any(line.endswith(" bytes, 2 invoices") for line in view.lines)
    assert any("uploading -> renaming" in line for line in view.lines)
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


def test_what_the_ledger_does_not_know_is_said(ledger: Ledger, settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="no invoice 1"):
        status.of_invoice(ledger, "1", settings, "en")
    with pytest.raises(ConfigurationError, match="no flow ABC9"):
        status.of_flow(ledger, "ABC9", settings, "en")
    with pytest.raises(ConfigurationError, match="no run R9"):
        status.of_run(ledger, "R9")


def test_before_the_first_run_there_is_nothing_to_show(tmp_path: Path) -> None:
    with Firm(tmp_path).ledger() as ledger:
        assert status.latest(ledger).lines == ("No run yet.",)
