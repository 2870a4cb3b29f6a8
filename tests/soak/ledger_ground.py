"""The ground of the ledger's state machine: databases, ledgers, draws, and the model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import create_engine

from config.settings import Environment
from flows.errors import IllegalTransitionError
from flows.ledger import Ledger
from tests.soak import ledger_dump
from tests.soak.ledger_model import LedgerModel
from tests.soak.ledger_rules import (
    SYSTEM,
    Key,
    Offer,
    RefusedError,
    Scope,
)
from tests.support.ledger_nights import Clock
from transforms.outcome import BuiltFlow

SCOPES: tuple[Scope, ...] = (("acme", "AAA999"), ("zeta", "AAA999"), ("acme", "BBB888"))
NUMBERS = ("F1", "F2", "F3", "F4", "F5", "F6")
SELLERS = ("73282932000074", "40678483500521")
FILES = ("sha-a", "sha-b", "sha-c")
INTERFACES = ("FSO1106A", "FSO1100A")
FATES = ("bundled", "bundled", "bundled", "waiting", "quarantined", "skipped", "excluded")
TOTALS = (Decimal("120.00"), Decimal("0.10"), Decimal("-7.5"), None)
PEOPLE = (SYSTEM, "A. Martin")
NIGHT = date(2026, 10, 24)
#: The hour that autumn brings twice is among them: times are moments, not clock faces.
MOMENTS = tuple(datetime(2026, 10, 25, 0, 15, tzinfo=UTC) + timedelta(hours=n) for n in range(3))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the ledgers of one example are; ``leave`` gives the database back."""

    url: str
    leave: Callable[[], None]


class LedgerGround(RuleBasedStateMachine):
    """``find_place`` gives an empty ledger of the first company of :data:`SCOPES`."""

    def __init__(self, find_place: Callable[[], Place]) -> None:
        super().__init__()
        self.place = find_place()
        self.engine = create_engine(self.place.url)
        self.clock = Clock()
        self.model = LedgerModel()
        self.open: dict[tuple[Scope, int], Ledger] = {}
        self.lines = 0
        self.rows: dict[Key, int] = {}
        self.last_chunk: tuple[Scope, str, list[Offer]] | None = None

    def teardown(self) -> None:
        for ledger in self.open.values():
            ledger.close()
        self.engine.dispose()
        self.place.leave()

    def draw(self, data: Any, among: Sequence[Any], label: str) -> Any:
        """Draw one of some things, told by name when an example fails."""
        return data.draw(st.sampled_from(list(among)), label=label)

    def scope(self, data: Any) -> Scope:
        found: Scope = self.draw(data, SCOPES, "scope")
        return found

    def ledger(self, data: Any, scope: Scope) -> Ledger:
        """Return one of the two ledgers of a scope, opened if need be."""
        which = scope, self.draw(data, (0, 1), "ledger")
        if which not in self.open:
            self.open[which] = Ledger.open(
                self.place.url,
                environment=Environment.SANDBOX,
                company=scope[0],
                emitter=scope[1],
                clock=self.clock,
                create=False,
            )
        return self.open[which]

    def run_of(self, data: Any, scope: Scope, *states: str) -> str | None:
        """Return a run of a scope, or None when there is none."""
        runs = self.model.runs_of(scope, *states)
        return self.draw(data, [run.run_id for run in runs], "run") if runs else None

    def row(self, key: Key) -> int:
        """Return the ledger's number of an invoice."""
        if key not in self.rows:
            with self.engine.connect() as connection:
                table = ledger_dump.tables.invoices
                for one in connection.execute(table.select()).mappings():
                    self.rows[one["run_id"], one["file_sha256"], one["first_line"]] = one["id"]
        return self.rows[key]

    @contextmanager
    def as_foretold(self, foretold: Callable[[], Any]) -> Any:
        """Let the model speak first: a call that it refuses must be refused by the ledger.

        Yields a list that holds what the model answers; empty when it refuses.
        """
        try:
            answer = [foretold()]
        except RefusedError:
            with pytest.raises(IllegalTransitionError):
                yield []
        else:
            yield answer

    def new_members(self, data: Any, scope: Scope, count: int) -> tuple[str, list[str]]:
        """Reserve numbers for a flow; return its id and those of its members."""
        numbers = self.ledger(data, scope).reserve_sequences(INTERFACES[0], count, first=1)
        assert numbers == self.model.reserve(scope[1], INTERFACES[0], count, 1)
        ids = [f"{scope[1]}1106{number:015d}" for number in numbers]
        return ids[0], ids


def built(flow_id: str, invoices: int) -> BuiltFlow:
    """Return a flow of the outbox."""
    return BuiltFlow(
        flow_id=flow_id,
        file_name=f"{INTERFACES[0]}_{flow_id[:6]}_{flow_id}",
        interface=INTERFACES[0],
        path=flow_id,
        size=1,
        sha256=f"t-{flow_id}",
        content_sha256=f"c-{flow_id}",
        invoices=invoices,
    )
