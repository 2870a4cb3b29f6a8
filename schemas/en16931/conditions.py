"""EN 16931: conditions between terms (BR-CO without arithmetic, periods, payment, currency).

Source: EN 16931-1:2017, table of conditions; validation artefacts 1.3.16 (10/04/2026).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from config.codes import load_codes
from config.target import SyntaxName
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import BLANKS, Means, normalized
from transforms.invoice import CreditTransfer, Invoice, Payment, Period
from transforms.party_terms import BUYER, PAYEE, REPRESENTATIVE, SELLER, VALIDATOR

CONDITIONS = Family("en16931.conditions")

#: Transfers for which BR-50 and BR-61 ask for an account (UNTDID 4461).
TRANSFERS = frozenset({"30", "58"})

#: BR-51: the first six and the last four digits of a card, no more.
_CARD_DIGITS = 10


@CONDITIONS.check("BR-CO-03")
def vat_point_is_told_once(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-7 and BT-8 exclude each other."""
    day = invoice.tax_point_date
    if context.facts.from_xml:
        twice = context.facts.vat_point_told_twice
    else:
        twice = day is not None and bool(invoice.vat_point_code)
    if twice:
        yield Hit("BR-CO-03", "BT-7", day.isoformat() if day else None)


@CONDITIONS.check("BR-CO-09")
def vat_numbers_have_a_country(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """VAT numbers begin with the country that gave them; EL is Greece."""
    numbers: tuple[tuple[str, str | None], ...] = context.facts.vat_numbers
    if not context.facts.from_xml:
        numbers = tuple(
            (terms.vat_id or terms.name, party.vat_id)
            for terms, party in (
                (SELLER, invoice.seller),
                (BUYER, invoice.buyer),
                (PAYEE, invoice.payee),
                (REPRESENTATIVE, invoice.tax_representative),
                (VALIDATOR, invoice.validator),
            )
            if party is not None
        )
    for bt, number in numbers:
        if number is None or number[:2] in _prefixes(context.syntax):
            continue
        # The artefact for UBL looks for the two characters in the text of its list, so that the
        # first or last letter of a code is found too, and so is nothing at all.
        if context.syntax == "cii" or number[:2] not in _prefix_text():
            yield Hit("BR-CO-09", bt, number)


@lru_cache(maxsize=2)
def _prefixes(syntax: str) -> frozenset[str]:
    codes = load_codes("countries_ubl" if syntax == "ubl" else "countries")
    return frozenset({*codes, "EL"})


@lru_cache(maxsize=1)
def _prefix_text() -> str:
    return f" {' '.join(sorted(_prefixes('ubl')))} "


@CONDITIONS.check("BR-CO-18")
def vat_is_broken_down(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """At least one VAT group; the artefact for CII asks it of each line."""
    if not invoice.vat and (context.syntax == "ubl" or invoice.lines):
        yield Hit("BR-CO-18", "BG-23")


@CONDITIONS.check("BR-29", "BR-CO-19")
def period_is_right(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """The invoicing period has a start or an end, and does not end before it starts."""
    facts = context.facts
    if invoice.period is None and not facts.has("BG-14"):
        return
    period = invoice.period or Period()
    if _is_empty(period, context, "BT-73", "BT-74"):
        # In UBL a period may hold BT-8 and nothing else.
        if not (context.syntax == "ubl" and _holds_a_vat_point(invoice, context)):
            yield Hit("BR-CO-19", "BT-73")
    elif _is_reversed(period, context, "BT-73", "BT-74"):
        yield Hit("BR-29", "BT-74", _shown(period.end))


@CONDITIONS.check("BR-30", "BR-CO-20")
def periods_of_lines_are_right(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """As for the invoicing period, of each line."""
    for rank, line in enumerate(invoice.lines):
        period = line.period
        if period is None:
            if not context.facts.has("BG-26", rank):
                continue
            period = Period()
        if _is_empty(period, context, "BT-134", "BT-135", rank):
            yield Hit("BR-CO-20", "BT-134", line=rank)
        elif _is_reversed(period, context, "BT-134", "BT-135", rank):
            yield Hit("BR-30", "BT-135", _shown(period.end), rank)


@CONDITIONS.check("BR-CO-26")
def seller_can_be_known(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """The seller has an identifier, a registration or a VAT number."""
    facts, seller = context.facts, invoice.seller
    if facts.from_xml:
        known = facts.registrations.seller_known or not facts.has("BG-4")
    else:
        known = bool(seller.legal_id or seller.vat_id or seller.identifiers)
    if not known:
        yield Hit("BR-CO-26", "BT-30")


@CONDITIONS.check("BR-49", "BR-50", "BR-51", "BR-61")
def payment_is_possible(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Means of payment; an account for a transfer; never a whole card number."""
    for means in _means(invoice, context):
        if means.code is None:
            yield Hit("BR-49", "BT-81")
        code = means.code or ""
        if code in TRANSFERS and means.account and not means.filled:
            yield Hit("BR-50", "BT-84", code)
        # The artefact for UBL asks for an account; that for CII looks inside the one there is.
        asked = code.strip(BLANKS) in TRANSFERS
        if context.syntax == "cii":
            asked = code in TRANSFERS and means.account
        if asked and not means.identifier:
            yield Hit("BR-61", "BT-84", code.strip(BLANKS))
    payment, facts = invoice.payment, context.facts
    told = payment.card_number if payment else None
    for card in (means.card for means in facts.means) if facts.from_xml else (told,):
        if card and len(normalized(card)) > _CARD_DIGITS:
            yield Hit("BR-51", "BT-87", card)


@CONDITIONS.check("BR-53")
def vat_is_told_in_accounting_currency(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """BT-6 asks for BT-111; in CII it must also differ from BT-5."""
    facts = context.facts
    if not invoice.vat_currency and not facts.has("BT-6"):
        return
    wanted = facts.written("BT-6", invoice.vat_currency)
    if context.syntax == "cii":
        if facts.from_xml and not facts.has("BG-22"):
            return
        if wanted == facts.written("BT-5", invoice.currency):
            yield Hit("BR-53", "BT-6", wanted)
            return
    if facts.from_xml:
        told = any(total.currency == wanted for total in facts.tax_totals)
    else:
        told = invoice.totals.vat_accounting is not None or (
            wanted == invoice.currency and invoice.totals.vat is not None
        )
    if not told:
        yield Hit("BR-53", "BT-111", invoice.vat_currency)


def _means(invoice: Invoice, context: RuleContext) -> tuple[Means, ...]:
    if context.facts.from_xml:
        return context.facts.means
    payment = invoice.payment
    if payment is None:
        return ()
    if not payment.means_code and not _is_instruction(payment):
        return ()
    code = payment.means_code or None
    return tuple(
        _written(code, transfer, context.syntax) for transfer in payment.transfers or (None,)
    )


def _written(code: str | None, transfer: CreditTransfer | None, syntax: SyntaxName) -> Means:
    if transfer is None:
        return Means(code)
    told = bool(transfer.account)
    # The bank stands inside the account in UBL, beside it in CII.
    account = told or bool(transfer.account_name or (syntax == "ubl" and transfer.bank))
    return Means(code, account, told, told)


def _is_instruction(payment: Payment) -> bool:
    """Whether more is said of the payment than its reference (BT-83), which stands by itself."""
    return bool(
        payment.transfers
        or payment.means_text
        or payment.note
        or payment.card_number
        or payment.debited_account
    )


def _is_empty(period: Period, context: RuleContext, start: str, end: str, *ranks: int) -> bool:
    if period.start is not None or period.end is not None:
        return False
    return not context.facts.has(start, *ranks) and not context.facts.has(end, *ranks)


def _is_reversed(period: Period, context: RuleContext, start: str, end: str, *ranks: int) -> bool:
    facts = context.facts
    told = [
        value is not None or facts.has(bt, *ranks)
        for bt, value in ((start, period.start), (end, period.end))
    ]
    if not all(told):
        return False
    if context.syntax == "cii":
        if any((bt, *ranks) in facts.unformatted for bt in (start, end)):
            return True  # the artefact compares dates of format 102 only
        first, last = (
            facts.texts.get((bt, *ranks)) or (f"{value:%Y%m%d}" if value else "")
            for bt, value in ((start, period.start), (end, period.end))
        )
        return last < first  # as text, which is right for dates of that format
    return period.start is not None and period.end is not None and period.end < period.start


def _holds_a_vat_point(invoice: Invoice, context: RuleContext) -> bool:
    if context.facts.from_xml:
        return context.facts.vat_point_in_period
    return bool(invoice.vat_point_code)


def _shown(day: date | None) -> str | None:
    return day.isoformat() if day else None
