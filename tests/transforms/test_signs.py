"""Credit notes that an ERP writes with negative amounts."""

from __future__ import annotations

from decimal import Decimal

from transforms.invoice import AllowanceCharge, Invoice, InvoiceLine, Price, Totals, VatBreakdown
from transforms.signs import negated

D = Decimal


def test_every_amount_changes_its_sign() -> None:
    invoice = Invoice(
        totals=Totals(lines=D("-100"), with_vat=D("-120"), due=D("-120")),
        vat=(VatBreakdown(taxable=D("-100"), tax=D("-20"), rate=D("20")),),
        allowances=(AllowanceCharge(is_charge=False, amount=D("-3"), percent=D("3")),),
    )
    found = negated(invoice)
    assert found.totals == Totals(lines=D(100), with_vat=D(120), due=D(120))
    assert found.vat == (VatBreakdown(taxable=D(100), tax=D(20), rate=D(20)),)
    assert found.allowances == (AllowanceCharge(is_charge=False, amount=D(3), percent=D(3)),)


def test_the_quantity_turns_when_the_price_is_positive() -> None:
    line = InvoiceLine(quantity=D(-2), net=D(-21), price=Price(net=D("10.5")))
    (found,) = negated(Invoice(lines=(line,))).lines
    assert (found.quantity, found.net, found.price.net) == (D(2), D(21), D("10.5"))


def test_the_price_turns_when_it_is_negative() -> None:
    line = InvoiceLine(
        quantity=D(2),
        net=D(-21),
        price=Price(net=D("-10.5"), gross=D(-11), discount=D("-0.5")),
        allowances=(AllowanceCharge(is_charge=True, amount=D(-1)),),
    )
    (found,) = negated(Invoice(lines=(line,))).lines
    assert (found.quantity, found.net) == (D(2), D(21))
    assert found.price == Price(net=D("10.5"), gross=D(11), discount=D("0.5"))
    assert found.allowances[0].amount == D(1)


def test_what_is_absent_stays_absent() -> None:
    assert negated(Invoice(lines=(InvoiceLine(),))) == Invoice(lines=(InvoiceLine(),))
