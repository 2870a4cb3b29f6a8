"""Rows to invoices with what a company file and its tables add: codes, due dates, look-ups."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from config.company import Company
from config.profile import Profile
from transforms.enrichment import EnrichmentTable
from transforms.grouping import InvoiceRows, RowBlock
from transforms.mapping import Mapped, Mapper

CITY = "21590350100017"
PROFILE = Profile.model_validate(
    {
        "profile": "mine",
        "header": {
            "BT-1": "NUMBER",
            "BT-2": "DATE",
            "BT-3": {"constant": "380"},
            "BT-13": "ORDER",
            "BT-20": {"column": "TERMS_TEXT", "company": True},
            "BT-27": {"company": True},
            "BT-30": {"company": True},
            "BT-44": "BUYER",
            "BT-47": "SIRET",
            "CF-COMPANY": "COMPANY",
            "CF-CUSTOMER": "CUSTOMER",
            "CF-PAYMENT-TERMS": "TERMS",
        },
        "lines": {"BT-126": "LINE", "BT-152": "RATE", "CF-LINE-VAT": "VAT"},
    }
)
COMPANY = Company.model_validate(
    {
        "seller": {"name": "Nord", "siret": "73282932000074"},
        "vat_codes": {"V1": {"category": "S", "rate": 20}},
        "payment_terms": {"Z045": {"days": 45, "end_of_month": True, "text": "45 j FDM"}},
        "companies": {
            "10": {},
            "20": {
                "seller": {"name": "Sud"},
                "vat_codes": {"V1": {"category": "S", "rate": 10}},
            },
        },
    }
).kept_at("societe.yaml")
ROW = {
    "NUMBER": "F1",
    "DATE": "2026-11-23",
    "COMPANY": "10",
    "CUSTOMER": "0000100234",
    "TERMS": "Z045",
    "BUYER": "Ville",
    "SIRET": "",
    "ORDER": "B7",
    "LINE": "1",
    "RATE": "",
    "VAT": "V1",
}
CLIENTS = EnrichmentTable(
    file="clients.csv",
    sha256="",
    key={"CF-CUSTOMER": "client"},
    gives={"BT-47": "siret"},
    rows={("100234",): (2, (CITY,))},
)
SERVICES = EnrichmentTable(
    file="services.csv",
    sha256="",
    key={"BT-44": "nom", "BT-13": "commande"},
    gives={"BT-10": "service"},
    rows={("Ville", "B7"): (5, ("ROUTES",))},
)


def rows_of(**changes: str) -> InvoiceRows:
    row = ROW | changes
    return InvoiceRows("F1", (RowBlock("a.csv", "00", tuple(row), (tuple(row.values()),), (2,)),))


def mapper(company: Company | None = COMPANY) -> Mapper:
    return Mapper(PROFILE, company, (CLIENTS, SERVICES))


def mapped(**changes: str) -> Mapped:
    return mapper().map(rows_of(**changes))


def test_customer_order_and_terms_are_looked_up() -> None:
    found = mapped()
    invoice = found.invoice
    assert invoice.buyer.legal_id is not None
    assert (invoice.buyer.legal_id.value, invoice.buyer.legal_id.scheme) == (CITY, "1")
    assert (invoice.buyer_reference, invoice.due_date) == ("ROUTES", date(2027, 1, 31))
    assert invoice.payment_terms == "45 j FDM"
    assert invoice.locate("BT-10").file == "services.csv"
    assert found.findings == ()


@pytest.mark.parametrize(
    ("changes", "buyer", "service"),
    [
        ({}, CITY, "ROUTES"),
        ({"CUSTOMER": "7"}, None, "ROUTES"),
        ({"SIRET": "11000201100044", "ORDER": "B8"}, "11000201100044", None),
        ({"COMPANY": "99"}, CITY, "ROUTES"),
    ],
)
def test_the_recipient_is_known_before_the_invoice_is_mapped(
    changes: dict[str, str], buyer: str | None, service: str | None
) -> None:
    peek = mapper().peek(rows_of(**changes))
    assert (peek.buyer, peek.service) == (buyer, service)
    invoice = mapped(**changes).invoice
    legal = invoice.buyer.legal_id
    assert (legal.value if legal else None, invoice.buyer_reference) == (buyer, service)


@pytest.mark.parametrize(("code", "seller", "rate"), [("10", "Nord", 20), ("20", "Sud", 10)])
def test_a_company_code_has_its_own_seller_and_vat_codes(code: str, seller: str, rate: int) -> None:
    one = mapper()
    for _ in range(2):
        found = one.map(rows_of(COMPANY=code))
        assert (found.invoice.seller.name, found.findings) == (seller, ())
        assert found.invoice.lines[0].vat_rate == Decimal(rate)


@pytest.mark.parametrize(("code", "rule"), [("30", "MP-COMPANY-01"), ("", "MP-COMPANY-02")])
def test_a_company_code_that_is_not_listed_has_no_seller(code: str, rule: str) -> None:
    found = mapped(COMPANY=code)
    assert found.invoice.seller.name is None
    assert found.findings[0].rule == rule
    assert found.findings[0].location.line == 2


def test_without_companies_every_code_is_that_of_the_file() -> None:
    plain = Company.model_validate({"seller": {"name": "Nord"}})
    found = mapper(plain).map(rows_of(COMPANY="30", TERMS="", VAT="")).invoice
    assert found.seller.name == "Nord"


def test_what_nobody_lists_is_told_with_the_file_to_complete() -> None:
    found = mapped(CUSTOMER="7", TERMS="Z999", VAT="V9")
    told = {item.rule: item for item in found.findings}
    assert set(told) == {"MP-VAT-02", "MP-TABLE-01", "MP-TERMS-01"}
    assert told["MP-VAT-02"].params["company_file_fr"] == "societe.yaml"
    assert told["MP-TABLE-01"].params["key"] == "client = 7"


def test_an_extract_that_knows_rates_only_has_them_looked_up() -> None:
    rates = Company.model_validate({"vat_codes": {"20": {"category": "S", "rate": 20}}})
    found = mapper(rates).map(rows_of(VAT="", RATE="20.00", TERMS="")).invoice
    assert found.lines[0].vat_category == "S"


def test_look_ups_are_part_of_what_the_extract_said() -> None:
    before = mapped().source_values
    assert mapped(CUSTOMER="7").source_values != before
    assert CITY not in before
