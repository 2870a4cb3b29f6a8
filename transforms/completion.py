"""What the company file adds to an invoice once it is built: due date, terms, tables, company.

The mapping hands over the built invoice with what the extract said of company, customer and
payment terms (``CF-COMPANY``, ``CF-CUSTOMER``, ``CF-PAYMENT-TERMS``); nothing here knows a column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from config.company import Company
from config.company_tables import PaymentTerms
from transforms.building import Reading
from transforms.company_words import file_params, yaml_key
from transforms.enrichment import EnrichmentTable, enriched
from transforms.finding import Severity
from transforms.invoice import Invoice
from transforms.payment_terms import due_date

COMPANY_TERM: Final = "CF-COMPANY"
CUSTOMER_TERM: Final = "CF-CUSTOMER"
PAYMENT_TERMS_TERM: Final = "CF-PAYMENT-TERMS"

#: Types of an invoice that asks for money (UNTDID 1001); BR-CO-25 wants a date or terms of it.
_INVOICE: Final = "380"


def complete_from_company(
    invoice: Invoice,
    said: Mapping[str, str],
    company: Company | None,
    tables: Sequence[EnrichmentTable],
    reading: Reading,
) -> Invoice:
    """Return the invoice with what the tables give and with its due date and payment terms.

    Args:
        said: texts of the terms without a place in the invoice, as the extract has them.
        company: the company file as it is for this invoice (:func:`company_for`).
        reading: takes the findings (``MP-TABLE-01``, ``MP-TABLE-02``, ``MP-TERMS-01``).
    """
    invoice = enriched(invoice, said, tables, reading)
    code = said.get(PAYMENT_TERMS_TERM, "").strip()
    return _with_terms(invoice, code, company, reading) if code else invoice


def company_for(
    company: Company | None, code: str | None, reading: Reading | None = None
) -> Company | None:
    """Return the company file as it is for the company code of an invoice.

    A file without ``companies`` holds for every code. Otherwise the code must be listed: one that
    is not (``MP-COMPANY-01``) or an empty one (``MP-COMPANY-02``) is a finding, and nothing is
    returned: a wrong seller would be worse than none.

    Args:
        code: cell of ``CF-COMPANY``; None when the extract has no such column.
    """
    if company is None or not company.companies or code is None:
        return company
    stripped = code.strip()
    found = company.for_code(stripped) if stripped else None
    if found is None and reading is not None:
        params = file_params(company)
        if stripped:
            params["entry"] = f"{yaml_key(stripped)}: {{seller: {{name: …, siret: …}}}}"
            params["known"] = ", ".join(sorted(company.companies))
        rule = "MP-COMPANY-01" if stripped else "MP-COMPANY-02"
        reading.report(rule, bt=COMPANY_TERM, value=stripped or None, params=params)
    return found


def _with_terms(invoice: Invoice, code: str, company: Company | None, reading: Reading) -> Invoice:
    terms = company.payment_terms.get(code) if company is not None else None
    if terms is None:
        if invoice.due_date is None:
            _report_terms(invoice, code, company, reading)
        return invoice
    due = invoice.due_date
    if due is None and invoice.issue_date is not None:
        due = _due(terms, invoice.issue_date)
    text = invoice.payment_terms
    usual = company.values.get("BT-20") if company is not None else None
    if terms.text and (text is None or text == usual):
        # What the company file says for all invoices is less than what it says of this code.
        text = terms.text
    return replace(invoice, due_date=due, payment_terms=text)


def _report_terms(invoice: Invoice, code: str, company: Company | None, reading: Reading) -> None:
    paid = invoice.totals.due is not None and invoice.totals.due <= 0
    needed = not invoice.payment_terms and invoice.type_code in (None, _INVOICE) and not paid
    reading.report(
        "MP-TERMS-01",
        bt=PAYMENT_TERMS_TERM,
        value=code,
        params={**file_params(company), "entry": f"{yaml_key(code)}: {{days: 30}}"},
        severity=Severity.ERROR if needed else Severity.WARNING,
    )


def _due(terms: PaymentTerms, issued: date) -> date | None:
    try:
        return due_date(terms, issued)
    except OverflowError:
        return None  # a date at the end of time: other rules tell
