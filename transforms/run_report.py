"""The report of a run as pure data: what its page shows and its JSON file holds.

Texts in here are already in the language of the report; amounts are decimals, times carry their
zone. A list that may be long is given up to a limit, with its true count beside it: the CSV files
hold everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from transforms.balance_sheet import BalanceSheet, Figures
from transforms.verdict import Judgement, Remembered

#: Version of the JSON form; it grows when a key changes its meaning or goes, not when one comes.
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A finding in words."""

    rule: str
    severity: str
    title: str
    message: str
    advice: str
    source: str = ""
    bt: str = ""
    term: str = ""
    file: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""
    path: str = ""
    """Path of the element, for XML that the ERP wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An invoice that somebody should look at, and why.

    ``reason`` is what the ledger noted beside the state: Chorus Pro's own words of a rejection,
    the flow that already carried it, the filter that left it out.
    """

    number: str
    buyer: str
    buyer_id: str
    type_code: str
    currency: str
    total: Decimal | None
    issue_date: date | None
    file: str
    line: int
    flow_id: str
    state: str
    reason: str
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseGroup:
    """Invoices with the same main reason: each invoice is in one group, so the groups add up."""

    rule: str
    title: str
    source: str
    figures: Figures
    cases: tuple[Case, ...]

    @property
    def unlisted(self) -> int:
        """Return how many invoices are only in the CSV files."""
        return self.figures.count - len(self.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLine:
    """A flow; ``flow_id`` is what Chorus Pro's portal searches by (25 characters).

    ``outcome`` is the last status of Chorus Pro about the flow, in its own words.
    """

    flow_id: str
    file_name: str
    run_id: str
    run_date: date | None
    figures: Figures
    invoices: int
    size: int
    sha256: str
    state: str
    attempts: int
    detail: str
    replaces: str
    changed_at: datetime
    deposited_at: datetime | None
    reported_at: datetime | None
    outcome: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLine:
    """An extract file read by the run."""

    name: str
    size: int
    sha256: str
    state: str
    rows: int | None
    invoices: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnLine:
    """A return file of Chorus Pro fetched during the night, or not understood and still open."""

    name: str
    kind: str
    state: str
    reason: str
    received_at: datetime
    told: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDo:
    """An invoice that waits for the supplier on the portal; ``message`` is the buyer's own word."""

    number: str
    buyer: str
    currency: str
    total: Decimal | None
    run_id: str
    message: str
    at: datetime | None
    days: int | None = None  # since then


@dataclass(frozen=True, slots=True, kw_only=True)
class ToDoGroup:
    """Invoices with the same status that asks something of the supplier."""

    code: str
    label: str
    meaning: str
    next_step: str
    count: int
    items: tuple[ToDo, ...]

    @property
    def unlisted(self) -> int:
        """Return how many invoices are only in the CSV files."""
        return self.count - len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCount:
    """How many invoices have a life-cycle status as their last one."""

    code: str
    label: str
    meaning: str
    actor: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCount:
    """How often a rule was broken, with one example."""

    rule: str
    title: str
    layer: str
    source: str
    findings: int
    invoices: int
    example: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCount:
    """Findings of one layer of validation, over all invoices of the run."""

    layer: str
    blocking: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonCount:
    """Invoices skipped or excluded, by what the ledger noted: the flow, or the filter."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """An earlier run that is still held."""

    run_id: str
    run_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A change of state of the run: who, when, why."""

    at: datetime
    actor: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryLine:
    """The directory of public structures that recipients were held against.

    ``services`` is None when none were imported: service codes were not checked.
    """

    dated: date
    structures: int
    services: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What the run was done with."""

    release: str
    profile: str
    target: str
    syntax: str
    interface: str
    settings_hash: str
    packages: Mapping[str, str]
    directory: DirectoryLine | None = None
    """None: none was imported, recipients were not checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailHead:
    """The head of the audit trail when the report was written: it proves all that came before."""

    rank: int
    sha256: str
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """What needs a person now: of this run, and for the newest run of every earlier one too."""

    in_doubt: tuple[FlowLine, ...] = ()
    incidents: tuple[FlowLine, ...] = ()
    overdue: tuple[FlowLine, ...] = ()
    unknown: tuple[CaseGroup, ...] = ()
    not_understood: tuple[ReturnLine, ...] = ()
    held_runs: tuple[RunLine, ...] = ()
    to_do: tuple[ToDoGroup, ...] = ()
    told: tuple[Told, ...] = ()
    """Findings about flows and return files that ask for a person."""

    @property
    def urgent(self) -> bool:
        """Whether something cannot wait; corrections on the portal are everyday work."""
        return bool(
            self.in_doubt
            or self.incidents
            or self.overdue
            or self.not_understood
            or self.held_runs
            or self.unknown
            or self.told
        )

    @property
    def anything(self) -> bool:
        """Whether there is something to do at all."""
        return self.urgent or bool(self.to_do)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """The report of one run."""

    language: Literal["fr", "en"]
    company: str
    emitter: str
    environment: str
    run_id: str
    run_date: date
    run_state: str
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    written_at: datetime
    judgement: Judgement
    balance: BalanceSheet | None
    attention: Attention
    flows: tuple[FlowLine, ...]
    flow_count: int
    quarantined: tuple[CaseGroup, ...]
    rejected: tuple[CaseGroup, ...]
    duplicates: tuple[CaseGroup, ...]
    """Rejected because Chorus Pro has the number: nothing goes again."""
    waiting: tuple[CaseGroup, ...]
    states: Mapping[str, Figures]
    """Figures per state of the ledger, now."""
    life_cycle: tuple[StatusCount, ...]
    earlier_flows: tuple[FlowLine, ...]
    """Flows of earlier runs about which Chorus Pro answered during this night."""
    returns: tuple[ReturnLine, ...]
    skipped: tuple[ReasonCount, ...]
    excluded: tuple[ReasonCount, ...]
    orphans: tuple[Told, ...]
    orphan_count: int
    files: tuple[FileLine, ...]
    file_count: int
    warnings: tuple[RuleCount, ...]
    layers: tuple[LayerCount, ...]
    remembered: Remembered
    steps: tuple[Step, ...]
    versions: Versions
    head: TrailHead | None = None
    """None: nothing was sealed yet."""

    def count(self, *states: str) -> int:
        """Return how many invoices of the run are now in one of these states."""
        return sum(self.states[state].count for state in states if state in self.states)


def as_json(report: RunReport) -> dict[str, Any]:
    """Return a report as plain data: amounts as text, times in ISO 8601, keys as documented.

    See docs/report.md. Amounts stay text so that no reader turns them into binary fractions.
    """
    return {"schema": SCHEMA, **_plain_fields(report)}


def remembered_in(data: Any) -> Remembered:
    """Return what an earlier JSON form remembers; nothing when it is not one of this schema."""
    kept = data.get("remembered") if isinstance(data, dict) else None
    if not isinstance(kept, dict) or data.get("schema") != SCHEMA:
        return Remembered()
    empty = Remembered()
    values: dict[str, Any] = {}
    for each in fields(Remembered):
        value = kept.get(each.name)
        if isinstance(getattr(empty, each.name), bool):
            values[each.name] = value is True
        else:
            values[each.name] = tuple(map(str, value)) if isinstance(value, list) else ()
    return Remembered(**values)


def _plain_fields(item: Any) -> dict[str, Any]:
    return {each.name: _plain(getattr(item, each.name)) for each in fields(item)}


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return _plain_fields(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # a datetime too
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    return value
