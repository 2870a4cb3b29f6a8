"""Files of documents to invoices: IDocs and EDIFACT, with the profiles that ship."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from config.company import Company
from config.profile import Profile
from flows.convert import convert_files, settings_for
from flows.documents import DocumentReading
from flows.errors import ConfigurationError
from flows.extracts import ExtractFile, WrongProfileError, load_profile, read_extracts
from tests.support.documents import (
    EANCOM,
    Spec,
    idoc_flat,
    idoc_invoice,
    idoc_line,
    idoc_xml,
    interchange,
    message,
    segment,
)
from tests.support.firm import COMPANY, NOW, SELLER
from transforms.grouping import InvoiceRows
from transforms.invoice import Invoice, InvoiceLine
from transforms.mapping import Mapper

SAP = load_profile("sap_invoic02")
EDIFACT = load_profile("edifact_invoic")
FIRM = Company.model_validate(
    {
        "seller": {"name": "Fournitures du Nord", "siret": SELLER},
        "vat_codes": {"A2": {"category": "S", "rate": "20"}},
    }
)


@dataclass
class Result:
    invoices: list[InvoiceRows]
    reading: DocumentReading
    profile: Profile

    @property
    def keys(self) -> list[str]:
        return [rows.key for rows in self.invoices]

    @property
    def rules(self) -> dict[str, list[str]]:
        return {rows.key: [finding.rule for finding in rows.findings] for rows in self.invoices}

    @property
    def orphans(self) -> list[str]:
        return [finding.rule for finding in self.reading.orphan_findings]

    @property
    def warnings(self) -> list[tuple[str, str | None]]:
        return [(item.rule, item.location.column) for item in self.reading.warnings]

    def mapped(self, rank: int = 0) -> Invoice:
        found = Mapper(self.profile, FIRM).map(self.invoices[rank])
        assert not found.findings
        return found.invoice


def read(folder: Path, profile: Profile, *contents: bytes) -> Result:
    files = []
    for rank, content in enumerate(contents):
        path = folder / f"{rank}.txt"
        path.write_bytes(content)
        files.append(ExtractFile(path, path.name, f"{rank:064}"))
    reading = read_extracts(files, profile, spill_folder=folder / "spill")
    assert isinstance(reading, DocumentReading)
    return Result(list(reading), reading, profile)


# -- files -----------------------------------------------------------------------------------------


def test_each_document_of_each_file_is_an_invoice(tmp_path: Path) -> None:
    first, second = idoc_invoice("F1"), idoc_invoice("F2", docnum="2")
    found = read(tmp_path, SAP, idoc_xml(first, second), idoc_flat(first))
    assert found.keys == ["F1", "F2", "F1"]
    assert found.reading.rows_by_file == {"0.txt": 2, "1.txt": 1}
    assert found.reading.rows_read == 3
    assert (found.orphans, found.warnings) == ([], [])
    assert len({(rows.span.file_sha256, rows.span.first_line) for rows in found.invoices}) == 3


def test_a_document_of_another_kind_counts_as_one_read(tmp_path: Path) -> None:
    found = read(tmp_path, SAP, idoc_xml(idoc_invoice("F1", mestyp="ORDERS"), idoc_invoice("F2")))
    assert found.keys == ["F2"]
    assert found.orphans == ["XT-OTHER-01"]
    assert found.reading.rows_by_file == {"0.txt": 2}


def test_a_break_keeps_the_invoices_before_it_and_the_other_files(tmp_path: Path) -> None:
    whole = idoc_xml(idoc_invoice("F1"), idoc_invoice("F2"))
    found = read(tmp_path, SAP, whole[:-400], idoc_xml(idoc_invoice("F3")))
    assert found.keys == ["F1", "F3"]
    assert found.orphans == ["XT-XML-01"]


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    found = read(tmp_path, SAP, b" \n", idoc_xml(idoc_invoice("F1")))
    assert found.keys == ["F1"]
    assert found.warnings == [("XT-EMPTY-01", None)]


@pytest.mark.parametrize(
    ("profile", "content", "told"),
    [
        (SAP, b"UNB+UNOC:3+A+B'", "0.txt is not an SAP IDoc, as XML or flat"),
        (SAP, b"number;date\n", "0.txt is not an SAP IDoc"),
        (EDIFACT, b"<INVOIC02/>", "0.txt is not an EDIFACT interchange"),
    ],
)
def test_a_file_of_another_format_stops_everything(
    tmp_path: Path, profile: Profile, content: bytes, told: str
) -> None:
    with pytest.raises(WrongProfileError, match=told):
        read(tmp_path, profile, content)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    file = ExtractFile(tmp_path / "none.xml", "none.xml", "0" * 64)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        DocumentReading([file], SAP)


def test_segments_and_fields_that_nobody_knows_are_told_once(tmp_path: Path) -> None:
    invoice = [*idoc_invoice("F1"), segment("Z1EXTRA", ZVALUE="1")]
    header = {**SAP.header, "BT-11": SAP.header["BT-13"].model_copy(update={"column": "E1EDK01.X"})}
    profile = SAP.model_copy(update={"header": header})
    found = read(tmp_path, profile, idoc_xml(invoice, invoice))
    assert found.warnings == [("XT-SEGMENT-01", "Z1EXTRA"), ("XT-PATH-01", "E1EDK01.X")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("extends: edifact_invoic\nheader: {BT-11: BGM.1O04}", "did you mean 1004"),
        ("extends: edifact_invoic\nheader: {BT-11: 'BGM[1004.X'}", "is no path"),
        (
            "extends: edifact_invoic\nshape: {kind: flat, lines: ''}",
            "goes with shape.kind documents",
        ),
    ],
)
def test_a_wrong_path_is_told_when_the_profile_is_loaded(
    tmp_path: Path, text: str, told: str
) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(f"profile: own\n{text}\n", "utf-8")
    with pytest.raises(ConfigurationError, match=told):
        load_profile(path)


# -- SAP -------------------------------------------------------------------------------------------


def test_an_idoc_becomes_an_invoice(tmp_path: Path) -> None:
    invoice = read(tmp_path, SAP, idoc_xml(idoc_invoice())).mapped()
    assert (invoice.number, str(invoice.issue_date), invoice.type_code) == (
        "0090000001",
        "2026-09-10",
        "380",
    )
    assert (invoice.seller.name, invoice.buyer.name) == ("Fournitures du Nord", "Mairie de Crécy")
    assert invoice.buyer.legal_id
    assert invoice.buyer.legal_id.value == "11000201100044"
    assert (invoice.buyer_reference, invoice.order and invoice.order.number) == (
        "SERVICE-1",
        "ENG-42",
    )
    assert [note.text for note in invoice.notes] == ["Merci de votre commande"]
    assert invoice.totals.with_vat == Decimal("144.00")
    assert [(line.id, line.unit, line.net) for line in invoice.lines] == [
        ("10", "H87", Decimal("100.00")),
        ("20", "HUR", Decimal("20.00")),
    ]
    assert invoice.payment
    assert invoice.payment.transfers[0].account == "FR7630006000011234567890189"


@pytest.mark.parametrize(
    ("kind", "billing", "type_code"),
    [("INVO", "F2", "380"), ("CRME", "F2", "381"), ("INVO", "G2", "381"), ("CRME", "ZG2", "381")],
)
def test_a_credit_note_is_one_by_its_kind_or_its_billing_type(
    tmp_path: Path, kind: str, billing: str, type_code: str
) -> None:
    content = idoc_xml(idoc_invoice("F2", kind=kind, billing=billing, original="F1"))
    invoice = read(tmp_path, SAP, content).mapped()
    assert invoice.type_code == type_code
    assert [each.number for each in invoice.preceding] == ["F1"]


def test_the_number_of_the_document_itself_is_no_preceding_invoice(tmp_path: Path) -> None:
    invoice = read(tmp_path, SAP, idoc_xml(idoc_invoice("F2", original="F2"))).mapped()
    assert invoice.preceding == ()


def sap_line(folder: Path, *lines: Spec) -> InvoiceLine:
    invoice = idoc_invoice()
    own = [spec for spec in invoice if spec[0] != "E1EDP01"]
    found = read(folder, SAP, idoc_xml([*own[:-3], *lines, *own[-3:]])).mapped()
    return found.lines[0]


def test_a_price_for_many_units_keeps_its_base(tmp_path: Path) -> None:
    line = sap_line(
        tmp_path, idoc_line("10", "1440", "KGM", "630.00", "907.20", "Sel", UPRBS="1000")
    )
    assert line.price
    assert (line.quantity, line.price.net, line.price.base_quantity) == (1440, 630, 1000)


def test_a_quantity_is_in_the_unit_of_the_price_where_only_that_makes_the_net(
    tmp_path: Path,
) -> None:
    spec = idoc_line(
        "10", "144", "TU", "630.00", "907.20", "Sel", UPRBS="1000", MEAUN="KGM", KOBAS="1440"
    )
    line = sap_line(tmp_path, spec)
    assert line.price
    assert (line.quantity, line.unit) == (1440, "KGM")
    assert (line.price.net, line.price.base_quantity, line.price.base_unit) == (630, 1000, "KGM")


def test_a_price_in_a_unit_that_does_not_fit_is_computed_for_one(tmp_path: Path) -> None:
    spec = idoc_line("10", "144", "PCE", "630.00", "907.20", "Sel", UPRBS="1000", MEAUN="KGM")
    line = sap_line(tmp_path, spec)
    assert line.price
    assert (line.price.net, line.price.base_quantity) == (Decimal("6.3"), None)


def test_components_without_amount_are_no_lines(tmp_path: Path) -> None:
    name, fields, below = idoc_line("20", "1", "PCE", "0.00", "0.00", "Vis")
    component = (name, {**fields, "UEPOS": "000010"}, below)
    parent = idoc_line("10", "1", "PCE", "5.00", "5.00", "Meuble")
    invoice = idoc_invoice()
    own = [spec for spec in invoice if spec[0] != "E1EDP01"]
    content = idoc_xml([*own[:-3], parent, component, *own[-3:]])
    assert [line.id for line in read(tmp_path, SAP, content).mapped().lines] == ["10"]


@pytest.mark.parametrize("change", [{"billing": "F5"}, {"billing": "F8"}])
def test_pro_forma_invoices_are_left_out(tmp_path: Path, change: dict[str, str]) -> None:
    found = read(tmp_path, SAP, idoc_xml(idoc_invoice("F1", **change)))
    assert Mapper(SAP, FIRM).peek(found.invoices[0]).excluded_by == "pro forma"


# -- EDIFACT ---------------------------------------------------------------------------------------


def test_a_message_of_eancom_becomes_an_invoice(tmp_path: Path) -> None:
    invoice = read(tmp_path, EDIFACT, interchange(message(EANCOM))).mapped()
    assert (invoice.number, invoice.type_code, invoice.currency) == ("F-2026-1", "380", "EUR")
    # Terms of 30 days, from the invoice date
    assert (str(invoice.issue_date), str(invoice.due_date)) == ("2026-09-10", "2026-10-10")
    assert invoice.seller.name == "Fournitures du Nord"
    assert invoice.seller.legal_id
    assert invoice.seller.legal_id.value == SELLER
    # The party invoiced, not the one that ordered
    assert invoice.buyer.name == "MAIRIE DE CRECY COMPTABILITE"
    assert invoice.buyer.legal_id
    assert invoice.buyer.legal_id.value == "11000201100044"
    assert [(each.value, each.scheme) for each in invoice.buyer.identifiers] == [
        ("3025555000032", "0088")
    ]
    assert invoice.totals.with_vat == invoice.totals.due == Decimal("132.00")
    assert [(each.is_charge, each.amount, each.reason) for each in invoice.allowances] == [
        (False, Decimal("10.00"), "REMISE")
    ]
    assert [(each.category, each.taxable, each.tax) for each in invoice.vat] == [
        ("S", Decimal("110.00"), Decimal("22.00"))
    ]
    first, second = invoice.lines
    assert (first.item.name, first.item.seller_id, first.item.buyer_id) == (
        "RAMETTE A4 80 G",
        "ART-10",
        "C-1",
    )
    # The price of the second line has its discount in it already
    assert second.price
    assert (second.price.net, second.price.gross, second.allowances) == (1, Decimal("1.25"), ())


def edifact_line(folder: Path, *segments: str) -> InvoiceLine:
    body = ("BGM+380+F1", "DTM+137:20260910:102", "LIN+1", *segments, "UNS+S", "MOA+77:1")
    return read(folder, EDIFACT, interchange(message(body))).mapped().lines[0]


def test_allowances_that_make_the_net_with_the_price_are_allowances(tmp_path: Path) -> None:
    line = edifact_line(
        tmp_path,
        "QTY+47:10:PCE",
        "MOA+203:95",
        "PRI+AAA:10",
        "TAX+7+VAT+++:::5.5+AA",
        "ALC+A+Remise",
        "MOA+8:5",
    )
    assert [(each.amount, each.reason) for each in line.allowances] == [(5, "Remise")]
    assert line.price
    assert (line.price.net, line.vat_category, line.vat_rate) == (10, "S", Decimal("5.5"))


def test_what_is_given_back_has_a_negative_quantity_and_no_negative_price(tmp_path: Path) -> None:
    line = edifact_line(
        tmp_path, "QTY+47:6:PCE", "MOA+203:-60", "PRI+AAA:10", "TAX+7+VAT+++:::20+S"
    )
    assert line.price
    assert (line.quantity, line.price.net, line.net) == (-6, 10, -60)


def test_a_line_without_category_needs_a_code_of_the_company(tmp_path: Path) -> None:
    body = ("BGM+380+F1", "LIN+1", "QTY+47:1", "MOA+203:1", "TAX+7+VAT+++:::20", "UNS+S")
    found = read(tmp_path, EDIFACT, interchange(message(body)))
    rules = {finding.rule for finding in Mapper(EDIFACT, FIRM).map(found.invoices[0]).findings}
    assert rules == {"MP-VAT-02"}
    firm = Company.model_validate({"vat_codes": {"20": {"category": "S", "rate": "20"}}})
    mapped = Mapper(EDIFACT, firm).map(found.invoices[0])
    assert not mapped.findings
    assert mapped.invoice.lines[0].vat_category == "S"


@pytest.mark.parametrize(
    ("change", "excluded"),
    [
        (("BGM+380+F1+9",), None),
        (("BGM+380+F1+31",), "copy"),
        (("BGM+380+F1+1",), "cancellation"),
        (("BGM+325+F1+9",), "pro forma"),
    ],
)
def test_copies_and_pro_forma_are_left_out(
    tmp_path: Path, change: tuple[str, ...], excluded: str | None
) -> None:
    found = read(tmp_path, EDIFACT, interchange(message((*change, "LIN+1", "UNS+S"))))
    assert Mapper(EDIFACT, FIRM).peek(found.invoices[0]).excluded_by == excluded


def test_more_allowances_than_the_profile_takes_hold_the_invoice_back(tmp_path: Path) -> None:
    body = ("BGM+380+F1", *("ALC+A", "MOA+8:1") * 6, "LIN+1", "UNS+S")
    found = read(tmp_path, EDIFACT, interchange(message(body)))
    assert found.rules == {"F1": ["XT-MORE-01"]}


def test_a_damaged_message_is_held_back_under_its_number(tmp_path: Path) -> None:
    lost = message(EANCOM)
    del lost[20]
    found = read(tmp_path, EDIFACT, interchange(lost, message(EANCOM, "2")))
    assert found.rules == {"F-2026-1": []}
    assert [[finding.rule for finding in rows.findings] for rows in found.invoices] == [
        ["XT-COUNT-01"],
        [],
    ]


# -- to XML ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("profile", "content"),
    [
        ("sap_invoic02", idoc_xml(idoc_invoice("F1"))),
        ("sap_invoic02", idoc_flat(idoc_invoice("F1"))),
        ("edifact_invoic", interchange(message(("BGM+380+F1+9", *EANCOM[1:])))),
    ],
)
def test_documents_are_converted_to_xml(tmp_path: Path, profile: str, content: bytes) -> None:
    file = tmp_path / "documents.txt"
    file.write_bytes(content)
    company = tmp_path / "company.yaml"
    company.write_text(f"{COMPANY}  A2: {{category: S, rate: 20}}\n", "utf-8")
    done = convert_files(
        [file],
        settings_for([file], profile=profile, company=company),
        out=tmp_path / "xml",
        findings=tmp_path / "findings.json",
        clock=lambda: NOW,
    )
    told = json.loads((tmp_path / "findings.json").read_text("utf-8"))
    assert (done.written, done.held_back, told) == (1, 0, [])
    assert etree.parse(tmp_path / "xml" / "F1.xml").getroot() is not None
