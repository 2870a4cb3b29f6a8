"""Totals: complete BG-22, BG-23 and the line amounts, keeping what the ERP says is owed.

What the customer owes is the ERP's total. Sums that EN 16931 wants exact (BR-CO-10, 11, 13 to 16)
are always written as they follow from the lines; where the ERP's own figure differs from ours by
no more than the tolerance, the difference goes where the norm has room for it: the VAT of a group
(BR-CO-17) for a VAT amount, the rounding amount BT-114 for what is owed. It is told as a warning.
Beyond the tolerance the invoice is blocked: one of the two is wrong, and we do not guess which.

One rounding policy: half up (away from zero), to the cent, on each line amount and on the VAT of
each group, never on a sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, Overflow, localcontext

from config.settings import TotalsPolicy
from transforms.finding import Finding, Severity
from transforms.invoice import AllowanceCharge, Invoice, InvoiceLine, Totals
from transforms.vat_groups import ZERO_RATED, GroupGap, settle_vat, vat_text

CENT = Decimal("0.01")
ZERO = Decimal(0)

#: Wide enough for exact sums and products of figures of 19 positions; rounding only where asked.
_EXACT = Context(prec=60, rounding=ROUND_HALF_UP, traps=[InvalidOperation, Overflow])

#: Digits before the decimal point that an amount may have (AIFE, Annexe EDI: 19 positions).
_LARGEST_EXPONENT = 18

#: Lines that carry text or a subtotal and no amount of their own (Chorus Pro: type de ligne).
TEXT_LINES = frozenset({"INFORMATION", "REGROUPEMENT"})


def round_cents(value: Decimal) -> Decimal:
    """Return ``value`` rounded half up to the cent."""
    return value.quantize(CENT, context=_EXACT)


def line_net(line: InvoiceLine) -> Decimal | None:
    """Return BT-131 as it follows from quantity, price, allowances and charges; None without them.

    Source: EN 16931-1:2017, BT-131: BT-129 x (BT-146 / BT-149) - BT-136 + BT-141, to the cent.
    """
    price, quantity = line.price, line.quantity
    if quantity is None or price.net is None:
        return None
    with localcontext(_EXACT):
        net = quantity * price.net
        if price.base_quantity:
            net /= price.base_quantity
        return round_cents(net + _balance(line.allowances))


def complete(invoice: Invoice, policy: TotalsPolicy) -> tuple[Invoice, tuple[Finding, ...]]:
    """Return ``invoice`` with its line amounts, BG-22 and BG-23 filled, and what did not agree.

    An invoice with a line that has neither amount nor quantity and price, or with a figure of
    more than 19 positions, comes back as it was: the rules say what is missing or too large.
    """
    if not all(_is_usable(value) for value in _figures(invoice)):
        return invoice, ()
    with localcontext(_EXACT):
        lines = _complete_lines(invoice.lines)
        if not lines or any(line.net is None for line in lines):
            return invoice, ()
        teller = _Teller(invoice, policy)
        for rank, line in enumerate(lines):
            teller.compare_line(line, rank)
        allowances = tuple(_complete_allowance(item) for item in invoice.allowances)
        invoice = replace(invoice, lines=lines, allowances=allowances)
        return _complete_totals(invoice, teller), tuple(teller.findings)


def _complete_totals(invoice: Invoice, teller: _Teller) -> Invoice:
    given = invoice.totals
    lines = sum((line.net for line in invoice.lines if line.net is not None), ZERO)
    allowances = _sum_of(invoice.allowances, charges=False)
    charges = _sum_of(invoice.allowances, charges=True)
    without_vat = lines - (allowances or ZERO) + (charges or ZERO)
    teller.compare("TT-LINES-01", "BT-106", given.lines, lines)
    teller.compare("TT-ALLOWANCES-01", "BT-107", given.allowances, allowances or ZERO)
    teller.compare("TT-ALLOWANCES-01", "BT-108", given.charges, charges or ZERO)
    teller.compare("TT-NET-01", "BT-109", given.without_vat, without_vat)

    settled = settle_vat(invoice, without_vat, teller.policy.tolerance)
    for gap in settled.gaps:
        teller.compare_group(gap)
    vat = settled.tax
    with_vat = without_vat + vat
    teller.compare("TT-TOTAL-01", "BT-112", given.with_vat, with_vat)

    paid, rounding, due = _settle_due(invoice, with_vat, teller)
    totals = Totals(
        lines=_plain(lines),
        allowances=_plain(allowances) if allowances is not None else _zero_if(given.allowances),
        charges=_plain(charges) if charges is not None else _zero_if(given.charges),
        without_vat=_plain(without_vat),
        vat=_plain(vat),
        vat_accounting=given.vat_accounting,
        with_vat=_plain(with_vat),
        paid=None if paid is None else _plain(paid),
        rounding=None if rounding is None else _plain(rounding),
        due=_plain(due),
    )
    return replace(invoice, totals=totals, vat=settled.groups)


def _settle_due(
    invoice: Invoice, with_vat: Decimal, teller: _Teller
) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """Return BT-113, BT-114 and BT-115."""
    given = invoice.totals
    paid = given.paid
    if paid is None and invoice.process == "A2" and not given.due:
        # Already paid, by the cadre itself: the whole total (AIFE sample P83).
        paid = with_vat if given.with_vat is None else given.with_vat
    rounding = given.rounding
    ours = with_vat - (paid or ZERO) + (rounding or ZERO)
    owed = given.due
    if owed is None and given.with_vat is not None:
        owed = given.with_vat - (paid or ZERO) + (rounding or ZERO)
    gap = ZERO if owed is None else owed - ours
    if not gap:
        return paid, rounding, ours
    if abs(gap) > teller.policy.tolerance or not teller.policy.close_with_rounding:
        teller.block("TT-DUE-01", "BT-115", owed, ours)
        return paid, rounding, ours
    closed = (rounding or ZERO) + gap
    teller.warn("TT-ROUNDING-01", "BT-114", owed, ours, rounding=str(_plain(closed)))
    return paid, (closed if closed or rounding is not None else None), ours + gap


class _Teller:
    """Compares the ERP's figures with ours and keeps the findings."""

    def __init__(self, invoice: Invoice, policy: TotalsPolicy) -> None:
        self._invoice = invoice
        self.policy = policy
        self.findings: list[Finding] = []

    def compare(
        self, rule: str, bt: str, given: Decimal | None, ours: Decimal, **params: str
    ) -> None:
        """Block beyond the tolerance, warn of a difference within it."""
        if given is None or given == ours:
            return
        if abs(given - ours) > self.policy.tolerance:
            self.block(rule, bt, given, ours, **params)
        else:
            self.warn("TT-CLOSED-01", bt, given, ours, **params)

    def compare_group(self, gap: GroupGap) -> None:
        """Tell what :func:`settle_vat` found for a VAT group, or for the sum of them."""
        params = {"vat": vat_text(gap.category, gap.rate)}
        if gap.blocks:
            self.block(gap.rule, gap.bt, gap.given, gap.ours, **params)
        else:
            self.warn(gap.rule, gap.bt, gap.given, gap.ours, **params)

    def compare_line(self, line: InvoiceLine, rank: int) -> None:
        """Warn when the ERP's line amount is not what its quantity and price give."""
        ours = line_net(line)
        if ours is None or line.net is None or line.kind in TEXT_LINES:
            return
        if abs(line.net - ours) > self.policy.tolerance:
            self._tell("TT-LINE-01", Severity.WARNING, "BT-131", line.net, ours, rank, {})

    def block(
        self, rule: str, bt: str, given: Decimal | None, ours: Decimal | None, **params: str
    ) -> None:
        """Add a blocking finding."""
        self._tell(rule, Severity.ERROR, bt, given, ours, None, params)

    def warn(
        self, rule: str, bt: str, given: Decimal | None, ours: Decimal | None, **params: str
    ) -> None:
        """Add a warning."""
        self._tell(rule, Severity.WARNING, bt, given, ours, None, params)

    def _tell(
        self,
        rule: str,
        severity: Severity,
        bt: str,
        given: Decimal | None,
        ours: Decimal | None,
        rank: int | None,
        params: dict[str, str],
    ) -> None:
        figures = {
            "given": _figure(given),
            "computed": _figure(ours),
            "difference": _figure((given or ZERO) - (ours or ZERO)),
            "tolerance": _figure(self.policy.tolerance),
        }
        where = self._invoice.locate(bt, rank)
        self.findings.append(
            Finding(
                rule, severity, where, bt=bt, value=_figure(given), params={**figures, **params}
            )
        )


