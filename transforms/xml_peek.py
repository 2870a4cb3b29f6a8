"""Number and recipient of an XML invoice, without reading the rest of it.

Whoever asks the ledger and the directory beforehand must ask for what the whole reading
(``transforms.reading``) will find: the same nodes and the same readers of a party are used.
"""

from __future__ import annotations

from lxml import etree

from transforms.cii import RSM
from transforms.cii_node import CII_LAYOUT
from transforms.invoice import Party
from transforms.mapping import Peek
from transforms.party_terms import BUYER
from transforms.read_cii_party import read_party as read_cii_party
from transforms.read_ubl import UBL_ROOTS
from transforms.read_ubl_party import read_party as read_ubl_party
from transforms.ubl_node import UBL_LAYOUT
from transforms.xml_node import Node, open_document


def peek_xml(root: etree._Element) -> Peek:
    """Return number (BT-1), buyer (BT-47) and service (BT-10); nothing of what is no invoice."""
    if root.tag == f"{{{RSM}}}CrossIndustryInvoice":
        return _peek_cii(open_document(root, CII_LAYOUT))
    if root.tag in UBL_ROOTS:
        return _peek_ubl(open_document(root, UBL_LAYOUT))
    return Peek(None)


def _peek_cii(node: Node) -> Peek:
    agreement = node.child("rsm:SupplyChainTradeTransaction").child(
        "ram:ApplicableHeaderTradeAgreement"
    )
    return Peek(
        node.child("rsm:ExchangedDocument").text("ram:ID"),
        buyer=_legal_id(read_cii_party(agreement.child("ram:BuyerTradeParty"), BUYER)),
        service=agreement.text("ram:BuyerReference"),
    )


def _peek_ubl(node: Node) -> Peek:
    customer = node.child("cac:AccountingCustomerParty")
    contact = customer.child("cac:AccountingContact")
    return Peek(
        node.text("cbc:ID"),
        buyer=_legal_id(
            read_ubl_party(
                customer.child("cac:Party"),
                BUYER,
                accounting_contact=contact,
                department_first=True,
            )
        ),
        service=node.text("cbc:BuyerReference") or contact.text("cbc:ID"),
    )


def _legal_id(party: Party | None) -> str | None:
    return party.legal_id.value if party is not None and party.legal_id is not None else None
