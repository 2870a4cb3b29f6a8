"""Invoice lines (BG-25) in UBL 2.1.

Element order: OASIS, UBL 2.1, InvoiceLineType, CreditNoteLineType and ItemType. Places: CEN/TS
16931-3-2:2020; line type from the map of Gestimum (production).
"""

from __future__ import annotations

from config.target import TargetOptions
from transforms.invoice import InvoiceLine, Item, Price
from transforms.ubl_value import (
    allowance_charge,
    amount,
    dated,
    identifier,
    period,
    quantity,
    tax_category,
)
from transforms.xml_text import element, escape, escape_attribute, wrap


def render_line(
    line: InvoiceLine, options: TargetOptions, currency: str, *, credit_note: bool
) -> str:
    """Return one line; ``currency`` is already escaped, ``credit_note`` tells the root."""
    root = "cac:CreditNoteLine" if credit_note else "cac:InvoiceLine"
    quantity_name = "cbc:CreditedQuantity" if credit_note else "cbc:InvoicedQuantity"
    return (
        f"<{root}>{element('cbc:ID', line.id)}{element('cbc:Note', line.note)}"
        f"{quantity(quantity_name, line.quantity, line.unit)}"
        f"{amount('cbc:LineExtensionAmount', line.net, currency)}"
        f"{element('cbc:AccountingCost', line.accounting_reference)}"
        f"{period(line.period) if line.period else ''}"
        f"{_references(line)}{_delivery(line)}"
        f"{''.join([allowance_charge(one, currency) for one in line.allowances])}"
        f"{_item(line, options)}{_price(line.price, currency)}</{root}>"
    )


def _references(line: InvoiceLine) -> str:
    parts = wrap("cac:OrderLineReference", element("cbc:LineID", line.order_line))
    if line.object_id:
        parts += (
            "<cac:DocumentReference>"
            f"{identifier('cbc:ID', line.object_id.value, line.object_id.scheme)}"
            "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode></cac:DocumentReference>"
        )
    return parts


def _delivery(line: InvoiceLine) -> str:
    if not line.delivery_date and not line.delivery_site:
        return ""
    return wrap(
        "cac:Delivery",
        dated("cbc:ActualDeliveryDate", line.delivery_date)
        + wrap("cac:DeliveryLocation", element("cbc:ID", line.delivery_site)),
    )


def _item(line: InvoiceLine, options: TargetOptions) -> str:
    item = line.item
    details = ""
    if item.standard_id:
        details = wrap(
            "cac:StandardItemIdentification",
            identifier("cbc:ID", item.standard_id.value, item.standard_id.scheme),
        )
    if item.origin_country:
        details += wrap("cac:OriginCountry", element("cbc:IdentificationCode", item.origin_country))
    if item.classifications:
        details += _classifications(item)
    return (
        f"<cac:Item>{element('cbc:Description', item.description)}"
        f"{element('cbc:Name', item.name)}"
        f"{wrap('cac:BuyersItemIdentification', element('cbc:ID', item.buyer_id))}"
        f"{wrap('cac:SellersItemIdentification', element('cbc:ID', item.seller_id))}{details}"
        f"{tax_category('cac:ClassifiedTaxCategory', line.vat_category, line.vat_rate)}"
        f"{_properties(line, options)}</cac:Item>"
    )


def _classifications(item: Item) -> str:
    parts = []
    for code in item.classifications:
        listed = f' listID="{escape_attribute(code.scheme)}"' if code.scheme else ""
        if code.scheme_version:
            listed += f' listVersionID="{escape_attribute(code.scheme_version)}"'
        parts.append(
            "<cac:CommodityClassification>"
            f"<cbc:ItemClassificationCode{listed}>{escape(code.value)}"
            "</cbc:ItemClassificationCode></cac:CommodityClassification>"
        )
    return "".join(parts)


def _properties(line: InvoiceLine, options: TargetOptions) -> str:
    properties = list(line.item.attributes)
    if line.kind and options.ubl_line_kind_property:
        properties.append((options.ubl_line_kind_property, line.kind))
    if line.subkind and options.ubl_line_subkind_property:
        properties.append((options.ubl_line_subkind_property, line.subkind))
    return "".join(
        [
            f"<cac:AdditionalItemProperty><cbc:Name>{escape(name)}</cbc:Name>"
            f"<cbc:Value>{escape(value)}</cbc:Value></cac:AdditionalItemProperty>"
            for name, value in properties
        ]
    )


def _price(price: Price, currency: str) -> str:
    if price.net is None:
        return ""
    # As in the CII: a gross price without a real allowance says nothing more than the net one.
    allowance = ""
    if price.gross is not None and price.discount:
        allowance = (
            "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
            f"{amount('cbc:Amount', price.discount, currency)}"
            f"{amount('cbc:BaseAmount', price.gross, currency)}</cac:AllowanceCharge>"
        )
    return (
        f"<cac:Price>{amount('cbc:PriceAmount', price.net, currency)}"
        f"{quantity('cbc:BaseQuantity', price.base_quantity, price.base_unit)}{allowance}"
        "</cac:Price>"
    )
