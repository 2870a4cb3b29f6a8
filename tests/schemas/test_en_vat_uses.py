"""VAT categories wherever the artefacts look for them: second ones, of prices, of sub-lines.

What fires and what does not is what the official artefacts 1.3.16 say of the same fragments; the
conformance run holds both against each other on thousands more.
"""

from __future__ import annotations

import pytest

from schemas.rules import check_reading
from tests.support.ruled_invoice import context
from transforms.cii import RAM, RSM, UDT
from transforms.reading import read_document
from transforms.ubl import CAC, CBC, INVOICE

_VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def ubl(content: str) -> str:
    return f'<Invoice xmlns="{INVOICE}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">{content}</Invoice>'


def cii(content: str) -> str:
    return (
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}" xmlns:udt="{UDT}">'
        f"<rsm:SupplyChainTradeTransaction>{content}</rsm:SupplyChainTradeTransaction>"
        "</rsm:CrossIndustryInvoice>"
    )


def fired(xml: str) -> set[str]:
    findings = check_reading(read_document(xml.encode()), context(target="en16931"))
    return {one.rule for one in findings}


def category(code: str, percent: str | None = None, *, name: str = "TaxCategory") -> str:
    rate = "" if percent is None else f"<cbc:Percent>{percent}</cbc:Percent>"
    return f"<cac:{name}><cbc:ID>{code}</cbc:ID>{rate}{_VAT}</cac:{name}>"


def item(*categories: str) -> str:
    return f"<cac:Item>{''.join(categories)}</cac:Item>"


def line(content: str, amount: str = "100.00") -> str:
    net = f"<cbc:LineExtensionAmount>{amount}</cbc:LineExtensionAmount>"
    return f"<cac:InvoiceLine>{net}{content}</cac:InvoiceLine>"


def sold(code: str, percent: str | None = None) -> str:
    return category(code, percent, name="ClassifiedTaxCategory")


def allowance(indicator: str | None, *categories: str) -> str:
    told = f"<cbc:ChargeIndicator>{indicator}</cbc:ChargeIndicator>" if indicator else ""
    amount = "<cbc:Amount>10.00</cbc:Amount>"
    return f"<cac:AllowanceCharge>{told}{amount}{''.join(categories)}</cac:AllowanceCharge>"


def group(code: str, percent: str, base: str) -> str:
    return (
        "<cac:TaxTotal><cbc:TaxAmount>0</cbc:TaxAmount><cac:TaxSubtotal>"
        f"<cbc:TaxableAmount>{base}</cbc:TaxableAmount><cbc:TaxAmount>0</cbc:TaxAmount>"
        f"{category(code, percent)}</cac:TaxSubtotal></cac:TaxTotal>"
    )


_BARE = "<cac:TaxScheme><cbc:ID>GST</cbc:ID></cac:TaxScheme>"
_UNTAXED = f"<cac:ClassifiedTaxCategory>{_BARE}</cac:ClassifiedTaxCategory>"


