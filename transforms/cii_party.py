"""Parties, contacts and addresses in the Cross Industry Invoice (UN/CEFACT D16B).

Element order: UN/CEFACT, CrossIndustryInvoice_100pD16B, TradePartyType, LegalOrganizationType,
TradeContactType and TradeAddressType. Places: CEN/TS 16931-3-3:2020 for the terms of EN 16931;
AIFE, commented samples FSO1116A (2018) for Chorus Pro's own.
"""

from __future__ import annotations

from collections.abc import Mapping

from transforms.invoice import Address, Contact, Identifier, Party
from transforms.xml_text import element, escape, escape_attribute, wrap


def render_party(name: str, party: Party | None, schemes: Mapping[str, str]) -> str:
    """Return ``party`` as element ``name``; nothing when there is no party or nothing in it.

    ``schemes`` gives the schemeID of a legal identifier by Chorus Pro's identifier type
    (:func:`transforms.schemes.cii_schemes`).
    """
    if party is None:
        return ""
    legal = party.legal_id
    legal_scheme = schemes.get(legal.scheme, legal.scheme) if legal and legal.scheme else None
    organization = (
        (identifier("ram:ID", legal.value, legal_scheme) if legal else "")
        + element("ram:TradingBusinessName", party.trading_name)
        + render_address(party.trading_address)
    )
    registrations = ""
    if party.vat_id:
        registrations = wrap(
            "ram:SpecifiedTaxRegistration", identifier("ram:ID", party.vat_id, "VA")
        )
    if party.tax_registration:
        registrations += wrap(
            "ram:SpecifiedTaxRegistration", identifier("ram:ID", party.tax_registration, "FC")
        )
    return wrap(
        name,
        render_identifiers(party.identifiers)
        + element("ram:Name", party.name)
        + element("ram:Description", party.legal_form)
        + wrap("ram:SpecifiedLegalOrganization", organization)
        + _contact(party.contact)
        + render_address(party.address)
        + _endpoint(party.endpoint)
        + registrations,
    )


def identifier(name: str, value: str | None, scheme: str | None) -> str:
    """Return an identifier with its schemeID; nothing when it has no value."""
    if not value:
        return ""
    if not scheme:
        return f"<{name}>{escape(value)}</{name}>"
    return f'<{name} schemeID="{escape_attribute(scheme)}">{escape(value)}</{name}>'


def render_identifiers(identifiers: tuple[Identifier, ...]) -> str:
    """Return identifiers in the order of the schema: without scheme (ID), then with (GlobalID)."""
    if not identifiers:
        return ""
    plain = [element("ram:ID", one.value) for one in identifiers if not one.scheme]
    schemed = [
        identifier("ram:GlobalID", one.value, one.scheme) for one in identifiers if one.scheme
    ]
    return "".join(plain + schemed)


def render_address(address: Address | None) -> str:
    """Return a postal address, or nothing."""
    if address is None:
        return ""
    return wrap(
        "ram:PostalTradeAddress",
        element("ram:PostcodeCode", address.postcode)
        + element("ram:LineOne", address.line1)
        + element("ram:LineTwo", address.line2)
        + element("ram:LineThree", address.line3)
        + element("ram:CityName", address.city)
        + element("ram:CountryID", address.country)
        + element("ram:CountrySubDivisionName", address.subdivision),
    )


def _contact(contact: Contact | None) -> str:
    if contact is None:
        return ""
    number = "ram:CompleteNumber"
    return wrap(
        "ram:DefinedTradeContact",
        element("ram:PersonName", contact.name)
        + element("ram:DepartmentName", contact.department)
        + wrap("ram:TelephoneUniversalCommunication", element(number, contact.phone))
        + wrap("ram:FaxUniversalCommunication", element(number, contact.fax))
        + wrap("ram:EmailURIUniversalCommunication", element("ram:URIID", contact.email)),
    )


def _endpoint(endpoint: Identifier | None) -> str:
    if endpoint is None:
        return ""
    return wrap(
        "ram:URIUniversalCommunication", identifier("ram:URIID", endpoint.value, endpoint.scheme)
    )
