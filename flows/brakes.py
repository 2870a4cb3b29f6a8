"""Brakes: limits looked at before the first deposit of a run, since a deposit has no recall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from config.settings import Brakes


@dataclass(frozen=True, slots=True)
class NightFigures:
    """What a run is about to do.

    ``totals`` is per (currency, type code); ``recent`` are the numbers of invoices deposited by
    recent nights, newest first; ``sellers`` the seller identifiers of the invoices to deposit.
    """

    to_deposit: int
    quarantined: int
    totals: Mapping[tuple[str, str], Decimal]
    sellers: frozenset[str]
    recent: Sequence[int]


@dataclass(frozen=True, slots=True)
class HeldBrake:
    """A brake over its limit: which one, the limit, and what was found, as text."""

    name: str
    limit: str
    found: str

    def __str__(self) -> str:
        return f"{self.name}: {self.found} (limit {self.limit})"


def held(
    brakes: Brakes,
    figures: NightFigures,
    *,
    company_sellers: frozenset[str] = frozenset(),
    by_siren: bool = False,
) -> tuple[HeldBrake, ...]:
    """Return the brakes that hold this run; empty when it may deposit.

    Args:
        brakes: the limits.
        figures: what the run is about to do.
        company_sellers: sellers of the company file, when the settings name none.
        by_siren: whether the sellers of the figures are SIRENs (``identity.scope``).
    """
    found: list[HeldBrake] = []
    if brakes.max_invoices is not None and figures.to_deposit > brakes.max_invoices:
        found.append(HeldBrake("max_invoices", str(brakes.max_invoices), str(figures.to_deposit)))
    if brakes.max_total is not None:
        found.extend(
            HeldBrake("max_total", f"{brakes.max_total} {currency}", f"{total} ({kind})")
            for (currency, kind), total in sorted(figures.totals.items())
            if abs(total) > brakes.max_total
        )
    judged = figures.to_deposit + figures.quarantined
    if brakes.max_quarantine_rate is not None and judged >= brakes.min_invoices_for_rate:
        rate = Decimal(figures.quarantined) / Decimal(judged)
        if rate > brakes.max_quarantine_rate:
            limit = f"{brakes.max_quarantine_rate * 100:.0f} %"
            found.append(HeldBrake("max_quarantine_rate", limit, f"{rate * 100:.1f} %"))
    found.extend(_deviation(brakes, figures))
    known = frozenset(brakes.known_sellers) or company_sellers
    if by_siren:
        known |= {seller[:9] for seller in known if len(seller) == 14}
    strangers = sorted(figures.sellers - known) if known else []
    if strangers:
        found.append(HeldBrake("known_sellers", ", ".join(sorted(known)), ", ".join(strangers)))
    return tuple(found)


def _deviation(brakes: Brakes, figures: NightFigures) -> list[HeldBrake]:
    recent = [count for count in figures.recent[: brakes.recent_nights] if count > 0]
    if brakes.max_deviation is None or not recent or not figures.to_deposit:
        return []
    mean = Decimal(sum(recent)) / len(recent)
    ratio = Decimal(figures.to_deposit) / mean
    if max(ratio, 1 / ratio) <= brakes.max_deviation:
        return []
    text = f"{figures.to_deposit} against {mean:.0f} on average"
    return [HeldBrake("max_deviation", f"ratio {brakes.max_deviation}", text)]
