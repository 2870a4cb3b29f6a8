"""The rules of the ledger said a second time, and the things that the model keeps.

Written from docs/ledger.md and docs/deposit.md, knowing nothing of ``flows.ledger``, on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

#: Company and emitter.
Scope: TypeAlias = tuple[str, str]
#: Run, hash of the file, first line: what names an invoice of the ledger.
Key: TypeAlias = tuple[str, str, int]

REPORTED = ("integrated", "partial", "rejected", "incident")

FLOW_MOVES: dict[str, tuple[str, ...]] = {
    "built": ("uploading", "deposited", "in_doubt", "abandoned", *REPORTED),
    "uploading": (
        *("uploading", "built", "renaming", "deposited", "handed_over", "in_doubt"),
        *REPORTED,
    ),
    "renaming": ("built", "deposited", "handed_over", "in_doubt", *REPORTED),
    "deposited": REPORTED,
    "handed_over": ("deposited", "in_doubt", *REPORTED),
    "in_doubt": ("deposited", "handed_over", "abandoned", *REPORTED),
    "incident": ("integrated", "partial", "rejected", "abandoned"),
    "integrated": ("partial", "rejected", "incident"),
    "partial": ("integrated", "rejected", "incident"),
    "rejected": ("integrated", "partial", "incident"),
    "abandoned": (),
}
FLOW_STATES = ("reserved", *FLOW_MOVES)

UNDERWAY = ("bundled", "deposited", "handed_over", "in_doubt", "outcome_unknown")
HOLDING = (*UNDERWAY, "integrated", "duplicate")
#: What may be said of a single member.
SETTLED = ("integrated", "rejected", "duplicate", "outcome_unknown")
INVOICE_STATES = (
    *("received", "quarantined", "waiting", "skipped", "excluded"),
    *HOLDING,
    "rejected",
)

#: Flow state: which of its invoices follow, and to what.
EFFECTS: dict[str, tuple[tuple[str, ...], str]] = {
    "deposited": (("bundled", "handed_over", "in_doubt"), "deposited"),
    "handed_over": (("bundled", "in_doubt"), "handed_over"),
    "in_doubt": (("bundled", "handed_over"), "in_doubt"),
    "integrated": (UNDERWAY, "integrated"),
    "rejected": (UNDERWAY, "rejected"),
    "abandoned": (UNDERWAY, "quarantined"),
}

RUN_MOVES = {
    "running": ("done", "held", "failed"),
    "held": ("released", "failed"),
    "done": (),
    "failed": (),
    "released": (),
}
RETURN_MOVES = {
    "fetched": ("reconciled", "not_understood"),
    "not_understood": ("reconciled",),
    "reconciled": (),
}

SYSTEM = "chorus-flows"


class RefusedError(Exception):
    """The rules do not allow this call: the ledger must refuse it and change nothing."""


@dataclass(slots=True)
class Run:
    """A run."""

    run_id: str
    scope: Scope
    kind: str = "nightly"
    state: str = "running"
    extracts: dict[str, str] = field(default_factory=dict)
    """State by hash."""


@dataclass(slots=True)
class Invoice:
    """An invoice."""

    key: Key
    scope: Scope
    number: str
    identity: str
    state: str
    total: Decimal | None
    flow: str | None = None
    member: str | None = None
    nights: int = 0
    taken_over_by: str | None = None
    life: tuple[str, datetime | None] | None = None
    members: list[tuple[str, str]] = field(default_factory=list)
    """Flow and member id of each attempt, in order."""

    @property
    def place(self) -> tuple[str, int]:
        """Hash of the file, first line."""
        return self.key[1], self.key[2]


@dataclass(slots=True)
class Flow:
    """A flow."""

    flow_id: str
    scope: Scope
    run_id: str
    state: str = "built"
    attempts: int = 0
    replaces: str | None = None


@dataclass(slots=True)
class Return:
    """A return file."""

    scope: Scope
    sha256: str
    state: str = "fetched"
    statuses: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """An invoice offered to the ledger in a chunk."""

    position: int
    place: tuple[str, int]
    number: str
    identity: str
    fate: str
    total: Decimal | None
    flow: str | None = None
    member: str | None = None