@pytest.mark.parametrize(
    ("content", "fires", "is_silent"),
    [
        pytest.param(
            line(f"<cac:Price>{allowance('true', category('Z'))}</cac:Price>"),
            {"BR-Z-01", "BR-Z-04", "BR-Z-07"},
            {"BR-Z-03", "BR-37"},
            id="a charge of a price",
        ),
        pytest.param(
            line(f"<cac:Price>{allowance('false', category('AE', '0'))}</cac:Price>"),
            {"BR-AE-01", "BR-AE-03"},
            {"BR-AE-06", "BR-AE-04"},
            id="an allowance of a price",
        ),
        pytest.param(
            line(f"<cac:Price>{allowance(None, category('Z', '5'))}</cac:Price>"),
            {"BR-Z-01"},
            {"BR-Z-03", "BR-Z-04", "BR-Z-06", "BR-Z-07"},
            id="an allowance or charge of a price that does not tell which",
        ),
        pytest.param(
            line(item(_UNTAXED, sold("AE", "5"))),
            {"BR-AE-01", "BR-AE-02", "BR-AE-05"},
            {"BR-CO-04"},
            id="the second category of an item",
        ),
        pytest.param(
            line(item() + item(sold("E"))),
            {"BR-E-01", "BR-E-05"},
            {"BR-CO-04"},
            id="the category of a second item",
        ),
        pytest.param(
            line("<cac:SubInvoiceLine>" + item(sold("E")) + "</cac:SubInvoiceLine>"),
            {"BR-E-01", "BR-E-02", "BR-CO-04"},
            {"BR-E-05"},
            id="the category of a sub-line, whose rate no rule asks for",
        ),
        pytest.param(
            allowance("true", category("S", "20"), category("L", "-1")),
            {"BR-AF-01", "BR-AF-04", "BR-AF-07"},
            {"BR-37", "BR-S-07", "BR-AF-06"},
            id="the second category of a charge",
        ),
        pytest.param(
            allowance("false", f"<cac:TaxCategory>{_BARE}</cac:TaxCategory>", category("G")),
            {"BR-G-01", "BR-G-03", "BR-G-06"},
            {"BR-32"},
            id="the second category of an allowance, the first being none of VAT",
        ),
        pytest.param(
            line(
                f"<cac:TaxTotal><cac:TaxSubtotal>{category('Z')}</cac:TaxSubtotal></cac:TaxTotal>"
            ),
            {"BR-Z-01", "BR-45", "BR-46", "BR-48", "BR-CO-17"},
            {"BR-Z-05", "BR-Z-08", "BR-47"},
            id="the tax total of a line, of a category with one group",
        ),
        pytest.param(
            line(
                f"<cac:TaxTotal><cac:TaxSubtotal>{category('S')}</cac:TaxSubtotal></cac:TaxTotal>"
            ),
            set(),
            {"BR-S-01", "BR-S-05", "BR-S-08"},
            id="the tax total of a line, of the standard rate",
        ),
        pytest.param(
            group("S", "20", "300.00")
            + line(item(sold("S", "20"), sold("S", "20")))
            + line(item(sold("Z", "20"), sold("S", "0")), "200.00"),
            set(),
            {"BR-S-08"},
            id="a line counts once, by any of its categories and any of its rates",
        ),
        pytest.param(
            group("S", "20", "90.00")
            + allowance("false", category("Z", "0"), category("S", "20"))
            + line(item(sold("S", "20"))),
            set(),
            {"BR-S-08"},
            id="an allowance counts by its second category",
        ),
        pytest.param(
            group("O", "0", "0")
            + line(f"<cac:Price>{allowance('false', category('S'))}</cac:Price>"),
            {"BR-O-13"},
            {"BR-O-12", "BR-O-14"},
            id="an allowance of a price beside what is outside the scope of VAT",
        ),
        pytest.param(
            group("S", "20", "0") + line(allowance("true", category("B", "0"))),
            set(),
            {"BR-B-02"},
            id="a split payment on the charge of a line is none of the document",
        ),
        pytest.param(
            group("B", "20", "0") + line(item(sold("S ", "20"))),
            set(),
            {"BR-B-02"},
            id="a standard rate with a blank beside a split payment",
        ),
    ],
)
def test_ubl_categories_count_wherever_they_stand(
    content: str, fires: set[str], is_silent: set[str]
) -> None:
    told = fired(ubl(content))
    assert fires <= told
    assert not is_silent & told


def tax(code: str | None, rate: str | None = None, *, name: str = "ApplicableTradeTax") -> str:
    told = "" if code is None else f"<ram:CategoryCode>{code}</ram:CategoryCode>"
    percent = (
        "" if rate is None else f"<ram:RateApplicablePercent>{rate}</ram:RateApplicablePercent>"
    )
    return f"<ram:{name}><ram:TypeCode>VAT</ram:TypeCode>{told}{percent}</ram:{name}>"


def cii_line(content: str, agreement: str = "") -> str:
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"<ram:SpecifiedLineTradeAgreement>{agreement}</ram:SpecifiedLineTradeAgreement>"
        f"<ram:SpecifiedLineTradeSettlement>{content}"
        "<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>100.00"
        "</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>"
        "</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
    )


