"""Tax categories of a UBL invoice beside those of the model."""

from __future__ import annotations

from decimal import Decimal

from transforms.facts import ExtraTax, Facts
from transforms.reading import read_document
from transforms.ubl import CAC, CBC, INVOICE

_VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def facts_of(content: str) -> Facts:
    root = f'<Invoice xmlns="{INVOICE}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">{content}</Invoice>'
    return read_document(root.encode()).facts


def allowance(indicator: str, categories: str) -> str:
    return f"<cac:AllowanceCharge>{indicator}{categories}</cac:AllowanceCharge>"


TRUE = "<cbc:ChargeIndicator>true</cbc:ChargeIndicator>"
FALSE = "<cbc:ChargeIndicator> 0 </cbc:ChargeIndicator>"
ONE = f"<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>20</cbc:Percent>{_VAT}</cac:TaxCategory>"
OTHER = "<cac:TaxCategory><cbc:ID> Z</cbc:ID><cbc:Percent/></cac:TaxCategory>"
SUBTOTAL = f"<cac:TaxSubtotal><cbc:TaxAmount>1.005</cbc:TaxAmount>{ONE}</cac:TaxSubtotal>"


def test_what_the_model_holds_is_no_extra_tax() -> None:
    sold = ONE.replace("TaxCategory", "ClassifiedTaxCategory")
    line = f"<cac:Item>{sold}</cac:Item>{allowance(TRUE, ONE)}"
    facts = facts_of(
        allowance(FALSE, ONE)
        + f"<cac:TaxTotal>{SUBTOTAL}</cac:TaxTotal>"
        + f"<cac:InvoiceLine>{line}</cac:InvoiceLine>"
    )
    assert facts.extra_taxes == ()
    assert facts.inner_groups == ()


def test_the_second_category_of_an_item_knows_its_line() -> None:
    sold = (ONE + OTHER).replace("TaxCategory", "ClassifiedTaxCategory")
    line = "<cac:InvoiceLine>{}</cac:InvoiceLine>"
    facts = facts_of(line.format("") + line.format(f"<cac:Item>{sold}</cac:Item>"))
    assert facts.extra_taxes == (ExtraTax(" Z", vat=False, group="BG-25", rank=1, rated=True),)


def test_the_second_category_of_a_charge_knows_its_rank() -> None:
    facts = facts_of(allowance(FALSE, ONE) + allowance(TRUE, OTHER + ONE))
    (second,) = facts.extra_taxes
    assert (second.group, second.rank, second.rate, second.vat) == ("BG-21", 1, Decimal(20), True)


def test_what_a_price_or_a_sub_line_is_taxed_with_is_told_without_rank() -> None:
    sold = OTHER.replace("TaxCategory", "ClassifiedTaxCategory")
    prices = "".join(
        f"<cac:Price>{allowance(indicator, ONE)}</cac:Price>" for indicator in (TRUE, FALSE, "")
    )
    sub_line = f"<cac:SubInvoiceLine><cac:Item>{sold}</cac:Item></cac:SubInvoiceLine>"
    facts = facts_of(f"<cac:InvoiceLine>{prices}{sub_line}</cac:InvoiceLine>")
    assert [one.group for one in facts.extra_taxes] == ["BG-25", "BG-28", "BG-27", "BG-20"]
    assert {one.rank for one in facts.extra_taxes} == {None}


def test_the_tax_total_of_a_line_has_groups_of_its_own() -> None:
    facts = facts_of(
        "<cac:InvoiceLine/>"
        f"<cac:InvoiceLine><cac:TaxTotal>{SUBTOTAL}</cac:TaxTotal></cac:InvoiceLine>"
    )
    (inner,) = facts.inner_groups
    assert (inner.line, inner.group.tax, inner.group.rate) == (1, Decimal("1.005"), Decimal(20))
    assert not inner.facts.foreign
    assert [one.group for one in facts.extra_taxes] == [""]
