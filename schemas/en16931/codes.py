"""EN 16931: codes that must be of a list (BR-CL).

Source: validation artefacts 1.3.16 (10/04/2026), whose lists are tables of ``config/codes``. For an
XML that was read, the codes are those the artefacts look at, wherever they stand
(``transforms.facts``); else they are those of the model, as the writers put them down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.facts import BLANKS, CodeUse
from transforms.invoice import Invoice, InvoiceLine, Party
from transforms.party_terms import (
    BUYER,
    PAYEE,
    REPRESENTATIVE,
    SELLER,
    VALIDATOR,
    PartyTerms,
)
from transforms.schemes import cii_schemes

CODES = Family("en16931.codes")

#: UBL roots are told apart by the writers: a 381 in an Invoice root is judged as an invoice.
_CREDIT_NOTE = "381"


@CODES.check(
    *("BR-CL-01", "BR-CL-03", "BR-CL-04", "BR-CL-05", "BR-CL-06", "BR-CL-07", "BR-CL-08"),
    *("BR-CL-10", "BR-CL-11", "BR-CL-13", "BR-CL-14", "BR-CL-15", "BR-CL-16", "BR-CL-17"),
    *("BR-CL-18", "BR-CL-19", "BR-CL-20", "BR-CL-21", "BR-CL-22", "BR-CL-23", "BR-CL-24"),
    *("BR-CL-25", "BR-CL-26"),
)
def codes_are_of_their_lists(invoice: Invoice, context: RuleContext) -> Iterator[Hit]:
    """Every code, blanks around it aside; exemption reasons whatever the case."""
    facts = context.facts
    uses: Iterable[CodeUse] = facts.codes if facts.from_xml else codes_of(invoice, context)
    for rule, codes, value, bt, line in uses:
        if value in _listed(codes):
            continue
        code = value if rule == "BR-CL-24" else value.strip(BLANKS)
        if rule == "BR-CL-22":
            code = code.upper()
        if code not in _listed(codes):
            yield Hit(rule, bt, value, line)


@lru_cache(maxsize=32)
def _listed(name: str) -> frozenset[str]:
    return frozenset(load_codes(name))


def codes_of(invoice: Invoice, context: RuleContext) -> Iterator[CodeUse]:
    """Yield the codes of an invoice that is to be written, each with its rule and list."""
    ubl = context.syntax == "ubl"
    countries = "countries_ubl" if ubl else "countries"
    yield from _document(invoice, context, ubl=ubl)
    yield from _parties(invoice, context, countries, ubl=ubl)
    yield from _settlement(invoice, ubl=ubl)
    for rank, line in enumerate(invoice.lines):
        yield from _line(line, rank, countries)


def _document(invoice: Invoice, context: RuleContext, *, ubl: bool) -> Iterator[CodeUse]:
    if code := invoice.type_code:
        codes = "document_type_codes"
        if ubl:
            root = context.target.options.ubl_credit_note_root
            credited = code == _CREDIT_NOTE and root == "CreditNote"
            codes = "credit_note_types" if credited else "invoice_types"
        yield CodeUse("BR-CL-01", codes, code, "BT-3")
    if invoice.currency:
        yield CodeUse("BR-CL-04", "currencies", invoice.currency, "BT-5")
        if ubl or invoice.totals.vat is not None:
            yield CodeUse("BR-CL-03", "currencies", invoice.currency, "BT-5")
    if invoice.vat_currency:
        yield CodeUse("BR-CL-05", "currencies", invoice.vat_currency, "BT-6")
    if invoice.vat_point_code:
        # The writer for UBL turns the codes of the model, which are those of CII, into its own.
        yield CodeUse("BR-CL-06", "vat_points_cii", invoice.vat_point_code, "BT-8")
    if invoice.object_id and invoice.object_id.scheme:
        yield CodeUse("BR-CL-07", "reference_types", invoice.object_id.scheme, "BT-18")
    subjects = "note_subjects" if ubl else "note_subjects_cii"
    for note in invoice.notes:
        if note.subject_code and (not ubl or len(note.subject_code) == 3):
            yield CodeUse("BR-CL-08", subjects, note.subject_code, "BT-21")
    for document in invoice.documents:
        if document.mime:
            yield CodeUse("BR-CL-24", "mime_types", document.mime, "BG-24")


def _parties(
    invoice: Invoice, context: RuleContext, countries: str, *, ubl: bool
) -> Iterator[CodeUse]:
    options = context.target.options
    # In UBL a legal identifier may stand where it has no schemeID.
    schemed = not ubl or options.ubl_party_identifier != "PartyIdentification"
    for terms, party in (
        (SELLER, invoice.seller),
        (BUYER, invoice.buyer),
        (PAYEE, invoice.payee),
        (REPRESENTATIVE, invoice.tax_representative),
        (VALIDATOR, invoice.validator),
    ):
        if party is None:
            continue
        yield from _party(party, terms, countries)
        legal = party.legal_id
        if schemed and legal is not None and legal.scheme:
            schemes = cii_schemes(options, buyer=terms is BUYER)
            scheme = schemes.get(legal.scheme, legal.scheme)
            yield CodeUse("BR-CL-11", "identifier_schemes", scheme, terms.legal_id or terms.name)
    delivery = invoice.delivery
    if delivery is not None:
        if delivery.address and delivery.address.country:
            yield CodeUse("BR-CL-14", countries, delivery.address.country, "BT-80")
        if delivery.location_id and delivery.location_id.scheme:
            yield CodeUse("BR-CL-26", "identifier_schemes", delivery.location_id.scheme, "BT-71")


def _party(party: Party, terms: PartyTerms, countries: str) -> Iterator[CodeUse]:
    # What the norm has no term for is told on the name of the party.
    for address in (party.address, party.trading_address):
        if address and address.country:
            yield CodeUse("BR-CL-14", countries, address.country, terms.country or terms.name)
    if party.endpoint and party.endpoint.scheme:
        bt = terms.endpoint or terms.name
        yield CodeUse("BR-CL-25", "endpoint_schemes", party.endpoint.scheme, bt)
    for one in party.identifiers:
        if one.scheme:
            bt = terms.identifier or terms.name
            yield CodeUse("BR-CL-10", "identifier_schemes", one.scheme, bt)


def _settlement(invoice: Invoice, *, ubl: bool) -> Iterator[CodeUse]:
    if invoice.payment and invoice.payment.means_code:
        yield CodeUse("BR-CL-16", "payment_means_codes", invoice.payment.means_code, "BT-81")
    # The artefacts count the categories of the groups with those of allowances in UBL, with those
    # of lines in CII.
    rule = "BR-CL-17" if ubl else "BR-CL-18"
    for group in invoice.vat:
        if group.category:
            yield CodeUse(rule, "tax_categories", group.category, "BT-118")
        if group.reason_code:
            yield CodeUse("BR-CL-22", "vatex", group.reason_code, "BT-121")
    for item in invoice.allowances:
        if item.vat_category:
            bt = "BT-102" if item.is_charge else "BT-95"
            yield CodeUse("BR-CL-17", "tax_categories", item.vat_category, bt)
        if item.reason_code and item.is_charge:
            yield CodeUse("BR-CL-20", "charge_reasons", item.reason_code, "BT-105")
        elif item.reason_code:
            yield CodeUse("BR-CL-19", "allowance_reasons", item.reason_code, "BT-98")


def _line(line: InvoiceLine, rank: int, countries: str) -> Iterator[CodeUse]:
    item = line.item
    if line.unit:
        yield CodeUse("BR-CL-23", "units", line.unit, "BT-130", rank)
    if line.vat_category:
        yield CodeUse("BR-CL-18", "tax_categories", line.vat_category, "BT-151", rank)
    if line.price.base_unit:
        yield CodeUse("BR-CL-23", "units", line.price.base_unit, "BT-150", rank)
    if line.object_id and line.object_id.scheme:
        yield CodeUse("BR-CL-07", "reference_types", line.object_id.scheme, "BT-128", rank)
    if item.standard_id and item.standard_id.scheme:
        yield CodeUse("BR-CL-21", "identifier_schemes", item.standard_id.scheme, "BT-157", rank)
    for code in item.classifications:
        if code.scheme:
            yield CodeUse("BR-CL-13", "item_classifications", code.scheme, "BT-158", rank)
    if item.origin_country:
        yield CodeUse("BR-CL-15", countries, item.origin_country, "BT-159", rank)
    for one in line.allowances:
        if one.reason_code and one.is_charge:
            yield CodeUse("BR-CL-20", "charge_reasons", one.reason_code, "BT-145", rank)
        elif one.reason_code:
            yield CodeUse("BR-CL-19", "allowance_reasons", one.reason_code, "BT-140", rank)
