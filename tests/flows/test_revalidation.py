"""Rejections told by a message that is cut: completed from the invoice as it was sent."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from config.catalogue import LANGUAGES, UNFILLED
from config.directory import Structure
from config.target import load_target
from flows.ledger import DirectorySource
from flows.report import RunFacts, write_report
from schemas.explain import explain
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status
from tests.support.ruled_invoice import changed
from transforms.cii import render_cii
from transforms.finding import Finding
from transforms.ubl import render_ubl

TARGET = load_target("chorus_direct")
PATH = "FichierXml.SupplyChainTradeTransaction.ApplicableHeaderTradeSettlement."
MEANS = (
    f"L'element {PATH}SpecifiedTradeSettlementPaymentMeans.TypeCode.value est obligatoire. Facture "
)
NUMBER = "Le champ (FichierXml.ExchangedDocument.ID.value) ne doit pas depasser 20 caracteres"
CUT = f"{MEANS}FA-0002|{NUMBER}"[:200]
COLUMNS = {"BT-84": "IBAN", "BT-1": "NUMERO", "BT-9": "ECHEANCE"}
IBAN = {"payment.transfers.0.account": "FR7630006000011234567890188"}
LONG = {"number": "FA-2026/0042-0000000000"}


def xml(changes: dict[str, object] | None = None) -> bytes:
    return render_cii(changed(changes or {}), TARGET)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def rejected(desk: Desk, flow: str, *labels: str) -> list[Finding]:
    """Collect a report that rejects FA-0002 with these labels; return what is told of it."""
    desk.drop("CSO1106A_1", document(flow_status("96", flow_id=flow, lines=list(labels))))
    desk.collect(columns=COLUMNS)
    (invoice,) = desk.ledger.invoices(number="FA-0002")
    assert invoice.state.value == "rejected"
    return [one.finding for one in desk.ledger.findings(invoice_row=invoice.invoice_row)]


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def test_a_cut_message_is_completed_by_what_our_rules_say_of_the_invoice_sent(desk: Desk) -> None:
    wrong = xml({**IBAN, **LONG, "payment.means_code": None})
    flow = desk.deposit("FA-0001", "FA-0002", "FA-0003", xml=[xml(IBAN), wrong, xml()])
    found = rejected(desk, flow, CUT)
    assert rules(found) == [
        "RT-PAYMENT-01",
        "RT-CUT-02",
        "CP-NUMBER-01",  # the element that the cut text still names
        "CP-IBAN-02",
    ]
    cut, number, iban = found[1:]
    assert (cut.value, cut.params["count"]) == (CUT.rpartition("|")[2], "2")
    assert (number.location.file, number.location.line, number.location.column) == (
        "erp.csv",
        5,
        "NUMERO",
    )
    assert iban.location.column == "IBAN"
    assert iban.value == IBAN["payment.transfers.0.account"]


def test_only_the_invoice_that_is_rejected_is_judged_again(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(IBAN), xml()])
    assert rules(rejected(desk, flow, CUT)) == ["RT-PAYMENT-01", "RT-CUT-03"]
    (other,) = desk.ledger.invoices(number="FA-0001")
    assert desk.ledger.findings(invoice_row=other.invoice_row) == []


@pytest.mark.parametrize("render", [render_cii, render_ubl])
def test_a_flow_of_one_xml_is_read_in_both_syntaxes(
    desk: Desk, render: Callable[..., bytes]
) -> None:
    flow = desk.deposit("FA-0002", xml=[render(changed(IBAN), TARGET)])
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[CUT])))
    desk.collect(columns=COLUMNS)
    (invoice,) = desk.ledger.invoices(number="FA-0002")
    found = [one.finding for one in desk.ledger.findings(invoice_row=invoice.invoice_row)]
    assert rules(found) == ["RT-PAYMENT-01", "RT-CUT-02", "CP-IBAN-02"]


def test_two_cut_labels_of_one_invoice_are_completed_once(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml(IBAN)])
    again = f"Facture FA-0002 : L'element {PATH}SpecifiedTradePaymentTe[...]"
    found = rules(rejected(desk, flow, CUT, again))
    assert found.count("RT-CUT-02") == 2
    assert found.count("CP-IBAN-02") == 1


def test_what_chorus_pro_has_said_of_a_term_is_not_said_again(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml({"payment.means_code": None})])
    assert rules(rejected(desk, flow, CUT)) == ["RT-PAYMENT-01", "RT-CUT-03"]


LATE = {"due_date": date(2026, 2, 1)}  # before the invoice: a warning, CP-DATE-03


@pytest.mark.parametrize(
    ("text", "hinted"),
    [
        (f"{PATH}SpecifiedTradePaymentTerms.DueDateDateTime", True),
        (f"{PATH}SpecifiedTradePaymentTerms.DueDa", True),
        ("FichierXml.ExchangedDocument.ID.val", False),
        ("la date", False),
    ],
)
def test_when_nothing_blocks_warnings_about_the_term_named_are_the_hint(
    desk: Desk, text: str, hinted: bool
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml(LATE)])
    found = rejected(desk, flow, f"Facture FA-0002 refusee.|L'element {text}[...]")
    assert rules(found)[1:] == (["RT-CUT-03", "CP-DATE-03"] if hinted else ["RT-CUT-03"])
    assert found[1].params["count"] == ("1" if hinted else "0")


def test_the_directory_of_today_is_asked_too(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml()])
    buyer = Structure(identifier="35600000000048", name="Ville de Demain", service_required=True)
    source = DirectorySource(date(2026, 3, 1), "accounts", "annuaire.csv", "0" * 64)
    desk.ledger.replace_directory(source, [buyer], None)
    assert "DR-SERVICE-05" in rules(rejected(desk, flow, CUT))


def remove(path: Path) -> None:
    path.unlink()


def change(path: Path) -> None:
    path.write_bytes(gzip.compress(xml(IBAN)))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("harm", [remove, change, cut])
def test_without_the_file_as_it_was_sent_the_cut_message_stands_alone_and_says_so(
    desk: Desk, harm: Callable[[Path], None]
) -> None:
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml(IBAN)])
    record = desk.ledger.flow(flow)
    assert record is not None
    harm(desk.outbox / record.path)
    found = rejected(desk, flow, CUT)
    assert rules(found) == ["RT-PAYMENT-01", "RT-CUT-01"]
    for language in LANGUAGES:
        assert record.path in explain(found[1], language).message


def test_wrong_settings_do_not_keep_a_cut_message_from_being_told(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"policies": {"NO-SUCH-01": "warn"}, "target": "nowhere"})
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml(IBAN)])
    (_, told) = rejected(desk, flow, CUT)
    assert told.rule == "RT-CUT-01"
    assert "outbox" not in explain(told, "fr").message
    desk.close()


def test_the_policies_of_the_settings_hold(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"policies": {"CP-IBAN-02": "warn"}})
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml(IBAN)])
    assert rules(rejected(desk, flow, CUT)) == ["RT-PAYMENT-01", "RT-CUT-03"]
    desk.close()


def test_a_whole_message_reads_nothing_back(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")  # its file is not there
    found = rejected(desk, flow, f"{MEANS}FA-0002")
    assert rules(found) == ["RT-PAYMENT-01"]


def test_the_report_shows_what_completes_a_message_beside_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"report": {"folder": tmp_path / "reports"}})
    flow = desk.deposit("FA-0001", "FA-0002", xml=[xml(), xml({**IBAN, **LONG})])
    rejected(desk, flow, CUT)
    page = write_report(desk.ledger, "R100", desk.settings, RunFacts())
    report = json.loads((page.parent / "report.json").read_text("utf-8"))
    (group,) = report["rejected"]
    (case,) = group["cases"]
    assert [told["rule"] for told in case["told"]] == [
        "RT-PAYMENT-01",
        "RT-CUT-02",
        "CP-NUMBER-01",
        "CP-IBAN-02",
    ]
    desk.close()


@pytest.mark.parametrize("rule", ["RT-CUT-01", "RT-CUT-02", "RT-CUT-03"])
def test_the_words_have_no_gaps(desk: Desk, rule: str) -> None:
    files = {"RT-CUT-01": (), "RT-CUT-02": [xml(), xml(IBAN)], "RT-CUT-03": [xml(), xml()]}
    flow = desk.deposit("FA-0001", "FA-0002", xml=files[rule])
    (told,) = [one for one in rejected(desk, flow, CUT) if one.rule == rule]
    for language in LANGUAGES:
        words = explain(told, language)
        assert UNFILLED not in f"{words.message} {words.advice}"
