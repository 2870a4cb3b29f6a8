"""Number and recipient of an XML invoice, without reading the rest of it.

Whoever asks the ledger and the directory beforehand must ask for what the whole reading
(``transforms.reading``) will find: the same nodes and the same readers of a party are used.
"""

from __future__ import annotations

from lxml import etree

from transforms.cii import RAM, RSM
from transforms.cii_node import CII_LAYOUT
from transforms.invoice import Party
from transforms.mapping import Peek
from transforms.party_terms import BUYER
from transforms.read_cii_party import read_party as read_cii_party
from transforms.read_ubl import UBL_ROOTS
from transforms.read_ubl_party import read_party as read_ubl_party
from transforms.ubl import CAC, CBC
from transforms.ubl_node import UBL_LAYOUT
from transforms.xml_node import ABSENT, Node, open_document
from transforms.xml_outline import Layout


def peek_xml(root: etree._Element) -> Peek:
    """Return number (BT-1), buyer (BT-47) and service (BT-10); nothing of what is no invoice."""
    if root.tag == f"{{{RSM}}}CrossIndustryInvoice":
        return _peek_cii(root)
    if root.tag in UBL_ROOTS:
        return _peek_ubl(root)
    return Peek(None)


def _peek_cii(root: etree._Element) -> Peek:
    trade = _child(root, f"{{{RSM}}}SupplyChainTradeTransaction")
    agreement = _open(_child(trade, f"{{{RAM}}}ApplicableHeaderTradeAgreement"), CII_LAYOUT)
    return Peek(
        _open(_child(root, f"{{{RSM}}}ExchangedDocument"), CII_LAYOUT).text("ram:ID"),
        buyer=_legal_id(read_cii_party(agreement.child("ram:BuyerTradeParty"), BUYER)),
        service=agreement.text("ram:BuyerReference"),
    )


def _peek_ubl(root: etree._Element) -> Peek:
    customer = _open(_child(root, f"{{{CAC}}}AccountingCustomerParty"), UBL_LAYOUT)
    contact = customer.child("cac:AccountingContact")
    return Peek(
        _open(_child(root, f"{{{CBC}}}ID"), UBL_LAYOUT).text(),
        buyer=_legal_id(
            read_ubl_party(
                customer.child("cac:Party"),
                BUYER,
                accounting_contact=contact,
                department_first=True,
            )
        ),
        service=_open(_child(root, f"{{{CBC}}}BuyerReference"), UBL_LAYOUT).text()
        or contact.text("cbc:ID"),
    )


def _child(element: etree._Element | None, tag: str) -> etree._Element | None:
    return None if element is None else next(element.iterchildren(tag), None)


def _open(element: etree._Element | None, layout: Layout) -> Node:
    """Return the node of an element in an outline of its own: that of all lines takes long."""
    return ABSENT if element is None else open_document(element, layout)


def _legal_id(party: Party | None) -> str | None:
    return party.legal_id.value if party is not None and party.legal_id is not None else None
