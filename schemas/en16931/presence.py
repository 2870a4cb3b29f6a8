"""EN 16931: what an invoice and each of its lines must hold (BR-01 to BR-65, the part in use).

Source: EN 16931-1:2017, table of integrity constraints; validation artefacts 1.3.16 (10/04/2026).
BR-01 (BT-24) is kept by the writers, which give every invoice the identifier of the target.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Address, Invoice

PRESENCE = Family("en16931.presence")


@PRESENCE.check("BR-02", "BR-03", "BR-04", "BR-05", "BR-06", "BR-07", "BR-16")
def document_is_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Number, dates, type, currency, names of the parties, at least one line."""
    if not _filled(invoice.number):
        yield Hit("BR-02", "BT-1")
    if invoice.issue_date is None:
        yield Hit("BR-03", "BT-2")
    if not invoice.type_code:
        yield Hit("BR-04", "BT-3")
    if not invoice.currency:
        yield Hit("BR-05", "BT-5")
    if not _filled(invoice.seller.name):
        yield Hit("BR-06", "BT-27")
    if not _filled(invoice.buyer.name):
        yield Hit("BR-07", "BT-44")
    if not invoice.lines:
        yield Hit("BR-16", "BG-25")


@PRESENCE.check("BR-08", "BR-09", "BR-10", "BR-11", "BR-57")
def addresses_have_a_country(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Postal addresses of seller and buyer, each with its country; that of the delivery too."""
    yield from _address(invoice.seller.address, "BR-08", "BG-5", "BR-09", "BT-40")
    yield from _address(invoice.buyer.address, "BR-10", "BG-8", "BR-11", "BT-55")
    delivery = invoice.delivery
    if delivery and delivery.address and not delivery.address.country:
        yield Hit("BR-57", "BT-80")


@PRESENCE.check("BR-12", "BR-13", "BR-14", "BR-15")
def totals_are_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """The four totals that every invoice carries."""
    totals = invoice.totals
    if totals.lines is None:
        yield Hit("BR-12", "BT-106")
    if totals.without_vat is None:
        yield Hit("BR-13", "BT-109")
    if totals.with_vat is None:
        yield Hit("BR-14", "BT-112")
    if totals.due is None:
        yield Hit("BR-15", "BT-115")


@PRESENCE.check("BR-17", "BR-18", "BR-19", "BR-20", "BR-56")
def other_parties_are_named(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Payee and tax representative, when there is one."""
    if invoice.payee and not _filled(invoice.payee.name):
        yield Hit("BR-17", "BT-59")
    representative = invoice.tax_representative
    if representative:
        if not _filled(representative.name):
            yield Hit("BR-18", "BT-62")
        yield from _address(representative.address, "BR-19", "BG-12", "BR-20", "BT-69")
        if not representative.vat_id:
            yield Hit("BR-56", "BT-63")


@PRESENCE.check("BR-21", "BR-22", "BR-23", "BR-24", "BR-25", "BR-26", "BR-27", "BR-28", "BR-CO-04")
def lines_are_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Identifier, quantity, unit, amount, name, price and VAT category of each line."""
    for rank, line in enumerate(invoice.lines):
        price = line.price
        if not line.id:
            yield Hit("BR-21", "BT-126", line=rank)
        if line.quantity is None:
            yield Hit("BR-22", "BT-129", line=rank)
        if not line.unit:
            yield Hit("BR-23", "BT-130", line=rank)
        if line.net is None:
            yield Hit("BR-24", "BT-131", line=rank)
        if not _filled(line.item.name):
            yield Hit("BR-25", "BT-153", line=rank)
        if price.net is None:
            yield Hit("BR-26", "BT-146", line=rank)
        elif price.net < 0:
            yield Hit("BR-27", "BT-146", f"{price.net:f}", rank)
        if price.gross is not None and price.gross < 0:
            yield Hit("BR-28", "BT-148", f"{price.gross:f}", rank)
        if not line.vat_category:
            yield Hit("BR-CO-04", "BT-151", line=rank)


@PRESENCE.check(
    "BR-31", "BR-32", "BR-33", "BR-36", "BR-37", "BR-38", "BR-41", "BR-42", "BR-43", "BR-44"
)
def allowances_are_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Amount, VAT category and reason of allowances and charges."""
    for item in invoice.allowances:
        charge = item.is_charge
        if item.amount is None:
            yield Hit("BR-36", "BT-99") if charge else Hit("BR-31", "BT-92")
        if not item.vat_category:
            yield Hit("BR-37", "BT-102") if charge else Hit("BR-32", "BT-95")
        if not item.reason and not item.reason_code:
            yield Hit("BR-38", "BT-104") if charge else Hit("BR-33", "BT-97")
    for rank, line in enumerate(invoice.lines):
        for item in line.allowances:
            charge = item.is_charge
            if item.amount is None:
                rule, bt = ("BR-43", "BT-141") if charge else ("BR-41", "BT-136")
                yield Hit(rule, bt, line=rank)
            if not item.reason and not item.reason_code:
                rule, bt = ("BR-44", "BT-144") if charge else ("BR-42", "BT-139")
                yield Hit(rule, bt, line=rank)


@PRESENCE.check("BR-45", "BR-46", "BR-47", "BR-48")
def groups_are_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Base, tax, category and rate of each VAT group."""
    for group in invoice.vat:
        if group.taxable is None:
            yield Hit("BR-45", "BT-116")
        if group.tax is None:
            yield Hit("BR-46", "BT-117")
        if not group.category:
            yield Hit("BR-47", "BT-118")
        if group.rate is None and group.category != "O":
            yield Hit("BR-48", "BT-119")


@PRESENCE.check("BR-52", "BR-54", "BR-55", "BR-62", "BR-63", "BR-64", "BR-65")
def references_are_told(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """References of documents and earlier invoices; schemes of addresses and item identifiers."""
    if any(not document.reference for document in invoice.documents):
        yield Hit("BR-52", "BT-122")
    if any(not reference.number for reference in invoice.preceding):
        yield Hit("BR-55", "BT-25")
    if invoice.seller.endpoint and not invoice.seller.endpoint.scheme:
        yield Hit("BR-62", "BT-34", invoice.seller.endpoint.value)
    if invoice.buyer.endpoint and not invoice.buyer.endpoint.scheme:
        yield Hit("BR-63", "BT-49", invoice.buyer.endpoint.value)
    for rank, line in enumerate(invoice.lines):
        item = line.item
        if item.standard_id and not item.standard_id.scheme:
            yield Hit("BR-64", "BT-157", item.standard_id.value, rank)
        for classification in item.classifications:
            if not classification.scheme:
                yield Hit("BR-65", "BT-158", classification.value, rank)
        for name, value in item.attributes:
            if not name or not value:
                yield Hit("BR-54", "BT-160", name or value, rank)


def _address(
    address: Address | None, absent: str, group: str, no_country: str, country: str
) -> Iterator[Hit]:
    if address is None:
        yield Hit(absent, group)
    elif not address.country:
        yield Hit(no_country, country)


def _filled(text: str | None) -> bool:
    return bool(text) and not text.isspace() if text else False
