"""Chorus Pro: number, type, cadre, currency, dates and what hangs on the cadre."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from config.codes import load_codes, load_currencies, load_limits
from config.terms import registry
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice, InvoiceLine

DOCUMENT = Family("chorus.document")

#: AIFE, Annexe EDI V4.20, rule G1.05.
NUMBER_CHARACTERS = re.compile(r"[A-Za-z0-9 +_/-]*")

#: DGFiP and AIFE, Annexe 7 V1.8, rule G1.36.
YEARS = range(2000, 2100)

#: BT-8: 5 débits, 29 livraison, 72 encaissements (UNTDID 2475 as AIFE's samples have it).
VAT_POINTS = frozenset({"5", "29", "72"})

_ZERO = Decimal(0)


@DOCUMENT.check("CP-NUMBER-01", "CP-NUMBER-02", "CP-NUMBER-03")
def number_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-1: length, characters, and blanks that a screen hides."""
    number = invoice.number
    if not number:
        return
    limit = load_limits()["BT-1"].largest
    if len(number) > limit:
        yield Hit(
            "CP-NUMBER-01",
            "BT-1",
            number,
            params={"limit": str(limit), "length": str(len(number))},
        )
    if not NUMBER_CHARACTERS.fullmatch(number) or number.isspace():
        yield Hit("CP-NUMBER-02", "BT-1", number, params={"refused": _refused(number)})
    elif number != number.strip() or "  " in number:
        yield Hit("CP-NUMBER-03", "BT-1", number)


@DOCUMENT.check("CP-ORIGIN-01", "CP-ORIGIN-02")
def original_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-25: as BT-1; Chorus Pro reads it on credit notes only."""
    limit = load_limits()["BT-25"].largest
    for reference in invoice.preceding:
        number = reference.number
        if number and (len(number) > limit or not NUMBER_CHARACTERS.fullmatch(number)):
            yield Hit("CP-ORIGIN-01", "BT-25", number, params={"limit": str(limit)})
    named = next((one.number for one in invoice.preceding if one.number), None)
    if named and invoice.type_code == "380":
        yield Hit("CP-ORIGIN-02", "BT-25", named)


@DOCUMENT.check("CP-TYPE-01")
def type_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-3: invoice or credit note, nothing else."""
    if invoice.type_code and invoice.type_code not in load_codes("document_types"):
        yield Hit("CP-TYPE-01", "BT-3", invoice.type_code)


@DOCUMENT.check("CP-PROCESS-01", "CP-PROCESS-02", "CP-PROCESS-03", "CP-PROCESS-04")
def process_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-23: a cadre de facturation of Chorus Pro, and one this product can deposit."""
    process = invoice.process
    if not process:
        yield Hit("CP-PROCESS-04", "BT-23")
        return
    known = load_codes("processes").get(process)
    if known is None:
        reform = load_codes("reform_processes").get(process)
        if reform is None:
            yield Hit("CP-PROCESS-01", "BT-23", process)
        else:
            instead = str(reform.facts.get("chorus", "A1"))
            yield Hit("CP-PROCESS-02", "BT-23", process, params={"instead": instead})
    elif not known.facts.get("scope"):
        params = {"name_fr": known.fr, "name_en": known.en}
        yield Hit("CP-PROCESS-03", "BT-23", process, params=params)


@DOCUMENT.check("CP-A2-01", "CP-A2-02")
def paid_invoice_owes_nothing(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Cadre A2: all of the total is paid and nothing is due."""
    if invoice.process != "A2":
        return
    totals = invoice.totals
    if totals.with_vat is not None and totals.paid != totals.with_vat:
        paid = _ZERO if totals.paid is None else totals.paid
        yield Hit("CP-A2-01", "BT-113", f"{paid:f}", params={"total": f"{totals.with_vat:f}"})
    if totals.due:
        yield Hit("CP-A2-02", "BT-115", f"{totals.due:f}")


