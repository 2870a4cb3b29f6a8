"""What the company file adds to a built invoice: due date, payment terms, company code."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from config.company import Company
from schemas.explain import explain
from transforms.building import Reading
from transforms.completion import company_for, complete_from_company
from transforms.enrichment import EnrichmentTable
from transforms.finding import Severity
from transforms.invoice import Invoice, Totals

COMPANY = Company.model_validate(
    {
        "seller": {"name": "Nord", "siret": "73282932000074"},
        "payment": {"terms": "Paiement à 30 jours"},
        "payment_terms": {
            "Z045": {"days": 45, "end_of_month": True, "text": "45 jours fin de mois"},
            "Z000": {},
        },
        "companies": {"0010": {"seller": {"siret": "73282932000082"}}},
    }
).kept_at("/etc/firm/societe.yaml")
ISSUED = date(2026, 11, 23)


def complete(
    code: str, company: Company | None = COMPANY, **fields: Any
) -> tuple[Invoice, Reading]:
    reading = Reading("extract.csv", 7)
    invoice = Invoice(**{"issue_date": ISSUED, "type_code": "380", **fields})
    said = {"CF-PAYMENT-TERMS": code}
    return complete_from_company(invoice, said, company, (), reading), reading


@pytest.mark.parametrize(
    ("code", "fields", "due", "text"),
    [
        ("Z045", {}, date(2027, 1, 31), "45 jours fin de mois"),
        (" Z045 ", {}, date(2027, 1, 31), "45 jours fin de mois"),
        ("Z000", {}, ISSUED, None),
        ("Z045", {"due_date": ISSUED}, ISSUED, "45 jours fin de mois"),
        ("Z045", {"payment_terms": "Comptant"}, date(2027, 1, 31), "Comptant"),
        (
            "Z045",
            {"payment_terms": "Paiement à 30 jours"},
            date(2027, 1, 31),
            "45 jours fin de mois",
        ),
        ("Z045", {"issue_date": None}, None, "45 jours fin de mois"),
        ("Z045", {"issue_date": date(9999, 12, 31)}, None, "45 jours fin de mois"),
        ("", {}, None, None),
        ("?", {"due_date": ISSUED}, ISSUED, None),
    ],
)
def test_a_known_code_gives_due_date_and_text_where_the_extract_has_none(
    code: str, fields: dict[str, Any], due: date | None, text: str | None
) -> None:
    found, reading = complete(code, **fields)
    assert (found.due_date, found.payment_terms, reading.findings) == (due, text, [])


@pytest.mark.parametrize(
    ("fields", "severity"),
    [
        ({}, Severity.ERROR),
        ({"type_code": None}, Severity.ERROR),
        ({"type_code": "381"}, Severity.WARNING),
        ({"payment_terms": "Comptant"}, Severity.WARNING),
        ({"totals": Totals(due=Decimal(0))}, Severity.WARNING),
        ({"totals": Totals(due=Decimal(1))}, Severity.ERROR),
    ],
)
def test_an_unknown_code_blocks_only_an_invoice_that_needs_it(
    fields: dict[str, Any], severity: Severity
) -> None:
    _, reading = complete("0030", **fields)
    (finding,) = reading.findings
    assert (finding.rule, finding.severity) == ("MP-TERMS-01", severity)
    assert 'payment_terms de societe.yaml ce que ce code signifie, par exemple : "0030": ' in (
        explain(finding, "fr").advice
    )


def test_without_a_company_file_every_code_is_unknown() -> None:
    _, reading = complete("Z045", company=None)
    assert "your company file" in explain(reading.findings[0], "en").message


def test_a_table_may_give_the_due_date_that_a_code_does_not() -> None:
    table = EnrichmentTable(
        file="t.csv",
        sha256="",
        key={"CF-CUSTOMER": "client"},
        gives={"BT-9": "echeance"},
        rows={("7",): (2, ("2026-12-31",))},
    )
    reading = Reading()
    said = {"CF-CUSTOMER": "7", "CF-PAYMENT-TERMS": "?"}
    found = complete_from_company(Invoice(issue_date=ISSUED), said, COMPANY, (table,), reading)
    assert (found.due_date, reading.findings) == (date(2026, 12, 31), [])


def test_a_company_code_is_laid_over_the_file_once() -> None:
    reading = Reading()
    found = company_for(COMPANY, " 0010 ", reading)
    assert found is not None
    assert found is company_for(COMPANY, "0010", reading)
    assert found.values["BT-30"] == "73282932000082"
    assert found.values["BT-27"] == "Nord"
    assert reading.findings == []


@pytest.mark.parametrize(
    ("code", "rule", "told"),
    [
        ("0020", "MP-COMPANY-01", 'Add to companies of societe.yaml: "0020": {seller:'),
        ("  ", "MP-COMPANY-02", "societe.yaml knows several"),
    ],
)
def test_a_company_code_that_is_not_listed_is_a_finding_and_no_company(
    code: str, rule: str, told: str
) -> None:
    reading = Reading("extract.csv", 7)
    assert company_for(COMPANY, code, reading) is None
    (finding,) = reading.findings
    assert (finding.rule, finding.severity) == (rule, Severity.ERROR)
    assert told in explain(finding, "en").advice


def test_a_file_without_companies_holds_for_every_code() -> None:
    plain = Company.model_validate({"seller": {"name": "Nord"}})
    assert company_for(plain, "0010") is plain
    assert company_for(COMPANY, None) is COMPANY
    assert company_for(None, "0010") is None
