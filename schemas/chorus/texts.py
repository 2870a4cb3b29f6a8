"""Chorus Pro: service code, engagement, marché, and lengths of texts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from config.codes import load_limits
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Address, Invoice

TEXTS = Family("chorus.texts")

#: Letters (accents included), digits, underscore, hyphen, blank (agedi, knowledge base on Chorus
#: Pro service codes; proven in production only).
SERVICE_CHARACTERS = re.compile(r"[\w -]*")

#: A service of Chorus Pro's own that no invoice may be sent to (OCA l10n_fr_chorus_account).
PSEUDO_SERVICE = "FACTURES_PUBLIQUES"

#: Chorus Pro's two kinds of contract reference (AIFE samples FSO1116A: P42, P86; P02, P97).
CONTRACT_KINDS = frozenset({"BC", "CT"})

#: Kinds of attachments: TypePJ of the pivot, and what AIFE's CII samples write for any.
ATTACHMENT_KINDS = frozenset({"01", "02", "ZZZ"})


@TEXTS.check("CP-SERVICE-01", "CP-SERVICE-02", "CP-SERVICE-03")
def service_code_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-10: length, characters, and not the pseudo-service."""
    code = invoice.buyer_reference
    if not code:
        return
    if hit := _too_long("CP-SERVICE-01", "BT-10", code):
        yield hit
    if not SERVICE_CHARACTERS.fullmatch(code) or code.isspace():
        yield Hit("CP-SERVICE-02", "BT-10", code)
    if code.strip() == PSEUDO_SERVICE:
        yield Hit("CP-SERVICE-03", "BT-10", code)


@TEXTS.check("CP-ENGAGEMENT-01")
def engagement_is_short(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-13: length."""
    number = invoice.order.number if invoice.order else None
    if hit := _too_long("CP-ENGAGEMENT-01", "BT-13", number):
        yield hit


@TEXTS.check("CP-CONTRACT-01", "CP-CONTRACT-02")
def contract_is_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-12: length, and kind when it is said."""
    contract = invoice.contract
    if contract is None:
        return
    if hit := _too_long("CP-CONTRACT-01", "BT-12", contract.number):
        yield hit
    if contract.kind and contract.kind not in CONTRACT_KINDS:
        yield Hit("CP-CONTRACT-02", "CP-MARCHE-TYPE", contract.kind)


@TEXTS.check("CP-ATTACHMENT-01")
def attachment_kinds_are_known(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Kind of an attachment: one of those seen in AIFE's own files."""
    for document in invoice.documents:
        if document.kind and document.kind not in ATTACHMENT_KINDS:
            yield Hit("CP-ATTACHMENT-01", "CP-TYPE-PJ", document.kind)


@TEXTS.check("CP-LENGTH-01")
def texts_are_short(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Names, notes, terms, item texts: Chorus Pro's lengths."""
    for bt, text in _header_texts(invoice):
        if text and (hit := _too_long("CP-LENGTH-01", bt, text)):
            yield hit
    for rank, line in enumerate(invoice.lines):
        item = line.item
        if item.name and len(item.name) > 255:
            yield from _line_hit("BT-153", item.name, rank)
        if item.description and len(item.description) > 1024:
            yield from _line_hit("BT-154", item.description, rank)
        if item.standard_id and len(item.standard_id.value) > 40:
            yield from _line_hit("BT-157", item.standard_id.value, rank)


def _header_texts(invoice: Invoice) -> Iterator[tuple[str, str | None]]:
    seller, buyer = invoice.seller, invoice.buyer
    yield "BT-27", seller.name
    yield "BT-28", seller.trading_name
    yield "BT-44", buyer.name
    yield "BT-45", buyer.trading_name
    yield "BT-20", invoice.payment_terms
    yield "CP-SERVICE-FOURNISSEUR", seller.service_code
    yield from _address_texts(seller.address, "BT-35", "BT-36", "BT-162", "BT-37")
    yield from _address_texts(buyer.address, "BT-50", "BT-51", "BT-163", "BT-52")
    if invoice.payee:
        yield "BT-59", invoice.payee.name
    if invoice.validator:
        yield "CP-VALIDEUR-NOM", invoice.validator.name
    if invoice.delivery and invoice.delivery.location_id:
        yield "BT-71", invoice.delivery.location_id.value
    if invoice.delivery:
        place = invoice.delivery.address
        yield from _address_texts(place, "BT-75", "BT-76", "BT-165", "BT-77")
    for note in invoice.notes:
        yield "BT-22", note.text
    for document in invoice.documents:
        yield "BT-122", document.reference


def _address_texts(address: Address | None, *terms: str) -> Iterator[tuple[str, str | None]]:
    """Yield streets and city with their terms, in that order."""
    if address is not None:
        yield from zip(
            terms, (address.line1, address.line2, address.line3, address.city), strict=True
        )


def _line_hit(bt: str, text: str, rank: int) -> Iterator[Hit]:
    if hit := _too_long("CP-LENGTH-01", bt, text):
        yield hit._replace(line=rank)


def _too_long(rule: str, bt: str, text: str | None) -> Hit | None:
    if text is None or len(text) <= (limit := load_limits()[bt].largest):
        return None
    return Hit(rule, bt, text, params={"limit": str(limit), "length": str(len(text))})
