"""Totals: completed from the lines, the ERP's kept within the tolerance, else blocked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import TotalsPolicy
from schemas.en16931.arithmetic import ARITHMETIC
from schemas.en16931.vat import VAT
from tests.support.ruled_invoice import SAMPLE, D, allowance, changed, hits
from transforms.finding import Finding, Severity
from transforms.invoice import (
    AllowanceCharge,
    Invoice,
    InvoiceLine,
    Item,
    Price,
    Totals,
    VatBreakdown,
)
from transforms.totals import complete, line_net, round_cents

POLICY = TotalsPolicy()
BARE = changed({"totals": Totals(), "vat": ()})


def told(findings: tuple[Finding, ...]) -> list[tuple[str, str | None, bool]]:
    return [(finding.rule, finding.bt, finding.blocks) for finding in findings]


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("0.005", "0.01"), ("-0.005", "-0.01"), ("2.675", "2.68"), ("1.004999", "1.00")],
)
def test_cents_are_rounded_half_up(value: str, rounded: str) -> None:
    assert str(round_cents(D(value))) == rounded


@pytest.mark.parametrize(
    ("line", "net"),
    [
        (InvoiceLine(quantity=D(3), price=Price(net=D("0.335"))), D("1.01")),
        (InvoiceLine(quantity=D(7), price=Price(net=D(100), base_quantity=D(3))), D("233.33")),
        (InvoiceLine(quantity=D(-2), price=Price(net=D("1.5"))), D("-3.00")),
        (
            InvoiceLine(
                quantity=D(1),
                price=Price(net=D(10)),
                allowances=(
                    AllowanceCharge(is_charge=False, amount=D(2)),
                    AllowanceCharge(is_charge=True, amount=D("0.5")),
                ),
            ),
            D("8.50"),
        ),
        (InvoiceLine(quantity=D(1)), None),
        (InvoiceLine(price=Price(net=D(1))), None),
        (InvoiceLine(quantity=D(1), price=Price(net=D(5), base_quantity=D(0))), D("5.00")),
    ],
)
def test_the_amount_of_a_line_follows_from_quantity_and_price(
    line: InvoiceLine, net: object
) -> None:
    assert line_net(line) == net


def test_everything_is_filled_when_the_erp_gives_nothing() -> None:
    bare_lines = tuple(replace(line, net=None) for line in BARE.lines)
    completed, findings = complete(replace(BARE, lines=bare_lines), POLICY)
    assert findings == ()
    assert (completed.lines, completed.totals, completed.vat) == (
        SAMPLE.lines,
        SAMPLE.totals,
        SAMPLE.vat,
    )


def test_totals_that_agree_are_kept_without_a_word() -> None:
    assert complete(SAMPLE, POLICY) == (SAMPLE, ())


def test_allowances_and_charges_enter_the_totals_and_the_groups() -> None:
    invoice = changed(
        {"allowances": (allowance(), allowance(is_charge=True, amount=D("4.00")))}, BARE
    )
    totals = complete(invoice, POLICY)[0].totals
    assert (totals.allowances, totals.charges) == (D("10.00"), D("4.00"))
    assert (totals.without_vat, totals.vat, totals.due) == (D("94.00"), D("18.80"), D("112.80"))


@pytest.mark.parametrize(
    ("totals", "expected", "tax", "rounding", "due"),
    [
        # The ERP rounds VAT line by line: its VAT is written, within BR-CO-17.
        (Totals(vat=D("20.01")), [("TT-CLOSED-01", "BT-110", False)], "20.01", None, "120.01"),
        # Total without and with VAT: the VAT is what lies between.
        (
            Totals(without_vat=D(100), with_vat=D("120.02")),
            [("TT-CLOSED-01", "BT-112", False)],
            "20.02",
            None,
            "120.02",
        ),
        # The sum without VAT differs: what is owed is closed by BT-114.
        (
            Totals(without_vat=D("100.01"), vat=D(20), with_vat=D("120.01")),
            [
                ("TT-CLOSED-01", "BT-109", False),
                ("TT-CLOSED-01", "BT-112", False),
                ("TT-ROUNDING-01", "BT-114", False),
            ],
            "20.00",
            "0.01",
            "120.01",
        ),
        # The ERP rounds the amount due itself, and says so: nothing to close.
        (Totals(rounding=D("-0.02"), due=D("119.98")), [], "20.00", "-0.02", "119.98"),
        (Totals(paid=D(50)), [], "20.00", None, "70.00"),
        # Beyond the tolerance: blocked.
        (Totals(lines=D(90)), [("TT-LINES-01", "BT-106", True)], "20.00", None, "120.00"),
        (Totals(allowances=D(5)), [("TT-ALLOWANCES-01", "BT-107", True)], "20.00", None, "120.00"),
        (Totals(charges=D(5)), [("TT-ALLOWANCES-01", "BT-108", True)], "20.00", None, "120.00"),
        (Totals(without_vat=D(99)), [("TT-NET-01", "BT-109", True)], "20.00", None, "120.00"),
        (Totals(vat=D("19.60")), [("TT-VAT-01", "BT-110", True)], "20.00", None, "120.00"),
        (
            Totals(with_vat=D(121)),
            [("TT-TOTAL-01", "BT-112", True), ("TT-DUE-01", "BT-115", True)],
            "20.00",
            None,
            "120.00",
        ),
        (Totals(due=D(100)), [("TT-DUE-01", "BT-115", True)], "20.00", None, "120.00"),
    ],
)
def test_the_erp_totals_against_ours(
    totals: Totals,
    expected: list[tuple[str, str | None, bool]],
    tax: str,
    rounding: str | None,
    due: str,
) -> None:
    completed, findings = complete(replace(BARE, totals=totals), POLICY)
    assert told(findings) == expected
    assert completed.totals.vat == D(tax)
    assert completed.totals.rounding == (None if rounding is None else D(rounding))
    assert completed.totals.due == D(due)
    assert hits(ARITHMETIC, completed) == []


def test_a_gap_is_not_closed_when_the_setting_says_so() -> None:
    policy = TotalsPolicy(close_with_rounding=False)
    _, findings = complete(replace(BARE, totals=Totals(due=D("120.01"))), policy)
    assert told(findings) == [("TT-DUE-01", "BT-115", True)]


def test_a_finding_tells_both_figures_and_where_they_were_read() -> None:
    _, (finding,) = complete(replace(BARE, totals=Totals(lines=D("90.00"))), POLICY)
    assert (finding.value, finding.location.line) == ("90.00", 7)
    assert finding.params == {
        "given": "90.00",
        "computed": "100.00",
        "difference": "-10.00",
        "tolerance": "0.05",
    }


def test_a_line_that_is_not_quantity_times_price_is_told_and_kept() -> None:
    invoice = changed({"lines.1.net": D("30.00")}, BARE)
    completed, (finding,) = complete(invoice, POLICY)
    assert (finding.rule, finding.severity) == ("TT-LINE-01", Severity.WARNING)
    assert (finding.location.line, finding.location.column) == (8, "MT_HT")
    assert completed.totals.lines == D("92.00")


def test_an_invoice_already_paid_is_paid_in_full() -> None:
    totals = complete(replace(BARE, process="A2"), POLICY)[0].totals
    assert (totals.paid, totals.due) == (D("120.00"), D("0.00"))


def test_a_line_of_text_counts_for_nothing_and_has_what_the_norm_asks() -> None:
    text = InvoiceLine(id="3", kind="INFORMATION", item=Item(name="Suivant devis"))
    completed, findings = complete(replace(BARE, lines=(*BARE.lines, text)), POLICY)
    line = completed.lines[2]
    assert findings == ()
    assert completed.totals == SAMPLE.totals
    assert (line.quantity, line.unit, line.net, line.price.net) == (D(1), "C62", D(0), D(0))
    assert (line.vat_category, line.vat_rate) == ("S", D(20))


def test_zeros_beyond_the_accepted_decimals_are_dropped() -> None:
    invoice = changed(
        {
            "lines.0.net": D("62.000"),
            "lines.0.quantity": D("5.000000"),
            "lines.0.price.net": D("12.4000000"),
            "lines.0.vat_rate": D("20.0000"),
            "totals.paid": D("0.000"),
        },
        BARE,
    )
    completed, _ = complete(invoice, POLICY)
    line = completed.lines[0]
    figures = (line.net, line.quantity, line.price.net, line.vat_rate, completed.totals.paid)
    assert [str(figure) for figure in figures] == [
        "62.00",
        "5.0000",
        "12.400000",
        "20.00",
        "0.00",
    ]


def test_zeros_beyond_the_cent_of_a_line_allowance_are_dropped() -> None:
    discount = AllowanceCharge(is_charge=False, amount=D("2.000000"), base=D("62.0000"))
    kept = AllowanceCharge(is_charge=False, amount=D("0.125"))
    invoice = changed({"lines.0.allowances": (discount, kept)}, BARE)
    first, second = complete(invoice, POLICY)[0].lines[0].allowances
    assert (str(first.amount), str(first.base)) == ("2.00", "62.00")
    assert second is kept


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": ()},
        {"lines.0.net": None, "lines.0.quantity": None},
        {"lines.0.net": D("1E+30")},
        {"totals.due": D("Infinity")},
    ],
)
def test_what_cannot_be_summed_comes_back_as_it_was(changes: dict[str, object]) -> None:
    invoice = changed(changes, BARE)
    assert complete(invoice, POLICY) == (invoice, ())


def test_figures_of_nineteen_positions_are_summed_exactly() -> None:
    huge = D("9999999999999999999.99")
    invoice = changed({"lines.0.net": D(huge - 1), "lines.0.quantity": None}, BARE)
    totals = complete(invoice, POLICY)[0].totals
    assert totals.lines == D("10000000000000000036.99")


AMOUNTS = st.decimals(min_value=-100_000, max_value=100_000, places=2)
KINDS = st.sampled_from(
    [("S", D(20)), ("S", D("5.5")), ("S", D("2.10")), ("E", D(0)), ("AE", None), ("K", None)]
)
LINES = st.builds(
    lambda kind, quantity, price, net: InvoiceLine(
        id="1",
        quantity=quantity,
        unit="C62",
        price=Price(net=price),
        net=net,
        vat_category=kind[0],
        vat_rate=kind[1],
        item=Item(name="X"),
    ),
    KINDS,
    st.decimals(min_value=-1000, max_value=1000, places=4),
    st.decimals(min_value=0, max_value=1000, places=6),
    st.none() | AMOUNTS,
)
GIVEN = st.none() | AMOUNTS


@settings(max_examples=200, deadline=None)
@given(
    lines=st.lists(LINES, min_size=1, max_size=8),
    discounts=st.lists(st.tuples(KINDS, AMOUNTS, st.booleans()), max_size=3),
    totals=st.builds(Totals, without_vat=GIVEN, vat=GIVEN, with_vat=GIVEN, paid=GIVEN, due=GIVEN),
    nudges=st.tuples(*[st.decimals(min_value=D("-0.06"), max_value=D("0.06"), places=2)] * 3),
    groups=st.booleans(),
)
def test_what_is_written_always_adds_up(
    lines: list[InvoiceLine],
    discounts: list[tuple[tuple[str, D | None], D, bool]],
    totals: Totals,
    nudges: tuple[D, D, D],
    groups: bool,
) -> None:
    invoice = Invoice(
        lines=tuple(lines),
        allowances=tuple(
            AllowanceCharge(
                is_charge=charge, amount=amount, vat_category=kind[0], vat_rate=kind[1], reason="R"
            )
            for kind, amount, charge in discounts
        ),
        totals=totals,
    )
    first, _ = complete(invoice, POLICY)
    assert hits(ARITHMETIC, first) == []
    # Again, with an ERP that is nearly right: within or just beyond the tolerance.
    nearly = replace(
        invoice,
        totals=Totals(
            without_vat=(first.totals.without_vat or D(0)) + nudges[0],
            vat=(first.totals.vat or D(0)) + nudges[1],
            with_vat=(first.totals.with_vat or D(0)) + nudges[2],
        ),
        vat=tuple(replace(group, tax=None) for group in first.vat) if groups else (),
    )
    second, findings = complete(nearly, POLICY)
    assert hits(ARITHMETIC, second) == []
    bases = [hit for hit in hits(VAT, second) if hit.rule.endswith(("-08", "-09"))]
    assert bases == []
    if not any(finding.blocks for finding in findings):
        assert second.totals.due == nearly.totals.with_vat


@settings(max_examples=100, deadline=None)
@given(st.lists(LINES, min_size=1, max_size=6))
def test_completing_twice_changes_nothing(lines: list[InvoiceLine]) -> None:
    once, _ = complete(Invoice(lines=tuple(lines)), POLICY)
    twice, findings = complete(once, POLICY)
    assert twice == once
    assert [finding.rule for finding in findings if finding.rule != "TT-LINE-01"] == []


def test_groups_given_by_the_erp_are_compared_one_by_one() -> None:
    invoice = changed(
        {"vat": (VatBreakdown(taxable=D(90), tax=D(18), category="S", rate=D(20)),)}, BARE
    )
    _, findings = complete(invoice, POLICY)
    assert told(findings) == [("TT-BASE-01", "BT-116", True), ("TT-VAT-01", "BT-117", True)]
    assert findings[0].params["vat"] == "S 20 %"
