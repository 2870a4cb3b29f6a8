"""What the report counts while the invoices of a run pass by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from flows.ledger import InvoiceState
from flows.report.told import Sum
from transforms.run_report import Told


@dataclass(slots=True)
class RuleTally:
    """A rule that was broken without blocking."""

    example: Told
    findings: int = 0
    invoices: int = 0


@dataclass(slots=True)
class Counts:
    """What grows while the invoices pass by."""

    states: dict[InvoiceState, Sum] = field(default_factory=dict)
    flows: dict[str, Sum] = field(default_factory=dict)
    life: Counter[tuple[str, str]] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    excluded: Counter[str] = field(default_factory=Counter)
    rules: dict[str, RuleTally] = field(default_factory=dict)
    layers: dict[str, list[int]] = field(default_factory=dict)
    grave: dict[Told, None] = field(default_factory=dict)
