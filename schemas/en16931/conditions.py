"""EN 16931: conditions between terms (BR-CO without arithmetic, periods, payment, currency).

Source: EN 16931-1:2017, table of conditions; validation artefacts 1.3.16 (10/04/2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice, Payment

CONDITIONS = Family("en16931.conditions")

#: Transfers for which BR-61 asks for an account (UNTDID 4461).
TRANSFERS = frozenset({"30", "58"})


@CONDITIONS.check("BR-CO-03")
def vat_point_is_told_once(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-7 and BT-8 exclude each other."""
    if invoice.tax_point_date is not None and invoice.vat_point_code:
        yield Hit("BR-CO-03", "BT-7", invoice.tax_point_date.isoformat())


@CONDITIONS.check("BR-CO-09")
def vat_numbers_have_a_country(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """VAT numbers begin with the country that gave them; EL is Greece."""
    representative = invoice.tax_representative
    for bt, number in (
        ("BT-31", invoice.seller.vat_id),
        ("BT-48", invoice.buyer.vat_id),
        ("BT-63", representative.vat_id if representative else None),
    ):
        if number and number[:2] != "EL" and number[:2] not in load_codes("countries"):
            yield Hit("BR-CO-09", bt, number)


@CONDITIONS.check("BR-CO-18")
def vat_is_broken_down(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """At least one VAT group."""
    if not invoice.vat:
        yield Hit("BR-CO-18", "BG-23")


@CONDITIONS.check("BR-29", "BR-30", "BR-CO-19", "BR-CO-20")
def periods_are_right(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """A period has a start or an end, and does not end before it starts."""
    period = invoice.period
    if period is not None:
        if period.start is None and period.end is None:
            yield Hit("BR-CO-19", "BT-73")
        elif period.start and period.end and period.end < period.start:
            yield Hit("BR-29", "BT-74", period.end.isoformat())
    for rank, line in enumerate(invoice.lines):
        period = line.period
        if period is not None:
            if period.start is None and period.end is None:
                yield Hit("BR-CO-20", "BT-134", line=rank)
            elif period.start and period.end and period.end < period.start:
                yield Hit("BR-30", "BT-135", period.end.isoformat(), rank)


@CONDITIONS.check("BR-CO-25")
def due_amount_has_a_date(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Something to pay: by when, or under which terms."""
    due = invoice.totals.due
    if due is not None and due > 0 and invoice.due_date is None and not invoice.payment_terms:
        yield Hit("BR-CO-25", "BT-9")


@CONDITIONS.check("BR-CO-26")
def seller_can_be_known(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """The seller has an identifier, a registration or a VAT number."""
    seller = invoice.seller
    if not seller.legal_id and not seller.vat_id and not seller.identifiers:
        yield Hit("BR-CO-26", "BT-30")


@CONDITIONS.check("BR-49", "BR-50", "BR-61")
def payment_can_be_made(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """A payment instruction has a means; a transfer has an account."""
    payment = invoice.payment
    if payment is None:
        return
    if not payment.means_code and _is_instruction(payment):
        yield Hit("BR-49", "BT-81")
    if any(not transfer.account for transfer in payment.transfers):
        yield Hit("BR-50", "BT-84")
    elif payment.means_code in TRANSFERS and not payment.transfers:
        yield Hit("BR-61", "BT-84", payment.means_code)


@CONDITIONS.check("BR-53")
def vat_is_told_in_accounting_currency(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-6 asks for BT-111."""
    if invoice.vat_currency and invoice.totals.vat_accounting is None:
        yield Hit("BR-53", "BT-111", invoice.vat_currency)


def _is_instruction(payment: Payment) -> bool:
    """Whether more is said of the payment than its reference (BT-83), which stands by itself."""
    return bool(
        payment.transfers
        or payment.means_text
        or payment.note
        or payment.card_number
        or payment.debited_account
    )