@DOCUMENT.check("CP-CREDIT-01", "CP-CREDIT-02")
def credit_note_is_positive(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """A credit note carries positive amounts: its type alone says that it is taken off."""
    total = invoice.totals.with_vat
    if total is not None and total < 0:
        if invoice.type_code == "381":
            yield Hit("CP-CREDIT-01", "BT-112", f"{total:f}")
        elif invoice.type_code == "380":
            yield Hit("CP-CREDIT-02", "BT-112", f"{total:f}")


@DOCUMENT.check("CP-CURRENCY-01")
def currency_is_known(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-5 and BT-6: a code of ISO 4217; not euros only."""
    for bt, currency in (("BT-5", invoice.currency), ("BT-6", invoice.vat_currency)):
        if currency and currency not in load_currencies():
            yield Hit("CP-CURRENCY-01", bt, currency)


@DOCUMENT.check("CP-DATE-01", "CP-DATE-02", "CP-DATE-03")
def dates_are_plausible(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Issue date not after the run date, all dates in 2000-2099, due date not before issue."""
    issued, due = invoice.issue_date, invoice.due_date
    if issued is not None and issued > context.run_date:
        run_date = context.run_date.isoformat()
        yield Hit("CP-DATE-01", "BT-2", issued.isoformat(), params={"run_date": run_date})
    for bt, day in _dates(invoice):
        if day is not None and day.year not in YEARS:
            yield Hit("CP-DATE-02", bt, day.isoformat())
    for rank, line in enumerate(invoice.lines):
        for bt, day in _line_dates(line):
            if day is not None and day.year not in YEARS:
                yield Hit("CP-DATE-02", bt, day.isoformat(), rank)
    if issued is not None and due is not None and due < issued:
        yield Hit("CP-DATE-03", "BT-9", due.isoformat(), params={"issued": issued.isoformat()})


@DOCUMENT.check("CP-DATE-04")
def dates_can_be_read(_: Invoice, context: RuleContext) -> Iterator[Hit]:
    """A date of an XML: the CII schema takes any text, and EN 16931 asks for its format only."""
    facts = context.facts
    for key, text in facts.texts.items():
        found = registry().terms.get(str(key[0]))
        if found is not None and found.kind == "date" and key in facts.there:
            rank = key[1] if found.level == "line" and len(key) > 1 else None
            yield Hit("CP-DATE-04", found.id, text, rank if isinstance(rank, int) else None)


@DOCUMENT.check("CP-PLACE-01")
def terms_are_where_chorus_pro_reads_them(_: Invoice, context: RuleContext) -> Iterator[Hit]:
    """UBL from outside: identifiers, service code, due date, root of a credit note.

    Not asked where the settings have our own XML written in the other place.
    """
    if not context.facts.elsewhere:
        return
    options = context.target.options
    asked = {
        "BT-30": options.ubl_party_identifier != "PartyLegalEntity",
        "BT-47": options.ubl_party_identifier != "PartyLegalEntity",
        "BT-10": options.ubl_service_code != "BuyerReference",
        "BT-9": options.ubl_due_date != "DueDate",
        "BT-3": options.ubl_credit_note_root == "Invoice",
    }
    for one in context.facts.elsewhere:
        if asked[one.bt]:
            params = {"found": one.found, "expected": one.expected}
            yield Hit("CP-PLACE-01", one.bt, one.value, params=params)


@DOCUMENT.check("CP-VATPOINT-01")
def vat_point_is_known(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-8: VAT on debits, on delivery or on receipts."""
    if invoice.vat_point_code and invoice.vat_point_code not in VAT_POINTS:
        yield Hit("CP-VATPOINT-01", "BT-8", invoice.vat_point_code)


@DOCUMENT.check("CP-LINES-01")
def lines_are_not_too_many(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BG-25: as many lines as Chorus Pro takes."""
    limit = load_limits()["BG-25"].largest
    if len(invoice.lines) > limit:
        yield Hit("CP-LINES-01", "BG-25", str(len(invoice.lines)), params={"limit": str(limit)})


def _dates(invoice: Invoice) -> tuple[tuple[str, date | None], ...]:
    delivery, period = invoice.delivery, invoice.period
    contract, order = invoice.contract, invoice.order
    return (
        *(("BT-26", reference.issue_date) for reference in invoice.preceding),
        ("CP-MARCHE-DATE", contract.issue_date if contract else None),
        ("CP-ENGAGEMENT-DATE", order.issue_date if order else None),
        ("BT-2", invoice.issue_date),
        ("BT-7", invoice.tax_point_date),
        ("BT-9", invoice.due_date),
        ("BT-72", delivery.date if delivery else None),
        ("BT-73", period.start if period else None),
        ("BT-74", period.end if period else None),
    )


def _line_dates(line: InvoiceLine) -> Iterator[tuple[str, date | None]]:
    if line.period is not None:
        yield "BT-134", line.period.start
        yield "BT-135", line.period.end
    yield "CP-LIGNE-LIVRAISON-DATE", line.delivery_date


def _refused(number: str) -> str:
    """Return the characters of ``number`` that are not accepted, each once, as one can read."""
    refused = dict.fromkeys(char for char in number if not NUMBER_CHARACTERS.fullmatch(char))
    return " ".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in refused)
