"""The VAT breakdown: groups from the lines, against those of the ERP."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.support.ruled_invoice import SAMPLE, D, allowance, changed
from transforms.invoice import Invoice, Totals, VatBreakdown
from transforms.vat_groups import GroupGap, settle_vat, vat_text

TOLERANCE = D("0.05")
BARE = changed({"totals": Totals(), "vat": ()})
TWO_RATES = changed({"lines.1.vat_rate": D("5.50")}, BARE)
EXEMPT = changed(
    {
        "lines.0.vat_category": "E",
        "lines.0.vat_rate": None,
        "lines.1.vat_category": "E",
        "lines.1.vat_rate": D("0.00"),
    },
    BARE,
)


def settle(
    invoice: Invoice, *groups: VatBreakdown, totals: Totals | None = None
) -> tuple[list[VatBreakdown], list[GroupGap]]:
    invoice = replace(invoice, vat=groups, totals=totals or Totals())
    settled = settle_vat(invoice, D(100), TOLERANCE)
    return list(settled.groups), list(settled.gaps)


def test_one_group_per_category_and_rate_in_order_of_appearance() -> None:
    groups, gaps = settle(TWO_RATES)
    assert [(group.rate, group.taxable, group.tax) for group in groups] == [
        (D(20), D(62), D("12.40")),
        (D("5.5"), D(38), D("2.09")),
    ]
    assert gaps == []


def test_equal_rates_written_otherwise_are_one_group() -> None:
    groups, _ = settle(changed({"lines.1.vat_rate": D("20.000")}, BARE))
    assert [(group.taxable, group.tax) for group in groups] == [(D(100), D(20))]


def test_a_category_without_vat_has_rate_zero_and_o_has_none() -> None:
    groups, _ = settle(EXEMPT)
    assert [(group.rate, group.taxable, group.tax) for group in groups] == [(D(0), D(100), D(0))]
    outside = changed({"lines.0.vat_category": "O", "lines.1.vat_category": "O"}, BARE)
    groups, _ = settle(outside)
    assert [(group.rate, group.reason_code) for group in groups] == [(None, "VATEX-EU-O")]


def test_the_reason_of_the_erp_is_kept_on_a_group_without_figures() -> None:
    groups, gaps = settle(EXEMPT, VatBreakdown(category="E", reason="CGI 261-4-1°"))
    assert [group.reason for group in groups] == ["CGI 261-4-1°"]
    assert gaps == []


def test_two_reasons_become_one_group_and_are_told() -> None:
    groups, (gap,) = settle(
        EXEMPT,
        VatBreakdown(category="E", rate=D(0), taxable=D(62), tax=D(0), reason="A"),
        VatBreakdown(category="E", rate=D(0), taxable=D(38), tax=D(0), reason="B"),
    )
    assert [(group.taxable, group.reason) for group in groups] == [(D(100), "A ; B")]
    assert (gap.rule, gap.blocks) == ("TT-REASONS-01", False)


def test_the_vat_of_the_erp_is_written_within_the_tolerance() -> None:
    given = VatBreakdown(category="S", rate=D(20), taxable=D(100), tax=D("20.02"))
    groups, (gap,) = settle(BARE, given)
    assert groups[0].tax == D("20.02")
    assert (gap.rule, gap.bt, gap.blocks) == ("TT-CLOSED-01", "BT-117", False)


@pytest.mark.parametrize(
    ("group", "rule", "bt"),
    [
        (VatBreakdown(category="S", rate=D(20), tax=D("20.06")), "TT-VAT-01", "BT-117"),
        (VatBreakdown(category="S", rate=D(20), taxable=D("99")), "TT-BASE-01", "BT-116"),
        (VatBreakdown(category="S", rate=D(10), taxable=D("100")), "TT-BASE-02", "BT-116"),
        (VatBreakdown(category="S", rate=D(10), taxable=D("100")), "TT-BASE-03", "BT-116"),
    ],
)
def test_beyond_the_tolerance_a_group_blocks(group: VatBreakdown, rule: str, bt: str) -> None:
    groups, gaps = settle(BARE, group)
    assert (rule, bt, True) in [(gap.rule, gap.bt, gap.blocks) for gap in gaps]
    assert [(written.taxable, written.tax) for written in groups] == [(D(100), D(20))]


def test_vat_on_a_category_without_vat_blocks_however_small() -> None:
    _, (gap,) = settle(EXEMPT, VatBreakdown(category="E", rate=D(0), tax=D("0.01")))
    assert (gap.rule, gap.blocks) == ("TT-VAT-01", True)


def test_empty_groups_of_the_erp_are_left_out() -> None:
    groups, gaps = settle(
        BARE,
        VatBreakdown(category="S", rate=D(10), taxable=D(0), tax=D(0)),
        VatBreakdown(category="S", rate=D(20), taxable=D(100), tax=D(20)),
    )
    assert [group.rate for group in groups] == [D(20)]
    assert gaps == []


def test_a_group_without_category_means_the_only_one_of_its_rate() -> None:
    groups, gaps = settle(TWO_RATES, VatBreakdown(rate=D("5.5"), tax=D("2.10")))
    assert groups[1].tax == D("2.10")
    assert [gap.rule for gap in gaps][-1] == "TT-CLOSED-01"


def test_a_small_gap_of_the_total_vat_goes_to_the_largest_group() -> None:
    groups, (gap,) = settle(TWO_RATES, totals=Totals(vat=D("14.50")))
    assert [group.tax for group in groups] == [D("12.41"), D("2.09")]
    assert (gap.rule, gap.bt) == ("TT-CLOSED-01", "BT-110")


def test_allowances_lower_their_group_and_charges_raise_it() -> None:
    invoice = changed({"allowances": (allowance(), allowance(is_charge=True, amount=D(4)))}, BARE)
    groups, _ = settle(invoice)
    assert [(group.taxable, group.tax) for group in groups] == [(D(94), D("18.80"))]


@pytest.mark.parametrize(
    ("totals", "groups", "tax"),
    [
        (Totals(vat=D("19.00")), (), D("19.00")),
        (Totals(), (VatBreakdown(category="S", tax=D(7)),), D(7)),
        (Totals(with_vat=D(118)), (), D(18)),
        (Totals(), (), D(0)),
    ],
)
def test_a_line_without_category_leaves_the_breakdown_as_read(
    totals: Totals, groups: tuple[VatBreakdown, ...], tax: object
) -> None:
    invoice = changed({"lines.0.vat_category": None, "vat": groups, "totals": totals}, SAMPLE)
    settled = settle_vat(invoice, D(100), TOLERANCE)
    assert (settled.groups, settled.tax, settled.gaps) == (groups, tax, ())


def test_a_small_gap_of_the_total_is_told_as_the_total_the_erp_gave() -> None:
    invoice = replace(BARE, totals=Totals(with_vat=D("120.02")))
    settled = settle_vat(invoice, D(100), D("0.05"))
    assert settled.tax == D("20.02")
    assert [(gap.rule, gap.bt, gap.given, gap.ours) for gap in settled.gaps] == [
        ("TT-CLOSED-01", "BT-112", D("120.02"), D("120.00"))
    ]


@pytest.mark.parametrize(
    ("category", "rate", "text"),
    [("S", D(20), "S 20 %"), ("S", D("5.5"), "S 5.5 %"), ("E", D(0), "E 0 %"), ("O", None, "O")],
)
def test_vat_is_told_as_people_write_it(category: str, rate: Decimal | None, text: str) -> None:
    assert vat_text(category, rate) == text
