"""Read parties, contacts and addresses of a Cross Industry Invoice."""

from __future__ import annotations

from transforms.cii_node import Node, first
from transforms.invoice import Address, Contact, Identifier, Party
from transforms.party_terms import PartyTerms
from transforms.schemes import identifier_type


def read_party(node: Node, terms: PartyTerms, service_code: str | None = None) -> Party | None:
    """Return a party, its values noted under ``terms``; None when nothing is said of it."""
    blank = not node and service_code is None
    if blank and (node.element is None or node.group.notes.strict):
        return None
    organization = node.child("ram:SpecifiedLegalOrganization")
    legal = organization.identifier("ram:ID", terms.legal_id)
    vat_id = tax_registration = None
    for one in node.children("ram:SpecifiedTaxRegistration"):
        scheme = one.child("ram:ID").attribute("schemeID")
        if scheme == "VA":
            vat_id = first((vat_id, one.text("ram:ID", terms.vat_id)))
        else:
            tax_registration = first((tax_registration, one.text("ram:ID", terms.tax_registration)))
    identifiers = [one.identifier(bt=terms.identifier) for one in node.children("ram:ID")]
    identifiers += [one.identifier(bt=terms.identifier) for one in node.children("ram:GlobalID")]
    party = Party(
        name=node.text("ram:Name", terms.name),
        trading_name=organization.text("ram:TradingBusinessName", terms.trading_name),
        identifiers=tuple(one for one in identifiers if one),
        legal_id=Identifier(legal.value, identifier_type(legal.scheme)) if legal else None,
        vat_id=vat_id,
        tax_registration=tax_registration,
        legal_form=node.text("ram:Description"),
        endpoint=node.child("ram:URIUniversalCommunication").identifier(
            "ram:URIID", terms.endpoint
        ),
        address=read_address(node.child("ram:PostalTradeAddress", terms.address), terms.country),
        trading_address=read_address(organization.child("ram:PostalTradeAddress")),
        contact=read_contact(node.child("ram:DefinedTradeContact")),
        service_code=service_code,
    )
    return None if blank else party


def read_address(node: Node, country: str | None = None) -> Address | None:
    """Return an address, its country noted as term ``country``; None when it is empty."""
    if not node:
        return None
    return Address(
        line1=node.text("ram:LineOne"),
        line2=node.text("ram:LineTwo"),
        line3=node.text("ram:LineThree"),
        city=node.text("ram:CityName"),
        postcode=node.text("ram:PostcodeCode"),
        subdivision=node.text("ram:CountrySubDivisionName"),
        country=node.text("ram:CountryID", country),
    )


def read_contact(node: Node) -> Contact | None:
    """Return a contact; None when it is empty."""
    if not node:
        return None
    return Contact(
        name=node.text("ram:PersonName"),
        department=node.text("ram:DepartmentName"),
        phone=node.text("ram:TelephoneUniversalCommunication/ram:CompleteNumber"),
        fax=node.text("ram:FaxUniversalCommunication/ram:CompleteNumber"),
        email=node.text("ram:EmailURIUniversalCommunication/ram:URIID"),
    )
