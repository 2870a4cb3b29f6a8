"""EN 16931: what an invoice and its parties must hold (BR-01 to BR-20, BR-52 to BR-65).

Source: EN 16931-1:2017, table of integrity constraints; validation artefacts 1.3.16 (10/04/2026).
Some terms must not be blank; others must merely have their element, be it empty: ``there`` tells
which (``transforms.facts``). Lines and amounts are in ``lines`` and ``allowances``.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.registry import Family, Hit, RuleContext
from transforms.facts import BLANKS, Facts
from transforms.invoice import Address, Invoice, Party
from transforms.party_terms import BUYER, REPRESENTATIVE, SELLER, PartyTerms

PRESENCE = Family("en16931.presence")


@PRESENCE.check("BR-01", "BR-02", "BR-03", "BR-04", "BR-05", "BR-06", "BR-07", "BR-16")
def document_is_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Specification, number, date, type, currency, names of the parties, at least one line."""
    facts = context.facts
    # The writers give an invoice that names no specification that of the target.
    given = "" if facts.from_xml else context.target.options.specification
    if not filled(invoice.specification) and not given:
        yield Hit("BR-01", "BT-24")
    if not filled(invoice.number):
        yield Hit("BR-02", "BT-1")
    if _no_issue_date(invoice, facts, context.syntax):
        yield Hit("BR-03", "BT-2")
    if not filled(invoice.type_code):
        yield Hit("BR-04", "BT-3")
    if not filled(invoice.currency):
        yield Hit("BR-05", "BT-5")
    if not filled(invoice.seller.name):
        yield Hit("BR-06", "BT-27")
    if not filled(invoice.buyer.name):
        yield Hit("BR-07", "BT-44")
    if not invoice.lines:
        yield Hit("BR-16", "BG-25")


@PRESENCE.check("BR-08", "BR-09", "BR-10", "BR-11", "BR-57")
def addresses_have_a_country(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Postal addresses of seller and buyer, each with its country; that of the delivery too."""
    yield from _address(invoice.seller, SELLER, "BR-08", "BR-09", context)
    yield from _address(invoice.buyer, BUYER, "BR-10", "BR-11", context)
    if context.facts.from_xml:
        for _ in range(context.facts.sites_without_country):
            yield Hit("BR-57", "BT-80")
    else:
        delivery = invoice.delivery
        if delivery and delivery.address and not delivery.address.country:
            yield Hit("BR-57", "BT-80")


@PRESENCE.check("BR-12", "BR-13", "BR-14", "BR-15")
def totals_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """The four totals that every invoice carries, as soon as it has totals."""
    facts, totals = context.facts, invoice.totals
    if facts.from_xml and not facts.has("BG-22"):
        return
    for rule, bt, value in (
        ("BR-12", "BT-106", totals.lines),
        ("BR-13", "BT-109", totals.without_vat),
        ("BR-14", "BT-112", totals.with_vat),
        ("BR-15", "BT-115", totals.due),
    ):
        if value is None and not facts.has(bt):
            yield Hit(rule, bt)


@PRESENCE.check("BR-17")
def payee_is_another(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """A payee is told by its name, and is not the seller."""
    payee, facts = invoice.payee, context.facts
    if payee is None and not facts.has("BG-10"):
        return
    named = payee is not None and filled(payee.name)
    if not named and not facts.has("BT-59"):
        yield Hit("BR-17", "BT-59")
    elif payee is not None and _is_seller(payee, invoice.seller, context):
        yield Hit("BR-17", "BT-59", payee.name)


@PRESENCE.check("BR-18", "BR-19", "BR-20", "BR-56")
def representative_is_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Name, address and VAT number of the tax representative, when there is one."""
    facts = context.facts
    if invoice.tax_representative is None and not facts.has("BG-11"):
        return
    party = invoice.tax_representative or Party()
    if not filled(party.name):
        yield Hit("BR-18", "BT-62")
    yield from _address(party, REPRESENTATIVE, "BR-19", "BR-20", context)
    # UBL asks for the element, CII for a text in it.
    if not party.vat_id and not (context.syntax == "ubl" and facts.has("BT-63")):
        yield Hit("BR-56", "BT-63")


@PRESENCE.check("BR-52", "BR-55")
def references_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """References of supporting documents and of earlier invoices."""
    facts = context.facts
    if facts.from_xml:
        unreferenced, unnumbered = facts.blank_references, facts.preceding_without_number
    else:
        unreferenced = sum(not one.reference for one in invoice.documents)
        unnumbered = sum(not one.number for one in invoice.preceding)
    for _ in range(unreferenced):
        yield Hit("BR-52", "BT-122")
    for _ in range(unnumbered):
        yield Hit("BR-55", "BT-25")


@PRESENCE.check("BR-54", "BR-62", "BR-63", "BR-64", "BR-65")
def schemes_and_attributes_are_told(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Schemes of addresses and item identifiers; names and values of item attributes."""
    if context.facts.from_xml:
        for unschemed in context.facts.unschemed:
            yield Hit(_SCHEMES[unschemed.bt], unschemed.bt, unschemed.value, unschemed.line)
        for one in context.facts.properties:
            if not one.name or not one.value:
                yield Hit("BR-54", "BT-160", line=one.line)
        return
    for bt, party in (("BT-34", invoice.seller), ("BT-49", invoice.buyer)):
        if party.endpoint and not party.endpoint.scheme:
            yield Hit(_SCHEMES[bt], bt, party.endpoint.value)
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


_SCHEMES = {"BT-34": "BR-62", "BT-49": "BR-63", "BT-157": "BR-64", "BT-158": "BR-65"}


def filled(text: str | None) -> bool:
    """Whether there is anything but blanks in ``text``."""
    return bool(text and text.strip(BLANKS))


def _no_issue_date(invoice: Invoice, facts: Facts, syntax: str) -> bool:
    if syntax == "cii" and ("BT-2",) in facts.unformatted:
        return True  # the artefact looks at dates of format 102 only
    return invoice.issue_date is None and not filled(facts.texts.get(("BT-2",)))


def _address(
    party: Party, terms: PartyTerms, absent: str, no_country: str, context: RuleContext
) -> Iterator[Hit]:
    address = party.address
    if context.syntax == "ubl":
        # PostalAddress, which holds the trading address where there is one.
        address = party.trading_address or address
    if address is None and not context.facts.has(terms.address or ""):
        yield Hit(absent, terms.address)
        # The artefact for CII misses the country as well; that for UBL looks inside the address.
        if context.syntax == "cii":
            yield Hit(no_country, terms.country)
    elif not (address or Address()).country:
        yield Hit(no_country, terms.country)


def _is_seller(payee: Party, seller: Party, context: RuleContext) -> bool:
    if context.facts.from_xml:
        return context.facts.payee_is_seller
    shown = seller.name
    if context.syntax == "ubl":
        shown = seller.trading_name or seller.name
    return payee.name == shown or bool(_compared(payee, context) & _compared(seller, context))


def _compared(party: Party, context: RuleContext) -> set[str]:
    """Return the identifiers that stand where the artefact of the syntax compares them."""
    cii = context.syntax == "cii"
    found = {one.value for one in party.identifiers if not (cii and one.scheme)}
    elsewhere = not cii and context.target.options.ubl_party_identifier == "PartyLegalEntity"
    if party.legal_id and not elsewhere:
        found.add(party.legal_id.value)
    return found
