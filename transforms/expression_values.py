"""Functions of expressions that need the values alone, and how a value is written as text."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from transforms import amounts
from transforms.expression_nodes import Kind, Value

#: What |quantity x price / base - net| may be for the price to be the one that was charged.
PRICE_TOLERANCE = Decimal("0.01")
#: Decimals of a price that is derived (Chorus Pro: at most six).
PRICE_PLACES = 6
#: Day 0 of dates in milliseconds.
_EPOCH = date(1970, 1, 1)
#: No identifier is longer.
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class PlainFunction:
    """A function of the values alone. ``skips``: absent when an argument is absent."""

    takes: tuple[Kind, ...]
    gives: Kind
    compute: Callable[..., Value]
    skips: bool = True


def net_price(
    price: Decimal | None, base: Decimal | None, quantity: Decimal | None, net: Decimal | None
) -> Decimal | None:
    """Return BT-146 for ``base`` units (one when absent): the price given, if it makes the net.

    ERPs round the price they show, or sell in another unit than they price (SAP: KRATE per UPRBS).
    The price given counts when quantity and price make the net amount to the cent; else the price
    follows from net amount and quantity.
    """
    if quantity is None or net is None or not quantity:
        return price
    per = base or Decimal(1)
    if price is not None and abs(quantity * price / per - net) <= PRICE_TOLERANCE:
        return price
    return amounts.round_half_up(net * per / quantity, PRICE_PLACES).normalize() + 0


def _end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _days(day: date, count: Decimal) -> date | None:
    try:
        return day + timedelta(days=int(count))
    except OverflowError:
        return None


def _left(text: str, count: Decimal) -> str | None:
    return text[: max(int(count), 0)].strip() or None


def _right(text: str, count: Decimal) -> str | None:
    return text[-int(count) :].strip() or None if count > 0 else None


def _pad_zeros(text: str, size: Decimal) -> str | None:
    return text.zfill(int(size)) if size <= _LONGEST else None


def _number_text(number: Decimal) -> str:
    """Return a number as a code is written: 20 for 20.00."""
    return f"{number.normalize():f}"


def _strip_zeros(text: str) -> str:
    return text.lstrip("0") or "0"


def _round(number: Decimal, places: Decimal) -> Decimal:
    written = -int(number.as_tuple().exponent)
    return amounts.round_half_up(number, int(places)) if 0 <= places < written else number


def _epoch_date(milliseconds: Decimal) -> date | None:
    """Return the day that is so many milliseconds after 1970 began, in UTC (OData V2)."""
    try:
        return _EPOCH + timedelta(milliseconds=int(milliseconds))
    except OverflowError:
        return None


PLAIN_FUNCTIONS: Mapping[str, PlainFunction] = {
    "negate": PlainFunction(("number",), "number", lambda number: -number),
    "abs": PlainFunction(("number",), "number", abs),
    "round": PlainFunction(("number", "number"), "number", _round),
    "text": PlainFunction(("number",), "text", _number_text),
    "trim": PlainFunction(("text",), "text", lambda text: text.strip() or None),
    "upper": PlainFunction(("text",), "text", str.upper),
    "lower": PlainFunction(("text",), "text", str.lower),
    "left": PlainFunction(("text", "number"), "text", _left),
    "right": PlainFunction(("text", "number"), "text", _right),
    "replace": PlainFunction(
        ("text", "text", "text"),
        "text",
        lambda text, old, new: (
            (text or "").replace(old or "", new or "").strip() or None if old else text
        ),
        skips=False,
    ),
    "strip_zeros": PlainFunction(("text",), "text", _strip_zeros),
    "pad_zeros": PlainFunction(("text", "number"), "text", _pad_zeros),
    "days": PlainFunction(("date", "number"), "date", _days),
    "end_of_month": PlainFunction(("date",), "date", _end_of_month),
    "epoch_date": PlainFunction(("number",), "date", _epoch_date),
    "net_price": PlainFunction(
        ("number", "number", "number", "number"), "number", net_price, skips=False
    ),
}


def plain_text(value: Value) -> str:
    """Return a value as the canonical text of a cell: decimal point, ISO date; absent is empty."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else value
