"""Pieces of UBL shared by header and lines: amounts, tax categories, allowances, periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from transforms.invoice import AllowanceCharge, Period
from transforms.xml_text import (
    amount_text,
    element,
    escape,
    escape_attribute,
    number_text,
    wrap,
)

#: UNTDID 2475 codes of BT-8 (as CII has them) to the UNTDID 2005 codes that UBL takes
#: (EN 16931-1:2017, BT-8; CEN/TS 16931-3-2:2020).
VAT_POINT_CODES: Final[Mapping[str, str]] = MappingProxyType({"5": "3", "29": "35", "72": "432"})

VAT_SCHEME: Final = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def amount(name: str, value: Decimal | None, currency: str) -> str:
    """Return an amount with its currency (already escaped), or nothing."""
    if value is None:
        return ""
    return f'<{name} currencyID="{currency}">{amount_text(value)}</{name}>'


def number(name: str, value: Decimal | None) -> str:
    """Return a rate or percentage, or nothing."""
    return "" if value is None else f"<{name}>{number_text(value)}</{name}>"


def dated(name: str, day: date | None) -> str:
    """Return a date as UBL has it, or nothing."""
    return "" if day is None else f"<{name}>{day.isoformat()}</{name}>"


def quantity(name: str, value: Decimal | None, unit: str | None) -> str:
    """Return a quantity with its unit (UN/ECE Rec 20 or 21), or nothing."""
    if value is None:
        return ""
    coded = f' unitCode="{escape_attribute(unit)}"' if unit else ""
    return f"<{name}{coded}>{number_text(value)}</{name}>"


def identifier(name: str, value: str | None, scheme: str | None) -> str:
    """Return an identifier with its schemeID, or nothing."""
    if not value:
        return ""
    if not scheme:
        return f"<{name}>{escape(value)}</{name}>"
    return f'<{name} schemeID="{escape_attribute(scheme)}">{escape(value)}</{name}>'


def tax_category(name: str, category: str | None, rate: Decimal | None) -> str:
    """Return a VAT category and rate, or nothing when there is neither."""
    if not category and rate is None:
        return ""
    return (
        f"<{name}>{element('cbc:ID', category)}{number('cbc:Percent', rate)}{VAT_SCHEME}</{name}>"
    )


def allowance_charge(one: AllowanceCharge, currency: str) -> str:
    """Return an allowance or a charge: BG-20, BG-21, BG-27 or BG-28."""
    return (
        "<cac:AllowanceCharge>"
        f"<cbc:ChargeIndicator>{'true' if one.is_charge else 'false'}</cbc:ChargeIndicator>"
        f"{element('cbc:AllowanceChargeReasonCode', one.reason_code)}"
        f"{element('cbc:AllowanceChargeReason', one.reason)}"
        f"{number('cbc:MultiplierFactorNumeric', one.percent)}"
        f"{amount('cbc:Amount', one.amount, currency)}"
        f"{amount('cbc:BaseAmount', one.base, currency)}"
        f"{tax_category('cac:TaxCategory', one.vat_category, one.vat_rate)}"
        "</cac:AllowanceCharge>"
    )


def period(interval: Period | None, code: str | None = None) -> str:
    """Return BG-14 or BG-26, with the VAT point code (BT-8) where it goes there."""
    start, end = (interval.start, interval.end) if interval else (None, None)
    return wrap(
        "cac:InvoicePeriod",
        dated("cbc:StartDate", start)
        + dated("cbc:EndDate", end)
        + element("cbc:DescriptionCode", code)
        + element("cbc:Description", interval.description if interval else None),
    )
