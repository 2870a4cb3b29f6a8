"""What the judge reads in an invoice: its own XPath on the XML of either syntax.

Independent of the pipeline on purpose: neither its model, nor its writers, nor its reader.
Paths: AIFE's commented samples for CII D16B (FSO1116A, 2018); for UBL the OCA and Gestimum maps,
both paths of the engagement number being accepted as the two sources differ.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from lxml import etree

Syntax = Literal["cii", "ubl"]

_NAMESPACES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
ROOTS: dict[Syntax, str] = {
    "cii": f"{{{_NAMESPACES['rsm']}}}CrossIndustryInvoice",
    "ubl": "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}Invoice",
}

_CTX = "rsm:ExchangedDocumentContext"
_DOC = "rsm:ExchangedDocument"
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGR = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SET = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SUM = f"{_SET}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_PAY = f"{_SET}/ram:SpecifiedTradeSettlementPaymentMeans"
_LINE_AGR = f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem/ram:SpecifiedLineTradeAgreement"
_SUPPLIER = "cac:AccountingSupplierParty/cac:Party"
_CUSTOMER = "cac:AccountingCustomerParty"

#: Term -> path below the root; ``attachment_…``: below an attachment.
_CII = {
    "number": f"{_DOC}/ram:ID",
    "type": f"{_DOC}/ram:TypeCode",
    "issue_date": f"{_DOC}/ram:IssueDateTime/udt:DateTimeString",
    "cadre": f"{_CTX}/ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID",
    "supplier": f"{_AGR}/ram:SellerTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "supplier_name": f"{_AGR}/ram:SellerTradeParty/ram:Name",
    "buyer": f"{_AGR}/ram:BuyerTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "buyer_name": f"{_AGR}/ram:BuyerTradeParty/ram:Name",
    "valideur": f"{_SET}/ram:InvoiceeTradeParty/ram:SpecifiedLegalOrganization/ram:ID",
    "service": f"{_AGR}/ram:BuyerReference",
    "engagement": f"{_AGR}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID",
    "contract": f"{_AGR}/ram:ContractReferencedDocument/ram:IssuerAssignedID",
    "original": f"{_SET}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID",
    "currency": f"{_SET}/ram:InvoiceCurrencyCode",
    "payment": f"{_PAY}/ram:TypeCode",
    "iban": f"{_PAY}/ram:PayeePartyCreditorFinancialAccount/ram:IBANID",
    "total": f"{_SUM}/ram:GrandTotalAmount",
    "prepaid": f"{_SUM}/ram:TotalPrepaidAmount",
    "due": f"{_SUM}/ram:DuePayableAmount",
    "gross_price": f"{_LINE_AGR}/ram:GrossPriceProductTradePrice",
    "attachment": f"{_AGR}/ram:AdditionalReferencedDocument[ram:AttachmentBinaryObject]",
    "attachment_name": "ram:IssuerAssignedID",
    "attachment_content": "ram:AttachmentBinaryObject",
}
_UBL = {
    "number": "cbc:ID",
    "type": "cbc:InvoiceTypeCode",
    "issue_date": "cbc:IssueDate",
    "cadre": "cbc:ProfileID",
    "supplier": f"{_SUPPLIER}/cac:PartyIdentification/cbc:ID[@schemeName]",
    "supplier_name": f"{_SUPPLIER}/cac:PartyLegalEntity/cbc:RegistrationName",
    "buyer": f"{_CUSTOMER}/cac:Party/cac:PartyIdentification/cbc:ID[@schemeName]",
    "buyer_name": f"{_CUSTOMER}/cac:Party/cac:PartyName/cbc:Name",
    "service": f"{_CUSTOMER}/cac:AccountingContact/cbc:ID",
    "engagement": "cac:OrderReference/cbc:ID",
    "engagement_other": "cac:ContractDocumentReference[cbc:DocumentTypeCode='Engagement']/cbc:ID",
    "contract": "cac:ContractDocumentReference[not(cbc:DocumentTypeCode='Engagement')]/cbc:ID",
    "original": "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID",
    "currency": "cbc:DocumentCurrencyCode",
    "payment": "cac:PaymentMeans/cbc:PaymentMeansCode",
    "iban": "cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID",
    "total": "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount",
    "prepaid": "cac:LegalMonetaryTotal/cbc:PrepaidAmount",
    "due": "cac:LegalMonetaryTotal/cbc:PayableAmount",
    "attachment": (
        "cac:AdditionalDocumentReference[cac:Attachment/cbc:EmbeddedDocumentBinaryObject]"
    ),
    "attachment_name": "cbc:ID",
    "attachment_content": "cac:Attachment/cbc:EmbeddedDocumentBinaryObject",
}
_PATHS: dict[Syntax, dict[str, str]] = {"cii": _CII, "ubl": _UBL}

#: Terms that come several times: ``<term>_<part>`` is a path below one of them.
_REPEATED = frozenset({"attachment"})

#: Identifier schemes that mean a SIRET (pivot TypeIdentifiant 1, ISO 6523 0002 and 0009).
SIRET_SCHEMES = frozenset({"1", "0002", "0009"})

_STEP_DECORATION = re.compile(r"\[[^\]]*\]|\w+:")


@cache
def _compiled(path: str) -> etree.XPath:
    return etree.XPath(path, namespaces=_NAMESPACES)


@cache
def dotted(syntax: Syntax, term: str) -> str:
    """Return the name Chorus Pro's messages give a term: ``FichierXml.<path>.value``."""
    paths = _PATHS[syntax]
    parent = term.partition("_")[0]
    below = parent if parent in _REPEATED and parent != term else ""
    path = "/".join(paths[step] for step in (below, term) if step)
    path = _STEP_DECORATION.sub("", path)
    return f"FichierXml.{path.replace('/', '.')}.value"


