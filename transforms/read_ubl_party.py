"""Read parties, contacts and addresses of a UBL 2.1 invoice.

Places: CEN/TS 16931-3-2:2020 for the terms of EN 16931; for Chorus Pro's own, those that
``transforms.ubl_party`` writes.
"""

from __future__ import annotations

from transforms.invoice import Address, Contact, Identifier, Party
from transforms.party_terms import PartyTerms
from transforms.schemes import identifier_type
from transforms.ubl_node import is_vat
from transforms.xml_node import Node, first

#: schemeID of a creditor identifier (BT-90) among the identifiers of a party.
SEPA = "SEPA"


def read_party(
    node: Node,
    terms: PartyTerms,
    *,
    accounting_contact: Node | None = None,
    department_first: bool = False,
    service_code: str | None = None,
) -> Party | None:
    """Return a party, its values noted under ``terms``; None when nothing is said of it.

    Args:
        node: the element cac:Party, or one of the same type.
        terms: business terms of this party.
        accounting_contact: Chorus Pro's place for the contact of seller and buyer.
        department_first: the name of that contact is a department (buyer).
        service_code: Chorus Pro's code of the supplier's service.
    """
    contact = read_contact(node.child("cac:Contact"))
    if contact is None and accounting_contact is not None:
        contact = read_contact(accounting_contact, department_first=department_first)
    blank = not node and contact is None and service_code is None
    if blank and (node.element is None or node.group.notes.strict):
        return None
    entity = node.child("cac:PartyLegalEntity")
    legal_id, identifiers = _identifiers(node, entity, terms)
    vat_id, tax_registration = _registrations(node, terms)
    name, trading_name = _names(node, entity, terms)
    address = read_address(node.child("cac:PostalAddress", terms.address), terms.country)
    trading_address = None
    registered = read_address(entity.child("cac:RegistrationAddress"))
    if address is not None and registered is not None and registered != address:
        address, trading_address = registered, address
    party = Party(
        name=name,
        trading_name=trading_name,
        identifiers=identifiers,
        legal_id=legal_id,
        vat_id=vat_id,
        tax_registration=tax_registration,
        legal_form=entity.text("cbc:CompanyLegalForm"),
        endpoint=node.identifier("cbc:EndpointID", terms.endpoint),
        address=address,
        trading_address=trading_address,
        contact=contact,
        service_code=service_code,
    )
    return None if blank else party


def creditor_identifier(*parties: Node) -> str | None:
    """Return BT-90: the identifier of scheme SEPA of the payee or the seller."""
    return first(
        one.text(bt="BT-90")
        for party in parties
        for one in party.children("cac:PartyIdentification/cbc:ID")
        if one.attribute("schemeID") == SEPA
    )


def read_address(node: Node, country: str | None = None) -> Address | None:
    """Return an address, its country noted as term ``country``; None when it is empty."""
    if not node:
        return None
    return Address(
        line1=node.text("cbc:StreetName"),
        line2=node.text("cbc:AdditionalStreetName"),
        line3=node.text("cac:AddressLine/cbc:Line"),
        city=node.text("cbc:CityName"),
        postcode=node.text("cbc:PostalZone"),
        subdivision=node.text("cbc:CountrySubentity"),
        country=node.text("cac:Country/cbc:IdentificationCode", country),
    )


def read_contact(node: Node, *, department_first: bool = False) -> Contact | None:
    """Return a contact; None when there is none, or nothing but a service code."""
    if node.element is None:
        return None
    names = [node.text("cbc:Name"), node.text("cbc:Note")]
    if department_first:
        names.reverse()
    contact = Contact(
        name=names[0],
        department=names[1],
        phone=node.text("cbc:Telephone"),
        fax=node.text("cbc:Telefax"),
        email=node.text("cbc:ElectronicMail"),
    )
    return None if contact == Contact() else contact


def _identifiers(
    node: Node, entity: Node, terms: PartyTerms
) -> tuple[Identifier | None, tuple[Identifier, ...]]:
    legal = entity.identifier("cbc:CompanyID", terms.legal_id)
    if legal is not None:
        legal = Identifier(legal.value, identifier_type(legal.scheme))
    identifiers = []
    for one in node.children("cac:PartyIdentification/cbc:ID"):
        if one.attribute("schemeID") == SEPA:
            continue
        kind = one.attribute("schemeName")
        if kind and not one.attribute("schemeID"):
            value = one.text(bt=terms.legal_id)
            legal = legal or (Identifier(value, kind) if value else None)
        elif value := one.text(bt=terms.identifier):
            identifiers.append(Identifier(value, one.attribute("schemeID")))
    return legal, tuple(identifiers)


def _registrations(node: Node, terms: PartyTerms) -> tuple[str | None, str | None]:
    vat_id = tax_registration = None
    for one in node.children("cac:PartyTaxScheme"):
        if is_vat(one):
            vat_id = first((vat_id, one.text("cbc:CompanyID", terms.vat_id)))
        else:
            number = one.text("cbc:CompanyID", terms.tax_registration)
            tax_registration = first((tax_registration, number))
    return vat_id, tax_registration


def _names(node: Node, entity: Node, terms: PartyTerms) -> tuple[str | None, str | None]:
    if terms.trading_name is None:
        # Payee and representative: the name is that of PartyName (CEN/TS 16931-3-2).
        name = node.text("cac:PartyName/cbc:Name", terms.name)
        registered = entity.text("cbc:RegistrationName")
        if name is None or registered is None or registered == name:
            return name, None
        return registered, name
    name = entity.text("cbc:RegistrationName", terms.name)
    shown = node.text("cac:PartyName/cbc:Name", terms.trading_name)
    return name, shown if shown != name else None
