"""Rows to invoices, as a profile says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config.company import Company
from config.profile import Profile
from transforms.finding import Finding
from transforms.grouping import InvoiceRows, RowBlock
from transforms.invoice import (
    Address,
    AllowanceCharge,
    Contact,
    ContractReference,
    CreditTransfer,
    DocumentReference,
    Identifier,
    Note,
    SupportingDocument,
    VatBreakdown,
)
from transforms.mapping import Mapped, Mapper

GENERIC = Profile.model_validate(
    yaml.safe_load(files("config").joinpath("profiles", "generic.yaml").read_text("utf-8"))
)
SIRET = "73282932000074"
COMPANY = Company.model_validate(
    {
        "seller": {"name": "Papeterie du Nord", "siret": SIRET, "vat_id": "FR44732829320"},
        "payment": {"means": "30", "iban": "FR76 3000 6000", "bic": "AGRIFRPP"},
        "vat_codes": {
            "N": {"category": "S", "rate": "20"},
            "X": {"category": "E", "rate": "0", "reason": "Art. 261 CGI", "reason_code": "VATEX"},
            "H": {"category": "O", "reason": "Hors champ"},
        },
        "vat_reasons": {"AE": {"reason": "Autoliquidation"}},
        "units": {"PCE": "H87"},
    }
)
HEAD = {
    "invoice_number": "F1",
    "invoice_date": "2026-11-23",
    "buyer_siret": "11000201100044",
}
LINE = {"line_number": "1", "quantity": "2", "unit_price": "10.50", "item_name": "Ramette"}


def rows_of(*cells: dict[str, str]) -> InvoiceRows:
    columns = tuple(dict.fromkeys(key for row in cells for key in row))
    rows = tuple(tuple(row.get(column, "") for column in columns) for row in cells)
    block = RowBlock("a.csv", "00", columns, rows, tuple(range(2, 2 + len(rows))))
    return InvoiceRows("F1", (block,))


def mapped(
    *cells: dict[str, str], profile: Profile = GENERIC, company: Company | None = COMPANY
) -> Mapped:
    return Mapper(profile, company).map(rows_of(*cells))


def rules(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.rule for finding in findings]


def changed(**change: Any) -> Profile:
    return Profile.model_validate(GENERIC.model_dump(by_alias=True, exclude_unset=True) | change)


def test_a_plain_invoice_is_mapped_with_the_company_and_the_defaults() -> None:
    found = mapped(HEAD | LINE | {"vat_code": "N", "unit": "PCE", "line_net_amount": "21.00"})
    invoice = found.invoice
    assert found.findings == ()
    assert (invoice.number, invoice.issue_date) == ("F1", date(2026, 11, 23))
    assert (invoice.type_code, invoice.currency, invoice.process) == ("380", "EUR", "A1")
    assert invoice.seller.legal_id == Identifier(SIRET, "1")
    assert invoice.seller.name == "Papeterie du Nord"
    assert invoice.buyer.legal_id == Identifier("11000201100044", "1")
    assert invoice.payment is not None
    assert invoice.payment.means_code == "30"
    assert invoice.payment.transfers == (CreditTransfer(account="FR7630006000", bank="AGRIFRPP"),)
    (line,) = invoice.lines
    assert (line.quantity, line.unit, line.net) == (Decimal(2), "H87", Decimal("21.00"))
    assert (line.vat_category, line.vat_rate) == ("S", Decimal(20))
    assert (line.price.net, line.item.name) == (Decimal("10.50"), "Ramette")


def test_the_cell_wins_over_the_company_and_the_default() -> None:
    found = mapped(HEAD | LINE | {"seller_name": "Filiale", "currency": "USD", "iban": "DE89"})
    assert found.invoice.seller.name == "Filiale"
    assert found.invoice.currency == "USD"
    assert found.invoice.payment is not None
    assert found.invoice.payment.transfers[0].account == "DE89"


def test_chorus_pro_terms_are_carried() -> None:
    invoice = mapped(
        HEAD
        | LINE
        | {
            "process_code": "A9",
            "validator_siret": "35600000000048",
            "validator_name": "Titulaire SA",
            "engagement_number": "EJ-1",
            "contract_number": "M-2026",
            "contract_kind": "BC",
            "buyer_service_code": "FACTURES",
            "seller_service_code": "S1",
            "vat_point_code": "72",
            "payee_name": "Factor SA",
            "payee_siret": "12345678901234",
            "line_type": "INFORMATION",
            "line_subtype": "X",
        }
    ).invoice
    assert invoice.process == "A9"
    assert invoice.validator is not None
    assert invoice.validator.legal_id == Identifier("35600000000048", "1")
    assert invoice.order == DocumentReference(number="EJ-1")
    assert invoice.contract == ContractReference(number="M-2026", kind="BC")
    assert (invoice.buyer_reference, invoice.seller.service_code) == ("FACTURES", "S1")
    assert invoice.vat_point_code == "72"
    assert invoice.payee is not None
    assert invoice.payee.legal_id == Identifier("12345678901234", "1")
    assert (invoice.lines[0].kind, invoice.lines[0].subkind) == ("INFORMATION", "X")


def test_numbered_columns_become_repeated_groups() -> None:
    found = mapped(
        HEAD
        | LINE
        | {
            "note_1": "Bonjour",
            "note_3": "Merci",
            "note_3_subject": "AAI",
            "preceding_invoice_1_number": "F0",
            "allowance_2_amount": "5",
            "allowance_2_vat_code": "N",
            "charge_1_amount": "3.00",
            "charge_1_reason": "Port",
            "line_allowance_1_amount": "1",
            "line_charge_1_amount": "2",
            "item_attribute_1_name": "couleur",
            "item_attribute_1_value": "bleu",
            "item_attribute_2_name": "sans valeur",
            "document_1_reference": "BL-1",
            "document_1_url": "https://example.org/bl-1",
            "attachments": "a.pdf|b.pdf",
        }
    )
    invoice = found.invoice
    assert invoice.notes == (Note(text="Bonjour"), Note(text="Merci", subject_code="AAI"))
    assert invoice.preceding == (DocumentReference(number="F0"),)
    allowance, charge = invoice.allowances
    assert allowance == AllowanceCharge(
        is_charge=False, amount=Decimal(5), vat_category="S", vat_rate=Decimal(20)
    )
    assert (charge.is_charge, charge.reason) == (True, "Port")
    assert [item.is_charge for item in invoice.lines[0].allowances] == [False, True]
    assert invoice.lines[0].item.attributes == (("couleur", "bleu"),)
    assert invoice.documents == (
        SupportingDocument(reference="BL-1", uri="https://example.org/bl-1"),
    )


def test_totals_of_the_erp_are_kept_as_read_and_absent_ones_stay_absent() -> None:
    invoice = mapped(
        HEAD | LINE | {"total_with_vat": "25.20", "vat_1_taxable_amount": "21", "vat_1_code": "N"}
    ).invoice
    assert invoice.totals.with_vat == Decimal("25.20")
    assert invoice.totals.due is None
    assert invoice.vat == (VatBreakdown(taxable=Decimal(21), category="S", rate=Decimal(20)),)


def test_a_cell_that_cannot_be_read_is_a_finding_with_its_place() -> None:
    found = mapped(HEAD | LINE, HEAD | LINE | {"line_number": "2", "quantity": "2,5"})
    (finding,) = found.findings
    assert (finding.rule, finding.bt, finding.value) == ("MP-NUMBER-01", "BT-129", "2,5")
    assert str(finding.location) == "a.csv, line 3, column quantity"
    assert finding.blocks
    assert found.invoice.lines[1].quantity is None


def test_a_header_that_contradicts_itself_is_a_finding_a_blank_one_is_not() -> None:
    second = LINE | {"invoice_number": "F1", "invoice_date": "2026-11-24"}
    found = mapped(HEAD | LINE, second)
    (finding,) = found.findings
    assert (finding.rule, finding.bt, finding.value) == ("MP-HEADER-01", "BT-2", "2026-11-24")
    assert finding.params == {"first": "2026-11-23", "first_line": "2"}
    assert finding.location.line == 3
    assert mapped(HEAD | LINE, LINE).findings == ()


@pytest.mark.parametrize(
    ("cells", "rule", "value"),
    [
        ({"vat_rate": "20"}, "MP-VAT-01", "20"),
        ({"vat_rate": "0"}, "MP-VAT-01", "0"),
        ({"vat_code": "??"}, "MP-VAT-02", "??"),
        ({"vat_code": "N", "vat_rate": "10"}, "MP-VAT-03", "S 10 %"),
        ({"vat_code": "N", "vat_category": "E"}, "MP-VAT-03", "E 20 %"),
    ],
)
def test_a_vat_category_is_never_guessed(cells: dict[str, str], rule: str, value: str) -> None:
    (finding,) = mapped(HEAD | LINE | cells).findings
    assert (finding.rule, finding.value) == (rule, value)


def test_exemption_reasons_of_the_company_become_groups_without_amounts() -> None:
    lines = [
        HEAD | LINE | {"vat_code": "X"},
        LINE | {"vat_code": "X"},
        LINE | {"vat_code": "H"},
        LINE | {"vat_category": "AE", "vat_rate": "0"},
    ]
    assert mapped(*lines).invoice.vat == (
        VatBreakdown(category="E", rate=Decimal(0), reason="Art. 261 CGI", reason_code="VATEX"),
        VatBreakdown(category="O", reason="Hors champ"),
        VatBreakdown(category="AE", rate=Decimal(0), reason="Autoliquidation"),
    )


def test_a_reason_of_the_extract_wins_over_that_of_the_company() -> None:
    cells = {"vat_code": "X", "vat_1_category": "E", "vat_1_rate": "0", "vat_1_reason": "Le nôtre"}
    assert [group.reason for group in mapped(HEAD | LINE | cells).invoice.vat] == ["Le nôtre"]


def test_a_siret_without_its_zero_is_a_finding_unless_the_profile_pads() -> None:
    short = HEAD | LINE | {"buyer_siret": "1000201100044"}
    found = mapped(short)
    assert rules(found.findings) == ["MP-SIRET-01"]
    assert found.findings[0].location.column == "buyer_siret"
    header = {"BT-1": "invoice_number", "BT-47": {"column": "buyer_siret", "pad": True}}
    padded = mapped(short, profile=changed(header=header))
    assert padded.findings == ()
    assert padded.invoice.buyer.legal_id == Identifier("01000201100044")


def test_the_iban_of_the_company_goes_with_transfers_only() -> None:
    cheque = mapped(HEAD | LINE | {"payment_means": "20"}).invoice
    assert cheque.payment is not None
    assert cheque.payment.transfers == ()
    said = mapped(HEAD | LINE | {"payment_means": "20", "iban": "DE89"}).invoice
    assert said.payment is not None
    assert len(said.payment.transfers) == 1


def test_negative_credit_notes_are_turned_and_invoices_left_alone() -> None:
    profile = changed(credit_notes={"amounts": "negative"})
    cells = HEAD | LINE | {"quantity": "-2", "total_with_vat": "-25.20"}
    credit = mapped(cells | {"document_type": "CREDIT_NOTE"}, profile=profile).invoice
    assert credit.type_code == "381"
    assert credit.totals.with_vat == Decimal("25.20")
    assert credit.lines[0].quantity == Decimal(2)
    assert mapped(cells, profile=profile).invoice.totals.with_vat == Decimal("-25.20")


def test_every_value_tells_the_file_line_and_column_it_came_from() -> None:
    invoice = mapped(HEAD | LINE, HEAD | LINE).invoice
    assert str(invoice.locate("BT-2")) == "a.csv, line 2, column invoice_date"
    assert str(invoice.locate("BT-146", 1)) == "a.csv, line 3, column unit_price"
    assert invoice.locate("BT-27").column is None


def test_lines_of_a_second_file_are_located_there() -> None:
    head = RowBlock("h.csv", "00", tuple(HEAD), (tuple(HEAD.values()),), (5,))
    lines = RowBlock("l.csv", "11", tuple(LINE), (tuple(LINE.values()),) * 2, (8, 9))
    found = Mapper(GENERIC, None).map(InvoiceRows("F1", (head, lines)))
    assert len(found.invoice.lines) == 2
    assert str(found.invoice.locate("BT-1")) == "h.csv, line 5, column invoice_number"
    assert str(found.invoice.locate("BT-129", 1)) == "l.csv, line 9, column quantity"
    assert found.findings == ()


@pytest.mark.parametrize("blocks", [(0, 0), (0, 1), (1, 0)])
def test_a_side_without_rows_is_mapped_as_far_as_it_goes(blocks: tuple[int, int]) -> None:
    head = RowBlock(
        "h.csv", "00", tuple(HEAD), (tuple(HEAD.values()),)[: blocks[0]], (5,)[: blocks[0]]
    )
    lines = RowBlock(
        "l.csv", "1", tuple(LINE), (tuple(LINE.values()),)[: blocks[1]], (8,)[: blocks[1]]
    )
    rows = InvoiceRows("F1", (head, lines))
    mapper = Mapper(GENERIC, None)
    assert mapper.map(rows).invoice.number == ("F1" if blocks[0] else None)
    assert len(mapper.map(rows).invoice.lines) == blocks[1]
    assert mapper.peek(rows).number == ("F1" if blocks[0] else None)


def test_peek_gives_what_the_parent_needs() -> None:
    filters = [{"name": "proforma", "column": "kind", "in": ["PRO", "DRAFT"]}]
    mapper = Mapper(changed(filters=filters), None)
    peek = mapper.peek(
        rows_of(HEAD | LINE | {"attachments": " a.pdf | | b c.pdf|a.pdf", "kind": "PRO"})
    )
    assert peek.number == "F1"
    assert peek.attachment_names == ("a.pdf", "b c.pdf")
    assert peek.excluded_by == "proforma"
    assert mapper.peek(rows_of(HEAD | LINE | {"kind": "INV"})).excluded_by is None
    assert mapper.peek(rows_of(HEAD | {"invoice_number": "1E+7"})).number is None


SIRETS = st.one_of(
    st.sampled_from(["", SIRET, "732 829 320 00074", "1,23E+13", "5550029000015", "FR44732829320"]),
    st.text("0123456789 E+", max_size=15),
)


@given(SIRETS, st.sampled_from(["", "1", "2", "0009"]), st.sampled_from(["", " ", "S 1", " S1 "]))
def test_peek_names_the_recipient_as_it_will_be_mapped(siret: str, kind: str, code: str) -> None:
    header = {
        **{key: value.model_dump(exclude_unset=True) for key, value in GENERIC.header.items()},
        "BT-47": {"column": "buyer_siret", "pad": True},
        "BT-47-1": {"column": "buyer_kind"},
        "BT-10": {"column": "service", "default": "ACCUEIL"},
    }
    mapper = Mapper(changed(header=header), COMPANY)
    row = HEAD | LINE | {"buyer_siret": siret, "buyer_kind": kind, "service": code}
    peek, invoice = mapper.peek(rows_of(row)), mapper.map(rows_of(row)).invoice
    assert peek.buyer == (invoice.buyer.legal_id.value if invoice.buyer.legal_id else None)
    assert peek.service == invoice.buyer_reference


# -- what the content hash is taken over ---------------------------------------------------------


def said(*cells: dict[str, str], **keywords: Any) -> str:
    return mapped(*cells, **keywords).source_values


def test_source_values_are_those_of_the_extract_alone() -> None:
    text = said(HEAD | LINE)
    assert text.split("\x1f") == [
        "BT-1=F1",
        "BT-2=2026-11-23",
        "BT-47=11000201100044",
        "BG-25",
        "BT-126=1",
        "BT-129=2",
        "BT-146=10.5",
        "BT-153=Ramette",
    ]
    assert said(HEAD | LINE, company=None) == text


@pytest.mark.parametrize(
    "same",
    [
        {"unit_price": "10.5"},
        {"invoice_date": "23/11/2026"},
        {"item_name": " Ramette "},
        {"note_1": ""},
        {"unused": "x"},
    ],
)
def test_another_way_of_writing_the_same_is_the_same(same: dict[str, str]) -> None:
    assert said(HEAD | LINE | same) == said(HEAD | LINE)


@pytest.mark.parametrize(
    "other",
    [
        {"unit_price": "10.51"},
        {"item_name": "Ramettes"},
        {"quantity": "x"},
        {"note_2": "Bonjour"},
        {"vat_code": "N"},
    ],
)
def test_another_content_is_told_apart(other: dict[str, str]) -> None:
    assert said(HEAD | LINE | other) != said(HEAD | LINE)


def test_the_order_of_columns_does_not_count_the_order_of_lines_does() -> None:
    cells = HEAD | LINE | {"due_date": "2026-12-31"}
    assert said(dict(reversed(cells.items()))) == said(cells)
    first, second = LINE, LINE | {"line_number": "2"}
    assert said(HEAD | first, HEAD | second) != said(HEAD | second, HEAD | first)
    assert said(HEAD | first, HEAD | first) != said(HEAD | first)


def test_a_vat_point_date_of_the_extract_wins_over_the_code_of_the_company() -> None:
    company = Company.model_validate(COMPANY.model_dump() | {"defaults": {"BT-8": "5"}})
    dated = HEAD | LINE | {"vat_point_date": "2026-11-20"}
    assert mapped(HEAD | LINE, company=company).invoice.vat_point_code == "5"
    assert mapped(dated, company=company).invoice.vat_point_code is None
    both = mapped(dated | {"vat_point_code": "72"}, company=company).invoice
    assert both.vat_point_code == "72"


def test_a_factor_of_the_extract_is_never_paid_on_the_account_of_the_company() -> None:
    cells = HEAD | LINE | {"payee_name": "Affacturage SA"}
    alone = mapped(cells).invoice
    assert alone.payment is not None
    assert alone.payment.transfers == ()
    paid = mapped(cells | {"iban": "DE89370400440532013000"}).invoice
    assert paid.payment is not None
    assert paid.payment.transfers == (
        CreditTransfer(account="DE89370400440532013000", account_name="Affacturage SA"),
    )


def test_payee_and_valideur_come_with_address_and_contact() -> None:
    invoice = mapped(
        HEAD
        | LINE
        | {
            "payee_name": "Affacturage SA",
            "payee_city": "Paris",
            "payee_contact_email": "a@factor.example",
            "payee_identifier_1": "F-12",
            "validator_siret": SIRET,
            "validator_address_line1": "1 rue du Chantier",
            "validator_contact_name": "M. Durand",
            "buyer_note": "Lycée",
        }
    ).invoice
    assert invoice.payee is not None
    assert invoice.payee.address == Address(city="Paris", country="FR")
    assert invoice.payee.contact == Contact(email="a@factor.example")
    assert invoice.payee.identifiers == (Identifier("F-12"),)
    assert invoice.validator is not None
    assert invoice.validator.address == Address(line1="1 rue du Chantier", country="FR")
    assert invoice.validator.contact == Contact(name="M. Durand")
    assert invoice.buyer.legal_form == "Lycée"
