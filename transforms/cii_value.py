"""Pieces of the Cross Industry Invoice shared by header and lines: dates, periods, allowances."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from config.target import TargetOptions
from transforms.invoice import AllowanceCharge, Period
from transforms.xml_text import amount_text, compact_date, element, number_text, wrap


def dated(name: str, day: date | None) -> str:
    """Return a date (UNTDID 2379 format 102) as element ``name``, or nothing."""
    if day is None:
        return ""
    text = f'<udt:DateTimeString format="102">{compact_date(day)}</udt:DateTimeString>'
    return f"<{name}>{text}</{name}>"


def reference_date(day: date | None) -> str:
    """Return the date of a referenced document, or nothing."""
    if day is None:
        return ""
    return (
        '<ram:FormattedIssueDateTime><qdt:DateTimeString format="102">'
        f"{compact_date(day)}</qdt:DateTimeString></ram:FormattedIssueDateTime>"
    )


def amount(name: str, value: Decimal | None) -> str:
    """Return an amount as element ``name``, or nothing."""
    return "" if value is None else f"<{name}>{amount_text(value)}</{name}>"


def number(name: str, value: Decimal | None) -> str:
    """Return a rate or percentage as element ``name``, or nothing."""
    return "" if value is None else f"<{name}>{number_text(value)}</{name}>"


def period(interval: Period) -> str:
    """Return BG-14 or BG-26; the description is Chorus Pro's."""
    return wrap(
        "ram:BillingSpecifiedPeriod",
        element("ram:Description", interval.description)
        + dated("ram:StartDateTime", interval.start)
        + dated("ram:EndDateTime", interval.end),
    )


def allowance_charge(one: AllowanceCharge, options: TargetOptions) -> str:
    """Return an allowance or a charge: BG-20, BG-21, BG-27 or BG-28."""
    indicator = f"udt:{options.cii_indicator}"
    category = ""
    if one.vat_category or one.vat_rate is not None:
        category = (
            "<ram:CategoryTradeTax><ram:TypeCode>VAT</ram:TypeCode>"
            f"{element('ram:CategoryCode', one.vat_category)}"
            f"{number('ram:RateApplicablePercent', one.vat_rate)}</ram:CategoryTradeTax>"
        )
    return (
        "<ram:SpecifiedTradeAllowanceCharge>"
        f"<ram:ChargeIndicator><{indicator}>{'true' if one.is_charge else 'false'}</{indicator}>"
        "</ram:ChargeIndicator>"
        f"{number('ram:CalculationPercent', one.percent)}"
        f"{amount('ram:BasisAmount', one.base)}"
        f"{amount('ram:ActualAmount', one.amount)}"
        f"{element('ram:ReasonCode', one.reason_code)}"
        f"{element('ram:Reason', one.reason)}"
        f"{category}</ram:SpecifiedTradeAllowanceCharge>"
    )
