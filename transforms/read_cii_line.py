"""Read the lines of a Cross Industry Invoice, and the pieces that lines share with the header."""

from __future__ import annotations

from transforms.cii_node import Node
from transforms.invoice import AllowanceCharge, Identifier, InvoiceLine, Item, Period, Price


def read_line(node: Node) -> InvoiceLine:
    document = node.child("ram:AssociatedDocumentLineDocument")
    agreement = node.child("ram:SpecifiedLineTradeAgreement")
    delivery = node.child("ram:SpecifiedLineTradeDelivery")
    settlement = node.child("ram:SpecifiedLineTradeSettlement")
    tax = settlement.child("ram:ApplicableTradeTax")
    quantity = delivery.child("ram:BilledQuantity")
    return InvoiceLine(
        id=document.text("ram:LineID"),
        note=document.text("ram:IncludedNote/ram:Content"),
        object_id=read_object(settlement.children("ram:AdditionalReferencedDocument")),
        quantity=quantity.decimal(),
        unit=quantity.attribute("unitCode"),
        net=settlement.decimal(
            "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"
        ),
        order_line=agreement.text("ram:BuyerOrderReferencedDocument/ram:LineID"),
        accounting_reference=settlement.text(
            "ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID"
        ),
        period=read_period(settlement.child("ram:BillingSpecifiedPeriod")),
        allowances=tuple(
            read_allowance(one) for one in settlement.children("ram:SpecifiedTradeAllowanceCharge")
        ),
        price=_price(agreement),
        vat_category=tax.text("ram:CategoryCode"),
        vat_rate=tax.decimal("ram:RateApplicablePercent"),
        item=_item(node.child("ram:SpecifiedTradeProduct")),
        kind=document.text("ram:LineStatusCode"),
        subkind=document.text("ram:LineStatusReasonCode"),
        delivery_date=delivery.child("ram:ActualDeliverySupplyChainEvent").date(
            "ram:OccurrenceDateTime"
        ),
        delivery_site=delivery.text("ram:ShipToTradeParty/ram:GlobalID"),
    )


def _price(agreement: Node) -> Price:
    net = agreement.child("ram:NetPriceProductTradePrice")
    gross = agreement.child("ram:GrossPriceProductTradePrice")
    basis = net.child("ram:BasisQuantity")
    if basis.element is None:
        basis = gross.child("ram:BasisQuantity")
    return Price(
        net=net.decimal("ram:ChargeAmount"),
        discount=gross.decimal("ram:AppliedTradeAllowanceCharge/ram:ActualAmount"),
        gross=gross.decimal("ram:ChargeAmount"),
        base_quantity=basis.decimal(),
        base_unit=basis.attribute("unitCode"),
    )


def _item(node: Node) -> Item:
    attributes = []
    for one in node.children("ram:ApplicableProductCharacteristic"):
        name, value = one.text("ram:Description"), one.text("ram:Value")
        if name or value:
            attributes.append((name or "", value or ""))
    classifications = []
    for one in node.children("ram:DesignatedProductClassification/ram:ClassCode"):
        code = one.text()
        if code:
            classifications.append(
                Identifier(code, one.attribute("listID"), one.attribute("listVersionID"))
            )
    return Item(
        name=node.text("ram:Name"),
        description=node.text("ram:Description"),
        seller_id=node.text("ram:SellerAssignedID"),
        buyer_id=node.text("ram:BuyerAssignedID"),
        standard_id=node.identifier("ram:GlobalID"),
        classifications=tuple(classifications),
        origin_country=node.text("ram:OriginTradeCountry/ram:ID"),
        attributes=tuple(attributes),
    )


def read_allowance(node: Node) -> AllowanceCharge:
    indicator = node.child("ram:ChargeIndicator")
    said = indicator.text("udt:Indicator") or indicator.text("udt:IndicatorString")
    tax = node.child("ram:CategoryTradeTax")
    return AllowanceCharge(
        is_charge=said in ("true", "1"),
        amount=node.decimal("ram:ActualAmount"),
        base=node.decimal("ram:BasisAmount"),
        percent=node.decimal("ram:CalculationPercent"),
        vat_category=tax.text("ram:CategoryCode"),
        vat_rate=tax.decimal("ram:RateApplicablePercent"),
        reason=node.text("ram:Reason"),
        reason_code=node.text("ram:ReasonCode"),
    )


def read_period(node: Node) -> Period | None:
    if not node:
        return None
    return Period(
        start=node.date("ram:StartDateTime"),
        end=node.date("ram:EndDateTime"),
        description=node.text("ram:Description"),
    )


def read_object(references: list[Node]) -> Identifier | None:
    for one in references:
        value = one.text("ram:IssuerAssignedID")
        if value and one.text("ram:TypeCode") == "130":
            return Identifier(value, one.text("ram:ReferenceTypeCode"))
    return None
