"""Invoice lines (BG-25) in the Cross Industry Invoice (UN/CEFACT D16B).

Element order: UN/CEFACT, CrossIndustryInvoice_100pD16B, SupplyChainTradeLineItemType and the
types below it. Places: CEN/TS 16931-3-3:2020; AIFE, commented samples FSO1116A (2018) for the
line type and sub-type, the delivery site and the delivery date of a line.
"""

from __future__ import annotations

from decimal import Decimal

from config.target import TargetOptions
from transforms.cii_party import identifier
from transforms.cii_value import allowance_charge, dated, period
from transforms.invoice import InvoiceLine, Item, Price
from transforms.xml_text import (
    amount_text,
    element,
    escape,
    escape_attribute,
    number_text,
    wrap,
)


def render_line(line: InvoiceLine, options: TargetOptions) -> str:
    """Return one line of the invoice."""
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"{_document(line, options)}{_product(line.item, options)}{_agreement(line)}"
        f"{_delivery(line)}{_settlement(line, options)}"
        "</ram:IncludedSupplyChainTradeLineItem>"
    )


def _document(line: InvoiceLine, options: TargetOptions) -> str:
    parts = element("ram:LineID", line.id)
    if options.cii_line_kind == "LineStatusCode":
        parts += element("ram:LineStatusCode", line.kind)
        parts += element("ram:LineStatusReasonCode", line.subkind)
    if line.note:
        parts += (
            f"<ram:IncludedNote><ram:Content>{escape(line.note)}</ram:Content></ram:IncludedNote>"
        )
    return f"<ram:AssociatedDocumentLineDocument>{parts}</ram:AssociatedDocumentLineDocument>"


def _product(item: Item, options: TargetOptions) -> str:
    standard = item.standard_id
    seller_id = item.seller_id
    global_id = ""
    if standard is not None:
        global_id = identifier("ram:GlobalID", standard.value, standard.scheme)
    elif seller_id and options.cii_item_reference == "GlobalID":
        global_id = element("ram:GlobalID", seller_id)
        seller_id = None
    details = ""
    if item.attributes or item.classifications or item.origin_country:
        details = _product_details(item)
    return wrap(
        "ram:SpecifiedTradeProduct",
        global_id
        + element("ram:SellerAssignedID", seller_id)
        + element("ram:BuyerAssignedID", item.buyer_id)
        + element("ram:Name", item.name)
        + element("ram:Description", item.description)
        + details,
    )


def _product_details(item: Item) -> str:
    parts = [
        wrap(
            "ram:ApplicableProductCharacteristic",
            element("ram:Description", name) + element("ram:Value", value),
        )
        for name, value in item.attributes
    ]
    for code in item.classifications:
        listed = f' listID="{escape_attribute(code.scheme)}"' if code.scheme else ""
        if code.scheme_version:
            listed += f' listVersionID="{escape_attribute(code.scheme_version)}"'
        parts.append(
            "<ram:DesignatedProductClassification>"
            f"<ram:ClassCode{listed}>{escape(code.value)}</ram:ClassCode>"
            "</ram:DesignatedProductClassification>"
        )
    parts.append(wrap("ram:OriginTradeCountry", element("ram:ID", item.origin_country)))
    return "".join(parts)


def _agreement(line: InvoiceLine) -> str:
    price = line.price
    parts = ""
    if line.order_line:
        parts = wrap("ram:BuyerOrderReferencedDocument", element("ram:LineID", line.order_line))
    # Chorus Pro wants ActualAmount as soon as a gross price is there (its own message, quoted by
    # OCA, l10n-france issue 504): without a real allowance the gross price says nothing more.
    if price.gross is not None and price.discount:
        parts += (
            "<ram:GrossPriceProductTradePrice>"
            f"<ram:ChargeAmount>{amount_text(price.gross)}</ram:ChargeAmount>{_basis(price)}"
            "<ram:AppliedTradeAllowanceCharge>"
            "<ram:ChargeIndicator><udt:Indicator>false</udt:Indicator></ram:ChargeIndicator>"
            f"<ram:ActualAmount>{amount_text(price.discount)}</ram:ActualAmount>"
            "</ram:AppliedTradeAllowanceCharge></ram:GrossPriceProductTradePrice>"
        )
    if price.net is not None:
        parts += (
            "<ram:NetPriceProductTradePrice>"
            f"<ram:ChargeAmount>{amount_text(price.net)}</ram:ChargeAmount>{_basis(price)}"
            "</ram:NetPriceProductTradePrice>"
        )
    return wrap("ram:SpecifiedLineTradeAgreement", parts)


def _basis(price: Price) -> str:
    return quantity("ram:BasisQuantity", price.base_quantity, price.base_unit)


def quantity(name: str, value: Decimal | None, unit: str | None) -> str:
    """Return a quantity with its unit (UN/ECE Rec 20 or 21); nothing when there is none."""
    if value is None:
        return ""
    coded = f' unitCode="{escape_attribute(unit)}"' if unit else ""
    return f"<{name}{coded}>{number_text(value)}</{name}>"


def _delivery(line: InvoiceLine) -> str:
    parts = quantity("ram:BilledQuantity", line.quantity, line.unit)
    if line.delivery_site:
        parts += wrap("ram:ShipToTradeParty", element("ram:GlobalID", line.delivery_site))
    if line.delivery_date:
        parts += wrap(
            "ram:ActualDeliverySupplyChainEvent",
            dated("ram:OccurrenceDateTime", line.delivery_date),
        )
    return wrap("ram:SpecifiedLineTradeDelivery", parts)


def _settlement(line: InvoiceLine, options: TargetOptions) -> str:
    parts = ""
    if line.vat_category or line.vat_rate is not None:
        rate = ""
        if line.vat_rate is not None:
            rate = (
                f"<ram:RateApplicablePercent>{number_text(line.vat_rate)}"
                "</ram:RateApplicablePercent>"
            )
        parts = (
            "<ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            f"{element('ram:CategoryCode', line.vat_category)}{rate}</ram:ApplicableTradeTax>"
        )
    if line.period:
        parts += period(line.period)
    for allowance in line.allowances:
        parts += allowance_charge(allowance, options)
    if line.net is not None:
        parts += (
            "<ram:SpecifiedTradeSettlementLineMonetarySummation>"
            f"<ram:LineTotalAmount>{amount_text(line.net)}</ram:LineTotalAmount>"
            "</ram:SpecifiedTradeSettlementLineMonetarySummation>"
        )
    if line.object_id:
        parts += wrap(
            "ram:AdditionalReferencedDocument",
            element("ram:IssuerAssignedID", line.object_id.value)
            + "<ram:TypeCode>130</ram:TypeCode>"
            + element("ram:ReferenceTypeCode", line.object_id.scheme),
        )
    if line.accounting_reference:
        parts += wrap(
            "ram:ReceivableSpecifiedTradeAccountingAccount",
            element("ram:ID", line.accounting_reference),
        )
    return f"<ram:SpecifiedLineTradeSettlement>{parts}</ram:SpecifiedLineTradeSettlement>"
