"""Read parties, contacts and addresses of a Cross Industry Invoice."""

from __future__ import annotations

from transforms.cii_node import Node, first
from transforms.invoice import Address, Contact, Identifier, Party
from transforms.schemes import identifier_type


def read_party(node: Node, service_code: str | None = None) -> Party | None:
    if not node and service_code is None:
        return None
    organization = node.child("ram:SpecifiedLegalOrganization")
    legal = organization.identifier("ram:ID")
    registrations = [
        one.identifier("ram:ID") for one in node.children("ram:SpecifiedTaxRegistration")
    ]
    identifiers = [one.identifier(".") for one in node.children("ram:ID")]
    identifiers += [one.identifier(".") for one in node.children("ram:GlobalID")]
    return Party(
        name=node.text("ram:Name"),
        trading_name=organization.text("ram:TradingBusinessName"),
        identifiers=tuple(one for one in identifiers if one),
        legal_id=Identifier(legal.value, identifier_type(legal.scheme)) if legal else None,
        vat_id=first(one.value for one in registrations if one and one.scheme == "VA"),
        tax_registration=first(one.value for one in registrations if one and one.scheme != "VA"),
        legal_form=node.text("ram:Description"),
        endpoint=node.child("ram:URIUniversalCommunication").identifier("ram:URIID"),
        address=read_address(node.child("ram:PostalTradeAddress")),
        trading_address=read_address(organization.child("ram:PostalTradeAddress")),
        contact=read_contact(node.child("ram:DefinedTradeContact")),
        service_code=service_code,
    )


def read_address(node: Node) -> Address | None:
    if not node:
        return None
    return Address(
        line1=node.text("ram:LineOne"),
        line2=node.text("ram:LineTwo"),
        line3=node.text("ram:LineThree"),
        city=node.text("ram:CityName"),
        postcode=node.text("ram:PostcodeCode"),
        subdivision=node.text("ram:CountrySubDivisionName"),
        country=node.text("ram:CountryID"),
    )


def read_contact(node: Node) -> Contact | None:
    if not node:
        return None
    return Contact(
        name=node.text("ram:PersonName"),
        department=node.text("ram:DepartmentName"),
        phone=node.text("ram:TelephoneUniversalCommunication/ram:CompleteNumber"),
        fax=node.text("ram:FaxUniversalCommunication/ram:CompleteNumber"),
        email=node.text("ram:EmailURIUniversalCommunication/ram:URIID"),
    )