def cii_allowance(indicator: str, *taxes: str, name: str = "SpecifiedTradeAllowanceCharge") -> str:
    return (
        f"<ram:{name}><ram:ChargeIndicator><udt:Indicator>{indicator}</udt:Indicator>"
        f"</ram:ChargeIndicator><ram:ActualAmount>10.00</ram:ActualAmount>{''.join(taxes)}</ram:{name}>"
    )


def settled(content: str) -> str:
    return f"<ram:ApplicableHeaderTradeSettlement>{content}</ram:ApplicableHeaderTradeSettlement>"


def of_allowance(code: str, rate: str | None = None) -> str:
    return tax(code, rate, name="CategoryTradeTax")


@pytest.mark.parametrize(
    ("content", "fires", "is_silent"),
    [
        pytest.param(
            cii_line(tax(None) + tax("K", "5")),
            {"BR-IC-01", "BR-IC-02", "BR-IC-05"},
            {"BR-CO-04"},
            id="the second tax of a line",
        ),
        pytest.param(
            settled(cii_allowance("true", of_allowance("Z", "0"), of_allowance("E", "5"))),
            {"BR-Z-04", "BR-E-01", "BR-E-04", "BR-E-07"},
            {"BR-37", "BR-Z-07", "BR-E-06"},
            id="the second tax of a charge",
        ),
        pytest.param(
            cii_line(cii_allowance("false", of_allowance("Z", "0"), of_allowance("G"))),
            {"BR-G-01", "BR-G-03", "BR-G-06"},
            {"BR-G-04", "BR-G-07"},
            id="the second tax of an allowance of a line",
        ),
        pytest.param(
            cii_line(cii_allowance("perhaps", of_allowance("G"))),
            {"BR-G-01"},
            {"BR-G-03", "BR-G-04", "BR-G-06", "BR-G-07"},
            id="an allowance or charge whose indicator is none",
        ),
        pytest.param(
            cii_line(
                "",
                "<ram:GrossPriceProductTradePrice>"
                + cii_allowance("false", of_allowance("E"), name="AppliedTradeAllowanceCharge")
                + "</ram:GrossPriceProductTradePrice>",
            ),
            {"BR-E-01"},
            {"BR-E-03", "BR-E-06"},
            id="a discount on a price",
        ),
        pytest.param(
            settled(tax("O")) + cii_line(tax("")),
            {"BR-O-11", "BR-O-12"},
            {"BR-O-13", "BR-O-14"},
            id="an empty category beside what is outside the scope of VAT",
        ),
        pytest.param(
            settled(tax("O")) + cii_line(tax(None)),
            set(),
            {"BR-O-11", "BR-O-12"},
            id="a line without category beside what is outside the scope of VAT",
        ),
        pytest.param(
            settled(
                tax("S", "20")
                + "<ram:SpecifiedLogisticsServiceCharge>"
                + tax("B", "0", name="AppliedTradeTax")
                + "</ram:SpecifiedLogisticsServiceCharge>"
            ),
            {"BR-B-02"},
            {"BR-O-13"},
            id="split payment on a logistic service",
        ),
        pytest.param(
            settled(
                tax("O")
                + "<ram:SpecifiedLogisticsServiceCharge>"
                + tax("S", "20", name="AppliedTradeTax")
                + "</ram:SpecifiedLogisticsServiceCharge>"
            ),
            set(),
            {"BR-S-01", "BR-O-11", "BR-O-12", "BR-O-13", "BR-O-14"},
            id="another category on a logistic service",
        ),
        pytest.param(
            settled(
                "<ram:SpecifiedLogisticsServiceCharge>"
                + tax("E", "0", name="AppliedTradeTax")
                + "</ram:SpecifiedLogisticsServiceCharge>"
            ),
            set(),
            {"BR-E-01"},
            id="a category on a logistic service alone asks for no group",
        ),
    ],
)
def test_cii_taxes_count_wherever_they_stand(
    content: str, fires: set[str], is_silent: set[str]
) -> None:
    told = fired(cii(content))
    assert fires <= told
    assert not is_silent & told
