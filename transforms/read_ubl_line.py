"""Read the lines of a UBL 2.1 invoice, and the pieces that lines share with the header."""

from __future__ import annotations

from decimal import Decimal

from transforms.allowance_terms import LINE_ALLOWANCE, LINE_CHARGE, AllowanceTerms
from transforms.invoice import AllowanceCharge, Identifier, InvoiceLine, Item, Period, Price
from transforms.ubl_node import is_vat
from transforms.xml_node import Node, note_tax

#: Item properties that carry Chorus Pro's line type and sub-type (``TargetOptions``).
LINE_KIND = "TYPE_LIGNE"
LINE_SUBKIND = "SOUS_TYPE_LIGNE"


def read_line(node: Node) -> InvoiceLine:
    """Return one line (BG-25); ``node`` knows its rank."""
    quantity = node.child("cbc:InvoicedQuantity")
    if quantity.element is None:
        quantity = node.child("cbc:CreditedQuantity")
    delivery = node.child("cac:Delivery")
    item = node.child("cac:Item")
    category, rate = read_tax(item.child("cac:ClassifiedTaxCategory"), "BT-151", "BT-152")
    attributes = _attributes(item)
    kinds = dict(attributes)
    return InvoiceLine(
        id=node.text("cbc:ID", "BT-126"),
        note=node.text("cbc:Note", "BT-127"),
        object_id=_object(node),
        quantity=quantity.decimal(bt="BT-129"),
        unit=quantity.attribute("unitCode", "BT-130"),
        net=node.decimal("cbc:LineExtensionAmount", "BT-131"),
        order_line=node.text("cac:OrderLineReference/cbc:LineID", "BT-132"),
        accounting_reference=node.text("cbc:AccountingCost", "BT-133"),
        period=read_period(node.child("cac:InvoicePeriod", "BG-26"), "BT-134", "BT-135"),
        allowances=tuple(
            read_allowance(one, LINE_ALLOWANCE, LINE_CHARGE)
            for one in node.ranked("cac:AllowanceCharge", "BG-27")
        ),
        price=_price(node.child("cac:Price")),
        vat_category=category,
        vat_rate=rate,
        item=_item(item, attributes),
        kind=kinds.get(LINE_KIND),
        subkind=kinds.get(LINE_SUBKIND),
        delivery_date=delivery.date("cbc:ActualDeliveryDate"),
        delivery_site=delivery.text("cac:DeliveryLocation/cbc:ID"),
    )


def read_tax(node: Node, category: str, rate: str) -> tuple[str | None, Decimal | None]:
    """Return category and rate of a tax category, noted under their terms."""
    code = node.text("cbc:ID", category)
    note_tax(node, category, vat=is_vat(node))
    return code, node.decimal("cbc:Percent", rate)


def read_allowance(
    node: Node, allowance: AllowanceTerms, charge: AllowanceTerms
) -> AllowanceCharge:
    """Return an allowance or a charge, its values noted under the terms of what it is."""
    said = node.text("cbc:ChargeIndicator")
    is_charge = said in ("true", "1")
    terms = charge if is_charge else allowance
    if said not in ("true", "false"):
        node.group.note_indicator(terms.group, said or "")
    category, rate = read_tax(node.child("cac:TaxCategory"), terms.category, terms.rate)
    return AllowanceCharge(
        is_charge=is_charge,
        amount=node.decimal("cbc:Amount", terms.amount),
        base=node.decimal("cbc:BaseAmount", terms.base),
        percent=node.decimal("cbc:MultiplierFactorNumeric", terms.percent),
        vat_category=category,
        vat_rate=rate,
        reason=node.text("cbc:AllowanceChargeReason", terms.reason),
        reason_code=node.text("cbc:AllowanceChargeReasonCode", terms.reason_code),
    )


def read_period(node: Node, start: str, end: str) -> Period | None:
    """Return a period, its dates noted under their terms; None when it says none of its own."""
    if node.element is None:
        return None
    period = Period(
        start=node.date("cbc:StartDate", start),
        end=node.date("cbc:EndDate", end),
        description=node.text("cbc:Description"),
    )
    return None if period == Period() else period


def _object(node: Node) -> Identifier | None:
    for one in node.children("cac:DocumentReference"):
        if one.text("cbc:DocumentTypeCode") in ("130", None):
            return one.identifier("cbc:ID", "BT-128")
    return None


def _attributes(item: Node) -> list[tuple[str, str]]:
    found = []
    for one in item.children("cac:AdditionalItemProperty"):
        name, value = one.text("cbc:Name", "BT-160"), one.text("cbc:Value", "BT-161")
        if name or value:
            found.append((name or "", value or ""))
    return found


def _item(node: Node, attributes: list[tuple[str, str]]) -> Item:
    classifications = [
        Identifier(code, one.attribute("listID"), one.attribute("listVersionID"))
        for one in node.children("cac:CommodityClassification/cbc:ItemClassificationCode")
        if (code := one.text(bt="BT-158"))
    ]
    return Item(
        name=node.text("cbc:Name", "BT-153"),
        description=node.text("cbc:Description", "BT-154"),
        seller_id=node.text("cac:SellersItemIdentification/cbc:ID", "BT-155"),
        buyer_id=node.text("cac:BuyersItemIdentification/cbc:ID", "BT-156"),
        standard_id=node.child("cac:StandardItemIdentification").identifier("cbc:ID", "BT-157"),
        classifications=tuple(classifications),
        origin_country=node.text("cac:OriginCountry/cbc:IdentificationCode", "BT-159"),
        attributes=tuple(one for one in attributes if one[0] not in (LINE_KIND, LINE_SUBKIND)),
    )


def _price(node: Node) -> Price:
    basis = node.child("cbc:BaseQuantity")
    return Price(
        net=node.decimal("cbc:PriceAmount", "BT-146"),
        discount=node.decimal("cac:AllowanceCharge/cbc:Amount", "BT-147"),
        gross=node.decimal("cac:AllowanceCharge/cbc:BaseAmount", "BT-148"),
        base_quantity=basis.decimal(bt="BT-149"),
        base_unit=basis.attribute("unitCode"),
    )