def dotted_path(element: etree._Element) -> str:
    """Return the name Chorus Pro's messages give an element of an invoice."""
    steps = [etree.QName(element).localname]
    steps += [etree.QName(parent).localname for parent in element.iterancestors()]
    return f"FichierXml.{'.'.join(reversed(steps[:-1]))}.value"


class InvoiceView:
    """Terms of one invoice, read when asked for.

    Args:
        root: root element, known to be the one of ``syntax``.
        syntax: syntax of the XML.
    """

    def __init__(self, root: etree._Element, syntax: Syntax) -> None:
        self.root = root
        self.syntax: Syntax = syntax

    def elements(self, term: str, below: etree._Element | None = None) -> list[etree._Element]:
        """Return the elements of a term; none where the syntax has no path for it."""
        path = _PATHS[self.syntax].get(term)
        if path is None:
            return []
        found = _compiled(path)(self.root if below is None else below)
        assert isinstance(found, list)  # every path of the tables selects elements
        return [element for element in found if isinstance(element, etree._Element)]

    def knows(self, term: str) -> bool:
        """Tell whether the syntax has a known path for the term."""
        return term in _PATHS[self.syntax]

    def text(self, term: str, below: etree._Element | None = None) -> str:
        """Return the text of the first element of a term, trimmed; empty when there is none."""
        for element in self.elements(term, below):
            return (element.text or "").strip()
        return ""

    def path(self, term: str) -> str:
        """Return the dotted path of a term in this syntax."""
        return dotted(self.syntax, term)

    def scheme(self, term: str) -> str:
        """Return the scheme of an identifier (``schemeID``, in UBL also ``schemeName``)."""
        for element in self.elements(term):
            return element.get("schemeName") or element.get("schemeID") or ""
        return ""

    @property
    def engagement(self) -> str:
        """Engagement number (BT-13), at either UBL place."""
        return self.text("engagement") or self.text("engagement_other")