def _complete_lines(lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    first = next((line for line in lines if line.kind not in TEXT_LINES), None)
    return tuple(
        _complete_text_line(line, first) if line.kind in TEXT_LINES else _complete_line(line)
        for line in lines
    )


def _complete_text_line(line: InvoiceLine, first: InvoiceLine | None) -> InvoiceLine:
    """Give a line of text what EN 16931 asks of every line: it counts for nothing in any sum.

    Quantity 1 at price 0, under the VAT of the first line that carries an amount.
    """
    price = line.price if line.price.net is not None else replace(line.price, net=ZERO)
    if line.vat_category is None and first is not None:
        line = replace(line, vat_category=first.vat_category, vat_rate=first.vat_rate)
    return _complete_line(
        replace(
            line,
            quantity=Decimal(1) if line.quantity is None else line.quantity,
            unit=line.unit or "C62",  # UN/ECE Rec 20: one
            price=price,
            net=round_cents(ZERO) if line.net is None else line.net,
        )
    )


def _complete_line(line: InvoiceLine) -> InvoiceLine:
    """Fill the amount and the rate of a line; drop zeros beyond the decimals that are accepted."""
    net = line_net(line) if line.net is None else line.net
    rate = line.vat_rate
    if rate is None and line.vat_category in ZERO_RATED:
        rate = ZERO
    plain = _plain(net) if net is not None else None
    quantity, price = _trim(line.quantity, 4), _trim(line.price.net, 6)
    rate = _trim(rate, 2)
    if price is not line.price.net:
        line = replace(line, price=replace(line.price, net=price))
    if line.allowances:
        line = replace(line, allowances=tuple(map(_short_allowance, line.allowances)))
    if plain is line.net and rate is line.vat_rate and quantity is line.quantity:
        return line
    return replace(line, net=plain, vat_rate=rate, quantity=quantity)


def _complete_allowance(item: AllowanceCharge) -> AllowanceCharge:
    rate = item.vat_rate
    if rate is None and item.vat_category in ZERO_RATED:
        rate = ZERO
    return replace(_short_allowance(item), vat_rate=_trim(rate, 2))


def _short_allowance(item: AllowanceCharge) -> AllowanceCharge:
    """Return an allowance without zeros beyond the cent, as ERPs with six decimals write them."""
    amount, base = (None if value is None else _plain(value) for value in (item.amount, item.base))
    same = amount is item.amount and base is item.base
    return item if same else replace(item, amount=amount, base=base)


def _plain(value: Decimal) -> Decimal:
    """Return an amount to the cent when that loses nothing: 10.500 is 10.50, 10.505 stays."""
    if _exponent(value) == -2:
        return value
    rounded = round_cents(value)
    return rounded if rounded == value else value


def _trim(value: Decimal | None, decimals: int) -> Decimal | None:
    """Return ``value`` without its zeros beyond ``decimals``; itself when it has none there."""
    if value is None or -_exponent(value) <= decimals:
        return value
    short = value.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
    return short if short == value else value


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _zero_if(given: Decimal | None) -> Decimal | None:
    return None if given is None else round_cents(ZERO)


def _balance(items: tuple[AllowanceCharge, ...]) -> Decimal:
    """Return charges minus allowances."""
    return (_sum_of(items, charges=True) or ZERO) - (_sum_of(items, charges=False) or ZERO)


def _sum_of(items: tuple[AllowanceCharge, ...], *, charges: bool) -> Decimal | None:
    amounts = [
        item.amount for item in items if item.is_charge is charges and item.amount is not None
    ]
    return sum(amounts, ZERO) if amounts else None


def _figure(value: Decimal | None) -> str:
    return "–" if value is None else f"{_plain(value):f}"


def _figures(invoice: Invoice) -> Iterator[Decimal | None]:
    """Yield every figure that enters a sum."""
    for line in invoice.lines:
        price = line.price
        yield from (line.net, line.quantity, line.vat_rate, price.net, price.base_quantity)
        for item in line.allowances:
            yield item.amount
    for item in invoice.allowances:
        yield from (item.amount, item.vat_rate)
    for group in invoice.vat:
        yield from (group.taxable, group.tax, group.rate)
    totals = invoice.totals
    yield from (totals.lines, totals.allowances, totals.charges, totals.without_vat, totals.vat)
    yield from (totals.with_vat, totals.paid, totals.rounding, totals.due)


def _is_usable(value: Decimal | None) -> bool:
    return value is None or (value.is_finite() and value.adjusted() <= _LARGEST_EXPONENT)
