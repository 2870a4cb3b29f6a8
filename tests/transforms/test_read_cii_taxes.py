"""Taxes of a Cross Industry Invoice beside those of the model."""

from __future__ import annotations

from decimal import Decimal

from transforms.cii import RAM, RSM, UDT
from transforms.facts import ExtraTax
from transforms.reading import read_document


def extra_taxes(*, header: str = "", line: str = "") -> tuple[ExtraTax, ...]:
    line = f"<ram:SpecifiedLineTradeSettlement>{line}</ram:SpecifiedLineTradeSettlement>"
    header = f"<ram:ApplicableHeaderTradeSettlement>{header}</ram:ApplicableHeaderTradeSettlement>"
    root = (
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">'
        "<rsm:SupplyChainTradeTransaction><ram:IncludedSupplyChainTradeLineItem/>"
        f"<ram:IncludedSupplyChainTradeLineItem>{line}</ram:IncludedSupplyChainTradeLineItem>"
        f"{header}</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    )
    return read_document(root.encode()).facts.extra_taxes


def tax(name: str, code: str = "Z") -> str:
    return (
        f"<ram:{name}><ram:TypeCode>vat</ram:TypeCode><ram:CategoryCode>{code}</ram:CategoryCode>"
        f"<ram:RateApplicablePercent>5</ram:RateApplicablePercent></ram:{name}>"
    )


def allowance(indicator: str, taxes: str, name: str = "SpecifiedTradeAllowanceCharge") -> str:
    told = f"<udt:Indicator>{indicator}</udt:Indicator>" if indicator else ""
    return f"<ram:{name}><ram:ChargeIndicator>{told}</ram:ChargeIndicator>{taxes}</ram:{name}>"


ONE, OTHER = tax("ApplicableTradeTax"), tax("ApplicableTradeTax", "E")
PART, PARTED = tax("CategoryTradeTax"), tax("CategoryTradeTax", "E")


def test_what_the_model_holds_is_no_extra_tax() -> None:
    header = ONE + OTHER + allowance("true", PART)
    assert extra_taxes(header=header, line=ONE + allowance("false", PART)) == ()


def test_the_second_tax_of_a_line_knows_its_line() -> None:
    (second,) = extra_taxes(line=ONE + OTHER)
    assert second == ExtraTax("E", True, "BG-25", 1, Decimal(5), rated=True)


def test_the_second_tax_of_a_charge_knows_its_rank() -> None:
    (second,) = extra_taxes(header=allowance("false", PART) + allowance("true", PART + PARTED))
    assert (second.category, second.group, second.rank) == ("E", "BG-21", 1)


def test_other_taxes_are_told_without_rank() -> None:
    line = "".join(allowance(indicator, PART + PARTED) for indicator in ("true", "false", ""))
    found = extra_taxes(
        line=line + allowance("true", PART, "AppliedTradeAllowanceCharge"),
        header=tax("AppliedTradeTax")
        + f"<ram:SpecifiedAdvancePayment>{ONE}</ram:SpecifiedAdvancePayment>",
    )
    assert [one.group for one in found] == ["BG-28", "BG-27", "BG-20", "BG-20", "", ""]
    assert {one.rank for one in found} == {None}
