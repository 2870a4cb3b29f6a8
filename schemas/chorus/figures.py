"""Chorus Pro: decimals and size of figures, prices, VAT rates, lines of text, delivery sites."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import AllowanceCharge, Invoice
from transforms.totals import TEXT_LINES

FIGURES = Family("chorus.figures")

#: Decimals of an amount, a price, a quantity, a rate (DGFiP and AIFE, Annexe 7 V1.8: G1.14, G1.15,
#: G1.16, G1.24; EN 16931 BR-DEC for amounts).
AMOUNT, PRICE, QUANTITY, RATE = 2, 6, 4, 2

#: Decimals of any other figure, such as the percentage of an allowance (AIFE, Annexe EDI, quoted by
#: Akuiteo: numbers of E1 flows).
OTHER = 6

#: Positions of a figure, sign and point left out (AIFE, Annexe EDI).
POSITIONS = 19

#: Amount, base and percentage of an allowance or a charge.
DOCUMENT_ALLOWANCE, DOCUMENT_CHARGE = ("BT-92", "BT-93", "BT-94"), ("BT-99", "BT-100", "BT-101")
LINE_ALLOWANCE, LINE_CHARGE = ("BT-136", "BT-137", "BT-138"), ("BT-141", "BT-142", "BT-143")


@FIGURES.check("CP-DECIMALS-01", "CP-DECIMALS-04", "CP-DECIMALS-05", "CP-AMOUNT-01")
def header_figures_fit(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Amounts and rates of totals, VAT groups, allowances and charges."""
    totals = invoice.totals
    for bt, value in (
        ("BT-106", totals.lines),
        ("BT-107", totals.allowances),
        ("BT-108", totals.charges),
        ("BT-109", totals.without_vat),
        ("BT-110", totals.vat),
        ("BT-111", totals.vat_accounting),
        ("BT-112", totals.with_vat),
        ("BT-113", totals.paid),
        ("BT-114", totals.rounding),
        ("BT-115", totals.due),
    ):
        if value is not None and not fits(value, AMOUNT):
            yield _misfit("CP-DECIMALS-01", bt, value, AMOUNT)
    for group in invoice.vat:
        for bt, value in (("BT-116", group.taxable), ("BT-117", group.tax)):
            if value is not None and not fits(value, AMOUNT):
                yield _misfit("CP-DECIMALS-01", bt, value, AMOUNT)
        if group.rate is not None and not fits(group.rate, RATE):
            yield _misfit("CP-DECIMALS-04", "BT-119", group.rate, RATE)
    for item in invoice.allowances:
        yield from _allowance(item, DOCUMENT_CHARGE if item.is_charge else DOCUMENT_ALLOWANCE)
        bt, rate = "BT-103" if item.is_charge else "BT-96", item.vat_rate
        if rate is not None and not fits(rate, RATE):
            yield _misfit("CP-DECIMALS-04", bt, rate, RATE)


