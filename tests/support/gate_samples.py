"""Small XML of our own for the gate, with places to put something in or to break."""

from __future__ import annotations

_CII_LINE = """<ram:IncludedSupplyChainTradeLineItem>
 <ram:AssociatedDocumentLineDocument><ram:LineID>{rank}</ram:LineID></ram:AssociatedDocumentLineDocument>
 <ram:SpecifiedTradeProduct><ram:Name>Gants de soin</ram:Name></ram:SpecifiedTradeProduct>
 <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice>
  <ram:ChargeAmount>12.40</ram:ChargeAmount></ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
 <ram:SpecifiedLineTradeDelivery>
  <ram:BilledQuantity unitCode="C62">5</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
 <ram:SpecifiedLineTradeSettlement>
  <ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>
   <ram:RateApplicablePercent>20.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
  <ram:SpecifiedTradeSettlementLineMonetarySummation>
   <ram:LineTotalAmount>62.00</ram:LineTotalAmount>
  </ram:SpecifiedTradeSettlementLineMonetarySummation>
 </ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem>
"""

_CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice
 xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocumentContext>
 <ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>A1</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>
</rsm:ExchangedDocumentContext>
<rsm:ExchangedDocument><ram:ID>F-77</ram:ID><ram:TypeCode>380</ram:TypeCode>
 <ram:IssueDateTime>
  <udt:DateTimeString format="102">20261102</udt:DateTimeString></ram:IssueDateTime>
</rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
{lines}<ram:ApplicableHeaderTradeAgreement>
 <ram:SellerTradeParty><ram:Name>Ateliers du Port</ram:Name></ram:SellerTradeParty>
 <ram:BuyerTradeParty><ram:Name>Ville de Demain</ram:Name></ram:BuyerTradeParty>
 {agreement}
</ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeDelivery/>
<ram:ApplicableHeaderTradeSettlement>
 <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
 <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  <ram:LineTotalAmount>62.00</ram:LineTotalAmount>
  <ram:TaxBasisTotalAmount>62.00</ram:TaxBasisTotalAmount>
  <ram:GrandTotalAmount>74.40</ram:GrandTotalAmount>
  <ram:DuePayableAmount>74.40</ram:DuePayableAmount>
 </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
 {settlement}
</ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""

_UBL = """<?xml version="1.0" encoding="UTF-8"?>
<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>F-77</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate>
<cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>Ateliers du Port</cbc:Name>
</cac:PartyName></cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyName><cbc:Name>Ville de Demain</cbc:Name>
</cac:PartyName></cac:Party></cac:AccountingCustomerParty>
<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">74.40</cbc:PayableAmount>
</cac:LegalMonetaryTotal>
<cac:{line}Line><cbc:ID>1</cbc:ID>
<cbc:LineExtensionAmount currencyID="EUR">62.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Gants de soin</cbc:Name></cac:Item></cac:{line}Line>
</{root}>
"""


def cii(*, lines: int = 1, agreement: str = "", settlement: str = "") -> bytes:
    """Return a valid CII invoice, with XML put at the end of agreement or settlement."""
    text = "".join(_CII_LINE.format(rank=rank + 1) for rank in range(lines))
    return _CII.format(lines=text, agreement=agreement, settlement=settlement).encode()


def ubl(root: str = "Invoice") -> bytes:
    """Return a valid UBL document with this root: Invoice or CreditNote."""
    return _UBL.format(root=root, line=root).encode()
