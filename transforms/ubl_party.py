"""Parties, contacts and addresses in UBL 2.1.

Element order: OASIS, UBL 2.1, PartyType, ContactType and AddressType. Places: CEN/TS
16931-3-2:2020 for the terms of EN 16931; for Chorus Pro's own, the maps of two programs in
production (OCA l10n_fr_chorus_ubl 12.0, Gestimum): AIFE publishes no UBL sample.
"""

from __future__ import annotations

from collections.abc import Mapping

from config.target import TargetOptions
from transforms.invoice import Address, Contact, Identifier, Party
from transforms.ubl_value import identifier
from transforms.xml_text import element, escape, escape_attribute, wrap

#: Chorus Pro's texts for the supplier's VAT regime (BT-8) in TaxTypeCode.
VAT_REGIMES: Mapping[str, str] = {"5": "TVA DEBIT", "72": "TVA ENCAISSEMENT"}


def render_party(
    party: Party,
    options: TargetOptions,
    schemes: Mapping[str, str],
    *,
    vat_regime: str | None = None,
    creditor_id: str | None = None,
    agent: str = "",
    name: str = "cac:Party",
) -> str:
    """Return the content of a party as element ``name``, or nothing.

    Args:
        party: whom to write.
        options: the target's alternatives.
        schemes: schemeID by identifier type, for PartyLegalEntity.
        vat_regime: text of TaxTypeCode (supplier only).
        creditor_id: BT-90, an identifier of the one who is paid.
        agent: XML of an AgentParty, where the valideur goes there.
        name: element to write.
    """
    place = options.ubl_party_identifier
    legal = party.legal_id
    identifications = "".join(
        [
            wrap("cac:PartyIdentification", identifier("cbc:ID", one.value, one.scheme))
            for one in party.identifiers
        ]
    )
    if legal and place != "PartyLegalEntity":
        identifications = _identification(legal) + identifications
    if creditor_id:
        identifications += wrap(
            "cac:PartyIdentification", identifier("cbc:ID", creditor_id, "SEPA")
        )
    shown_name = party.trading_name or party.name
    # A party with an accounting contact beside it (name cac:Party) has its contact there.
    own_contact = options.ubl_contact == "Contact" or name != "cac:Party"
    contact = _contact("cac:Contact", party.contact) if own_contact else ""
    return wrap(
        name,
        (
            identifier("cbc:EndpointID", party.endpoint.value, party.endpoint.scheme)
            if party.endpoint
            else ""
        )
        + identifications
        + wrap("cac:PartyName", element("cbc:Name", shown_name))
        + render_address("cac:PostalAddress", party.trading_address or party.address)
        + _tax_schemes(party, vat_regime)
        + _legal_entity(party, options, schemes if place != "PartyIdentification" else None)
        + contact
        + agent,
    )


def _identification(legal: Identifier) -> str:
    named = f' schemeName="{escape_attribute(legal.scheme)}"' if legal.scheme else ""
    return (
        f"<cac:PartyIdentification><cbc:ID{named}>{escape(legal.value)}</cbc:ID>"
        "</cac:PartyIdentification>"
    )


def _tax_schemes(party: Party, vat_regime: str | None) -> str:
    parts = ""
    if party.vat_id:
        parts = (
            f"<cac:PartyTaxScheme>{element('cbc:CompanyID', party.vat_id)}<cac:TaxScheme>"
            f"<cbc:ID>VAT</cbc:ID>{element('cbc:TaxTypeCode', vat_regime)}</cac:TaxScheme>"
            "</cac:PartyTaxScheme>"
        )
    if party.tax_registration:
        # CEN/TS 16931-3-2: any scheme but VAT marks BT-32.
        parts += (
            f"<cac:PartyTaxScheme>{element('cbc:CompanyID', party.tax_registration)}"
            "<cac:TaxScheme><cbc:ID>LOC</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        )
    return parts


def _legal_entity(party: Party, options: TargetOptions, schemes: Mapping[str, str] | None) -> str:
    legal = party.legal_id
    company_id = ""
    if legal and schemes is not None:
        scheme = schemes.get(legal.scheme, legal.scheme) if legal.scheme else None
        company_id = identifier("cbc:CompanyID", legal.value, scheme)
    # The legal address must not be lost when the trading address stands in PostalAddress.
    address = ""
    if options.ubl_registration_address or party.trading_address:
        address = render_address("cac:RegistrationAddress", party.address)
    return wrap(
        "cac:PartyLegalEntity",
        element("cbc:RegistrationName", party.name)
        + company_id
        + element("cbc:CompanyLegalForm", party.legal_form)
        + address,
    )


def render_address(name: str, address: Address | None) -> str:
    """Return a postal address as element ``name``, or nothing."""
    if address is None:
        return ""
    return wrap(
        name,
        element("cbc:StreetName", address.line1)
        + element("cbc:AdditionalStreetName", address.line2)
        + element("cbc:CityName", address.city)
        + element("cbc:PostalZone", address.postcode)
        + element("cbc:CountrySubentity", address.subdivision)
        + wrap("cac:AddressLine", element("cbc:Line", address.line3))
        + wrap("cac:Country", element("cbc:IdentificationCode", address.country)),
    )


def render_accounting_contact(
    party: Party, service_code: str | None, options: TargetOptions, *, department_first: bool
) -> str:
    """Return Chorus Pro's AccountingContact: the service code, then the contact.

    UBL has one name: with ``department_first`` (buyer: name of the service) it is the department;
    what does not fit goes to the note.
    """
    contact = party.contact if options.ubl_contact == "AccountingContact" else None
    return _contact(
        "cac:AccountingContact", contact, code=service_code, department_first=department_first
    )


def _contact(
    name: str,
    contact: Contact | None,
    *,
    code: str | None = None,
    department_first: bool = False,
) -> str:
    details = element("cbc:ID", code)
    if contact is not None:
        names = [contact.name, contact.department]
        if department_first:
            names.reverse()
        names = [one for one in names if one]
        details += (
            element("cbc:Name", names[0] if names else None)
            + element("cbc:Telephone", contact.phone)
            + element("cbc:Telefax", contact.fax)
            + element("cbc:ElectronicMail", contact.email)
            + element("cbc:Note", names[1] if len(names) > 1 else None)
        )
    return wrap(name, details)
