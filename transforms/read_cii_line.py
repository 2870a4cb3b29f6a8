"""Read the lines of a Cross Industry Invoice, and the pieces that lines share with the header."""

from __future__ import annotations

from decimal import Decimal

from transforms.allowance_terms import LINE_ALLOWANCE, LINE_CHARGE, AllowanceTerms
from transforms.cii_node import Node
from transforms.invoice import AllowanceCharge, Identifier, InvoiceLine, Item, Period, Price
from transforms.xml_node import note_tax


def read_line(node: Node) -> InvoiceLine:
    """Return one line (BG-25); ``node`` knows its rank."""
    document = node.child("ram:AssociatedDocumentLineDocument")
    agreement = node.child("ram:SpecifiedLineTradeAgreement")
    delivery = node.child("ram:SpecifiedLineTradeDelivery")
    settlement = node.child("ram:SpecifiedLineTradeSettlement")
    quantity = delivery.child("ram:BilledQuantity")
    category, rate = _tax(settlement.child("ram:ApplicableTradeTax"), "BT-151", "BT-152")
    return InvoiceLine(
        id=document.text("ram:LineID", "BT-126"),
        note=document.text("ram:IncludedNote/ram:Content", "BT-127"),
        object_id=read_object(settlement.children("ram:AdditionalReferencedDocument"), "BT-128"),
        quantity=quantity.decimal(bt="BT-129"),
        unit=quantity.attribute("unitCode", "BT-130"),
        net=settlement.decimal(
            "ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount", "BT-131"
        ),
        order_line=agreement.text("ram:BuyerOrderReferencedDocument/ram:LineID", "BT-132"),
        accounting_reference=settlement.text(
            "ram:ReceivableSpecifiedTradeAccountingAccount/ram:ID", "BT-133"
        ),
        period=read_period(
            settlement.child("ram:BillingSpecifiedPeriod", "BG-26"), "BT-134", "BT-135"
        ),
        allowances=tuple(
            read_allowance(one, LINE_ALLOWANCE, LINE_CHARGE)
            for one in settlement.ranked("ram:SpecifiedTradeAllowanceCharge", "BG-27")
        ),
        price=_price(agreement),
        vat_category=category,
        vat_rate=rate,
        item=_item(node.child("ram:SpecifiedTradeProduct")),
        kind=document.text("ram:LineStatusCode"),
        subkind=document.text("ram:LineStatusReasonCode"),
        delivery_date=delivery.child("ram:ActualDeliverySupplyChainEvent").date(
            "ram:OccurrenceDateTime"
        ),
        delivery_site=delivery.text("ram:ShipToTradeParty/ram:GlobalID"),
    )


def _tax(node: Node, category: str, rate: str) -> tuple[str | None, Decimal | None]:
    code = node.text("ram:CategoryCode", category)
    note_tax(node, category, vat=is_vat(node))
    return code, node.decimal("ram:RateApplicablePercent", rate)


def is_vat(tax: Node) -> bool:
    """Whether a tax is VAT, as the artefacts compare it: whatever the case."""
    return (tax.raw("ram:TypeCode") or "").upper() == "VAT"


def _price(agreement: Node) -> Price:
    net = agreement.child("ram:NetPriceProductTradePrice")
    gross = agreement.child("ram:GrossPriceProductTradePrice")
    basis = net.child("ram:BasisQuantity")
    if basis.element is None:
        basis = gross.child("ram:BasisQuantity")
    return Price(
        net=net.decimal("ram:ChargeAmount", "BT-146"),
        discount=gross.decimal("ram:AppliedTradeAllowanceCharge/ram:ActualAmount", "BT-147"),
        gross=gross.decimal("ram:ChargeAmount", "BT-148"),
        base_quantity=basis.decimal(bt="BT-149"),
        base_unit=basis.attribute("unitCode"),
    )


def _item(node: Node) -> Item:
    attributes = []
    for one in node.children("ram:ApplicableProductCharacteristic"):
        name, value = one.text("ram:Description", "BT-160"), one.text("ram:Value", "BT-161")
        if name or value:
            attributes.append((name or "", value or ""))
    classifications = []
    for one in node.children("ram:DesignatedProductClassification/ram:ClassCode"):
        code = one.text(bt="BT-158")
        if code:
            classifications.append(
                Identifier(code, one.attribute("listID"), one.attribute("listVersionID"))
            )
    return Item(
        name=node.text("ram:Name", "BT-153"),
        description=node.text("ram:Description", "BT-154"),
        seller_id=node.text("ram:SellerAssignedID", "BT-155"),
        buyer_id=node.text("ram:BuyerAssignedID", "BT-156"),
        standard_id=node.identifier("ram:GlobalID", "BT-157"),
        classifications=tuple(classifications),
        origin_country=node.text("ram:OriginTradeCountry/ram:ID", "BT-159"),
        attributes=tuple(attributes),
    )


def read_allowance(
    node: Node, allowance: AllowanceTerms, charge: AllowanceTerms
) -> AllowanceCharge:
    """Return an allowance or a charge, its values noted under the terms of what it is."""
    indicator = node.child("ram:ChargeIndicator")
    said = indicator.text("udt:Indicator") or indicator.text("udt:IndicatorString")
    is_charge = said in ("true", "1")
    terms = charge if is_charge else allowance
    written = indicator.raw("udt:Indicator")
    if written not in ("true", "false"):
        node.group.note_indicator(terms.group, written or "")
    category, rate = _tax(node.child("ram:CategoryTradeTax"), terms.category, terms.rate)
    return AllowanceCharge(
        is_charge=is_charge,
        amount=node.decimal("ram:ActualAmount", terms.amount),
        base=node.decimal("ram:BasisAmount", terms.base),
        percent=node.decimal("ram:CalculationPercent", terms.percent),
        vat_category=category,
        vat_rate=rate,
        reason=node.text("ram:Reason", terms.reason),
        reason_code=node.text("ram:ReasonCode", terms.reason_code),
    )


def read_period(node: Node, start: str, end: str) -> Period | None:
    """Return a period, its dates noted under their terms; None when it is empty."""
    if node.element is None:
        return None
    period = Period(
        start=node.date("ram:StartDateTime", start),
        end=node.date("ram:EndDateTime", end),
        description=node.text("ram:Description"),
    )
    return None if period == Period() else period


def read_object(references: list[Node], bt: str) -> Identifier | None:
    """Return the invoiced object (BT-18, BT-128) among the references, if there is one."""
    for one in references:
        value = one.text("ram:IssuerAssignedID")
        if value and one.text("ram:TypeCode") == "130":
            return Identifier(
                one.text("ram:IssuerAssignedID", bt) or value, one.text("ram:ReferenceTypeCode")
            )
    return None
