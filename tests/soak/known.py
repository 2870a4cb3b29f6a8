"""What the ledger holds at one moment, read from its tables, and whether they agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, select

from flows.ledger import tables
from tests.soak import ledger_dump

#: States of an invoice of which it is not over, or that exists on the other side.
LIVE = frozenset(
    {
        "bundled",
        "deposited",
        "handed_over",
        "in_doubt",
        "integrated",
        "outcome_unknown",
        "waiting",
    }
)


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger at one moment, read from its tables."""

    everything: Sequence[Any]
    """All invoices, as rows of the table."""
    runs: dict[str, str]
    done: set[str]
    """Hashes of the extracts read to the end by a run that did not fail."""
    flows: dict[str, Any]
    told: set[int]
    """Invoices with a finding."""

    @property
    def placed(self) -> list[Any]:
        """Return the invoices of runs that did not fail, not read again by a later run."""
        return [
            one
            for one in self.everything
            if self.runs[one.run_id] != "failed" and one.taken_over_by is None
        ]

    @property
    def counted(self) -> list[Any]:
        """Return these, and what a run that was given up had sent before."""
        return self.placed + [
            one
            for one in self.everything
            if self.runs[one.run_id] == "failed"
            and one.state not in {"quarantined", "waiting"}
            # What a run that failed only skipped or left out comes again with its extract.
            and one.flow_id is not None
        ]

    def by_number(self) -> dict[str, list[Any]]:
        """Return the invoices that count, by number."""
        found: dict[str, list[Any]] = defaultdict(list)
        for one in self.counted:
            found[one.number or ""].append(one)
        return found

    def flow_name(self, flow_id: str | None) -> str:
        """Return the file name of a flow; empty when there is none."""
        return str(self.flows[flow_id].file_name) if flow_id else ""

    def withheld(self, flow_id: str) -> bool:
        """Whether an operator's word is missing before a flow may leave."""
        return self.runs[self.flows[flow_id].run_id] in {"held", "failed"}


def known_of(engine: Engine) -> Known:
    """Read the ledger."""
    with engine.connect() as connection:
        runs = {
            one.run_id: one.state.value
            for one in connection.execute(select(tables.runs.c.run_id, tables.runs.c.state))
        }
        extracts = connection.execute(
            select(tables.extracts.c.run_id, tables.extracts.c.sha256).where(
                tables.extracts.c.finished_at.is_not(None)
            )
        )
        done = {one.sha256 for one in extracts if runs[one.run_id] != "failed"}
        flows = connection.execute(select(tables.flows)).all()
        findings = select(tables.findings.c.invoice_id).distinct()
        return Known(
            connection.execute(select(tables.invoices).order_by(tables.invoices.c.id)).all(),
            runs,
            done,
            {flow.flow_id: flow for flow in flows},
            set(connection.execute(findings).scalars()) - {None},
        )


def check_history(engine: Engine) -> list[str]:
    """Return where the ledger's own tables contradict each other or their events."""
    try:
        with engine.connect() as connection:
            dump = ledger_dump.of_ledger(connection)
    except AssertionError as error:
        return [str(error)]
    told: list[str] = []
    for key, blocks in dump.numbers.items():
        if sum(map(len, blocks)) != len(set().union(*blocks)):
            told.append(f"numbers of {key} were reserved twice")
    states = {key: one[3] for key, one in dump.invoices.items()}
    holding = LIVE - {"waiting"}
    told += [
        f"{identity} is held by {key}, which is {states[key]}"
        for identity, key in dump.holders.items()
        if states[key] not in holding | {"rejected"}
    ]
    held = set(dump.holders.values())
    told += [
        f"invoice {key} is {state} and does not hold its number"
        for key, state in states.items()
        if state in holding and key not in held
    ]
    return told
