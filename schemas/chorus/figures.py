"""Chorus Pro: decimals and size of figures, prices, VAT rates, lines of text, delivery sites."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from config.codes import load_codes
from schemas.registry import Family, Hit, RuleContext
from transforms.invoice import Invoice
from transforms.totals import TEXT_LINES

FIGURES = Family("chorus.figures")

#: Decimals of an amount, a price, a quantity, a rate (DGFiP and AIFE, Annexe 7 V1.8: G1.14, G1.15,
#: G1.16, G1.24; EN 16931 BR-DEC for amounts).
AMOUNT, PRICE, QUANTITY, RATE = 2, 6, 4, 2

#: Positions of a figure, sign and point left out (AIFE, Annexe EDI).
POSITIONS = 19

Figure = tuple[str, Decimal | None]


@FIGURES.check("CP-DECIMALS-01", "CP-DECIMALS-04", "CP-AMOUNT-01")
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
        bts = ("BT-99", "BT-100") if item.is_charge else ("BT-92", "BT-93")
        for bt, value in zip(bts, (item.amount, item.base), strict=True):
            if value is not None and not fits(value, AMOUNT):
                yield _misfit("CP-DECIMALS-01", bt, value, AMOUNT)


@FIGURES.check(
    "CP-DECIMALS-01", "CP-DECIMALS-02", "CP-DECIMALS-03", "CP-DECIMALS-04", "CP-AMOUNT-01"
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
        for item in line.allowances:
            if item.amount is not None and not fits(item.amount, AMOUNT):
                bt = "BT-141" if item.is_charge else "BT-136"
                yield _misfit("CP-DECIMALS-01", bt, item.amount, AMOUNT, rank)


@FIGURES.check("CP-PRICE-01", "CP-LINE-01", "CP-SITE-01")
def lines_are_accepted(invoice: Invoice, _: RuleContext) -> Iterator[Hit]:
    """Gross price only with a discount; no amount on a line of text; sites of the header only."""
    site = invoice.delivery.location_id if invoice.delivery else None
    for rank, line in enumerate(invoice.lines):
        price = line.price
        if price.gross is not None and price.discount is None:
            yield Hit("CP-PRICE-01", "BT-148", f"{price.gross:f}", rank)
        if line.kind in TEXT_LINES and line.net:
            yield Hit("CP-LINE-01", "BT-131", f"{line.net:f}", rank, {"kind": line.kind or ""})
        if line.delivery_site and (site is None or line.delivery_site != site.value):
            yield Hit("CP-SITE-01", "CP-LIGNE-LIVRAISON-SITE", line.delivery_site, rank)


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