@FIGURES.check(
    *("CP-DECIMALS-01", "CP-DECIMALS-02", "CP-DECIMALS-03", "CP-DECIMALS-04", "CP-DECIMALS-05"),
    "CP-AMOUNT-01",
)
def line_figures_fit(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Amounts, prices, quantities and rates of the lines."""
    for rank, line in enumerate(invoice.lines):
        net, quantity, rate, price = line.net, line.quantity, line.vat_rate, line.price
        if net is not None and not fits(net, AMOUNT):
            yield _misfit("CP-DECIMALS-01", "BT-131", net, AMOUNT, rank)
        if quantity is not None and not fits(quantity, QUANTITY):
            yield _misfit("CP-DECIMALS-03", "BT-129", quantity, QUANTITY, rank)
        if rate is not None and not fits(rate, RATE):
            yield _misfit("CP-DECIMALS-04", "BT-152", rate, RATE, rank)
        if price.net is not None and not fits(price.net, PRICE):
            yield _misfit("CP-DECIMALS-02", "BT-146", price.net, PRICE, rank)
        for bt, value in (("BT-147", price.discount), ("BT-148", price.gross)):
            if value is not None and not fits(value, PRICE):
                yield _misfit("CP-DECIMALS-02", bt, value, PRICE, rank)
        base = price.base_quantity
        if base is not None and not fits(base, QUANTITY):
            yield _misfit("CP-DECIMALS-03", "BT-149", base, QUANTITY, rank)
        for item in line.allowances:
            yield from _allowance(item, LINE_CHARGE if item.is_charge else LINE_ALLOWANCE, rank)


def _allowance(
    item: AllowanceCharge, terms: tuple[str, str, str], rank: int | None = None
) -> Iterator[Hit]:
    amount, base, percent = terms
    for bt, value in ((amount, item.amount), (base, item.base)):
        if value is not None and not fits(value, AMOUNT):
            yield _misfit("CP-DECIMALS-01", bt, value, AMOUNT, rank)
    if item.percent is not None and not fits(item.percent, OTHER):
        yield _misfit("CP-DECIMALS-05", percent, item.percent, OTHER, rank)


@FIGURES.check("CP-PRICE-01", "CP-LINE-01", "CP-LINE-02", "CP-SITE-01")
def lines_are_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Gross price only with a discount; no amount on a line of text; sites of the header only."""
    site = invoice.delivery.location_id if invoice.delivery else None
    for rank, line in enumerate(invoice.lines):
        price = line.price
        if price.gross is not None and price.discount is None:
            yield Hit("CP-PRICE-01", "BT-148", f"{price.gross:f}", rank)
        if line.kind in TEXT_LINES and line.net:
            yield Hit("CP-LINE-01", "BT-131", f"{line.net:f}", rank, {"kind": line.kind or ""})
        if line.kind and line.kind not in TEXT_LINES:
            accepted = ", ".join(sorted(TEXT_LINES))
            yield Hit("CP-LINE-02", "CP-TYPE-LIGNE", line.kind, rank, {"accepted": accepted})
        if line.delivery_site and (site is None or line.delivery_site != site.value):
            yield Hit("CP-SITE-01", "CP-LIGNE-LIVRAISON-SITE", line.delivery_site, rank)


@FIGURES.check("CP-EXEMPTION-01")
def exemption_is_told_in_words(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """BT-120: Chorus Pro expects the reason of an exemption in words (inferred: not the code)."""
    for group in invoice.vat:
        if group.reason_code and not group.reason:
            yield Hit("CP-EXEMPTION-01", "BT-120", group.reason_code)


@FIGURES.check("CP-CATEGORY-01", "CP-RATE-01")
def vat_is_french(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """VAT categories that Chorus Pro takes, and rates met in France: each told once."""
    told: set[tuple[str | None, Decimal | None]] = set()
    categories, rates = load_codes("vat_categories"), french_rates()
    for category, rate, bts, rank in _vat_pairs(invoice):
        if (category, rate) in told:
            continue
        told.add((category, rate))
        if category is not None and category not in categories:
            yield Hit("CP-CATEGORY-01", bts[0], category, rank)
        if rate is not None and rate not in rates:
            yield Hit("CP-RATE-01", bts[1], f"{rate:f}", rank)


def _vat_pairs(
    invoice: Invoice,
) -> Iterator[tuple[str | None, Decimal | None, tuple[str, str], int | None]]:
    """Yield category, rate, their terms and the rank of the line, wherever VAT is told."""
    for rank, line in enumerate(invoice.lines):
        yield line.vat_category, line.vat_rate, ("BT-151", "BT-152"), rank
    for item in invoice.allowances:
        bts = ("BT-102", "BT-103") if item.is_charge else ("BT-95", "BT-96")
        yield item.vat_category, item.vat_rate, bts, None
    for group in invoice.vat:
        yield group.category, group.rate, ("BT-118", "BT-119"), None


@lru_cache(maxsize=1)
def french_rates() -> frozenset[Decimal]:
    """Return the VAT rates in force or still met in France, in percent."""
    return frozenset(Decimal(rate) for rate in load_codes("vat_rates"))


@lru_cache(maxsize=65_536)
def fits(value: Decimal, decimals: int) -> bool:
    """Whether ``value`` has at most ``decimals`` decimals, and at most 19 positions.

    Equal values count as one (10.5 and 10.50): trailing zeros are no decimals.
    """
    if not value.is_finite() or value.adjusted() >= POSITIONS:
        return False
    exponent = value.normalize().as_tuple().exponent
    return isinstance(exponent, int) and -exponent <= decimals


def _misfit(rule: str, bt: str, value: Decimal, decimals: int, line: int | None = None) -> Hit:
    params = {"decimals": str(decimals), "positions": str(POSITIONS)}
    if not value.is_finite() or value.adjusted() >= POSITIONS:
        return Hit("CP-AMOUNT-01", bt, str(value), line, params)
    return Hit(rule, bt, f"{value:f}", line, params)
