"""Chorus Pro: identifiers of seller, buyer, valideur and payee, and French VAT numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from stdnum.fr import siret as siret_module
from stdnum.fr import tva

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Identifier, Invoice

PARTIES = Family("chorus.parties")

#: Form of an identifier by Chorus Pro's identifier type. Source: AIFE, pivot schema
#: CPPFacturePivot V2_02 (TypeIdentifiant), and for 6 the reading of gobl (as type 3).
FORMS = {
    "1": re.compile(r"[0-9]{14}"),  # SIRET
    "2": re.compile(r"(?!FR)[A-Z]{2}[A-Z0-9+*]{2,16}"),  # VAT number of another Member State
    "3": re.compile(r"[A-Z]{2}.{1,16}"),  # outside the EU: country, 16 first characters of name
    "4": re.compile(r"[0-9]{9,10}"),  # RIDET (New Caledonia)
    "5": re.compile(r"[0-9A-Z]{9}"),  # TAHITI (French Polynesia)
    "6": re.compile(r"[A-Z]{2}.{1,16}"),  # being registered
    "7": re.compile(r".{1,80}"),  # private person
}

_SIRET = FORMS["1"]

#: Types of firms outside France: a VAT number of another Member State, a firm outside the EU.
FOREIGN = frozenset({"2", "3"})


@PARTIES.check("CP-SELLER-01", "CP-SELLER-02", "CP-SELLER-03", "CP-SELLER-04", "CP-SIRET-01")
def seller_is_identified(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-30: present, of a known type, in the form of its type, SIRET with its check digit."""
    identifier = invoice.seller.legal_id
    if identifier is None or not identifier.value:
        yield Hit("CP-SELLER-01", "BT-30")
    elif (identifier.scheme or "1") not in FORMS:
        yield Hit("CP-SELLER-02", "BT-30", identifier.scheme)
    else:
        yield from _form("CP-SELLER-03", "BT-30", identifier)
        address = invoice.seller.address
        if identifier.scheme in FOREIGN and address is not None and address.country == "FR":
            params = {"type": identifier.scheme or ""}
            yield Hit("CP-SELLER-04", "BT-30", identifier.value, params=params)


@PARTIES.check("CP-BUYER-01", "CP-BUYER-02", "CP-BUYER-03", "CP-SIRET-01")
def buyer_has_a_siret(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-47: a public body is known by its SIRET and nothing else."""
    identifier = invoice.buyer.legal_id
    if identifier is None or not identifier.value:
        yield Hit("CP-BUYER-01", "BT-47")
    elif (identifier.scheme or "1") != "1":
        yield Hit("CP-BUYER-02", "BT-47", identifier.value, params={"type": str(identifier.scheme)})
    else:
        yield from _form("CP-BUYER-03", "BT-47", identifier)


@PARTIES.check("CP-VALIDATOR-01", "CP-VALIDATOR-02", "CP-SIRET-01")
def validator_is_identified(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Cadres A9 and A12 go through a valideur: the titulaire or the mandataire."""
    process = load_codes("processes").get(invoice.process)
    role = process.facts.get("validator") if process else None
    identifier = invoice.validator.legal_id if invoice.validator else None
    if identifier is None or not identifier.value:
        if role:
            yield Hit("CP-VALIDATOR-01", "CP-VALIDEUR", invoice.process, params={"role": str(role)})
    elif (identifier.scheme or "1") not in FORMS:
        yield Hit("CP-VALIDATOR-02", "CP-VALIDEUR", identifier.value)
    else:
        yield from _form("CP-VALIDATOR-02", "CP-VALIDEUR", identifier)


@PARTIES.check("CP-PAYEE-01", "CP-PAYEE-02", "CP-PAYEE-03", "CP-SIRET-01")
def payee_is_identified(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """A payee (a factor): BT-61 in the form of its type, BT-85 its name, a note of subrogation."""
    payee = invoice.payee
    if payee is None:
        return
    transfers = invoice.payment.transfers if invoice.payment else ()
    if not any(transfer.account_name for transfer in transfers):
        yield Hit("CP-PAYEE-02", "BT-85", payee.name)
    if not any(note.text for note in invoice.notes):
        yield Hit("CP-PAYEE-03", "BT-22", payee.name)
    identifier = payee.legal_id
    if identifier is not None and identifier.value:
        if (identifier.scheme or "1") in FORMS:
            yield from _form("CP-PAYEE-01", "BT-61", identifier)
        else:
            yield Hit("CP-PAYEE-01", "BT-61", identifier.value)


@PARTIES.check("CP-VAT-01", "CP-VAT-02")
def french_vat_number_is_right(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-31, BT-63: check digits of a French VAT number; that of the seller holds its SIREN."""
    number = invoice.seller.vat_id
    if number and number.startswith("FR"):
        identifier = invoice.seller.legal_id
        if not is_french_vat(number):
            yield Hit("CP-VAT-01", "BT-31", number)
        elif identifier is not None and (identifier.scheme or "1") == "1":
            siren = identifier.value[:9]
            if _SIRET.fullmatch(identifier.value) and number[-9:] != siren:
                yield Hit("CP-VAT-02", "BT-31", number, params={"siren": siren})
    representative = invoice.tax_representative
    number = representative.vat_id if representative else None
    if number and number.startswith("FR") and not is_french_vat(number):
        yield Hit("CP-VAT-01", "BT-63", number)


@lru_cache(maxsize=65_536)
def has_siret_check_digit(value: str) -> bool:
    """Whether 14 digits end with the right check digit; La Poste's own rule included.

    La Poste (SIREN 356000000): the sum of the digits is a multiple of 5, except the head office,
    which follows the common rule (INSEE; ``stdnum.fr.siret``).
    """
    return bool(siret_module.is_valid(value))


@lru_cache(maxsize=65_536)
def is_french_vat(value: str) -> bool:
    """Whether ``value`` is FR, two check characters and a SIREN, without blanks."""
    return len(value) == 13 and bool(tva.is_valid(value))


def _form(rule: str, bt: str, identifier: Identifier) -> Iterator[Hit]:
    kind, value = identifier.scheme or "1", identifier.value
    if not FORMS[kind].fullmatch(value):
        yield Hit(rule, bt, value, params={"type": kind, "length": str(len(value))})
    elif kind == "1" and not has_siret_check_digit(value):
        yield Hit("CP-SIRET-01", bt, value)
