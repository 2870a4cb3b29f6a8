"""What the ledger gives back and takes: plain immutable records, named like the columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from flows.ledger.states import ExtractState, FlowState, InvoiceState, ReturnState, RunState
from transforms.finding import Finding
from transforms.outcome import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. ``kind`` is ``nightly``, or ``import`` for invoices sent by a former tool."""

    run_id: str
    kind: str
    run_date: date
    state: RunState
    settings_hash: str
    version: str
    started_at: datetime
    finished_at: datetime | None
    exit_code: int | None
    balance: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractRecord:
    """One extract file claimed by a run."""

    run_id: str
    name: str
    sha256: str
    size: int
    claimed_as: str
    state: ExtractState
    rows: int | None
    invoices: int | None
    claimed_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The invoice that holds an identity; ``invoice_row`` is None for one of the same chunk."""

    identity_key: str
    number: str
    content_hash: str | None  # None for an invoice sent by a former tool
    state: InvoiceState
    run_id: str
    flow_id: str | None
    file: str
    first_line: int
    invoice_row: int | None
    origin: str
    life_status: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """An invoice of a chunk whose identity is already held: it must leave the chunk.

    ``recorded``: the holder is this very invoice (same file and line), recorded earlier in this
    run under another flow; the lead drops it from the chunk instead of calling it a duplicate.
    """

    position: int
    identity_key: str
    holder: Known
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowRecord:
    """One flow. ``path`` is relative to the outbox; ``attempts`` counts uploads begun."""

    flow_id: str
    run_id: str
    file_name: str
    interface: str
    path: str
    size: int
    sha256: str
    content_sha256: str
    invoices: int
    state: FlowState
    attempts: int
    temporary_name: str | None
    detail: str
    replaces: str | None
    built_at: datetime
    changed_at: datetime
    deposited_at: datetime | None
    reported_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecord:
    """An invoice as a member of a flow; ``state`` is the invoice's own, now."""

    invoice_row: int
    member_id: str
    number: str | None
    identity_key: str | None
    seller_id: str | None
    state: InvoiceState
    attempt: int
    outcome: InvoiceState
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRecord:
    """A flow that carried an invoice, and the invoice's member id in it; the first is attempt 1."""

    flow_id: str
    member_id: str
    attempt: int
    outcome: InvoiceState
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceRecord:
    """One invoice read in a run, or imported as sent by a former tool.

    ``follows``: row of the invoice, refused by the buyer, that this one replaces.
    """

    invoice_row: int
    run_id: str
    origin: str
    position: int
    file: str
    file_sha256: str
    first_line: int
    last_line: int
    state: InvoiceState
    reason: str | None
    number: str | None
    identity_key: str | None
    seller_scheme: str | None
    seller_id: str | None
    content_hash: str | None
    type_code: str | None
    issue_date: date | None
    currency: str | None
    total: Decimal | None
    buyer_id: str | None
    buyer_name: str | None
    service_code: str | None
    engagement: str | None
    flow_id: str | None
    member_id: str | None
    nights: int
    taken_over_by: str | None
    life_status: str | None
    life_label: str | None
    life_at: datetime | None
    changed_at: datetime
    follows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecord:
    """An invoice of a former run that waits (for an attachment) for a later night."""

    invoice_row: int
    run_id: str
    file: str
    file_sha256: str
    first_line: int
    number: str | None
    nights: int
    taken_over_by: str | None

    @property
    def spool(self) -> str:
        """Name of the file of the ``waiting`` folder that holds its rows."""
        return spool_name(self.file_sha256, self.first_line)


def spool_name(file_sha256: str, first_line: int) -> str:
    """Return the name under which the rows of a waiting invoice are kept."""
    return f"{file_sha256}-{first_line}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRecord:
    """A finding as recorded, with what it is about."""

    finding: Finding
    run_id: str | None
    invoice_row: int | None
    flow_id: str | None
    return_id: int | None
    found_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One change of state: who, when, from what to what, why."""

    at: datetime
    actor: str
    kind: str
    run_id: str | None
    invoice_row: int | None
    flow_id: str | None
    source: str
    target: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventMark:
    """One event, known again by its number and by what it said."""

    event: int
    at: datetime
    kind: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRecord:
    """One return file fetched from the channel."""

    return_id: int
    name: str
    sha256: str
    size: int
    kept_as: str
    kind: str
    state: ReturnState
    reason: str
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRow:
    """A status to record.

    Attributes:
        kind: ``flow`` (integration report) or ``invoice`` (life cycle).
        code: as received.
        at: its own time; None when it could not be read. ``at_text`` is what was received.
        invoice_row: the invoice concerned, when known; its life-cycle columns follow.
        foreign: about a flow or an invoice that this ledger does not know.
        details: error lines, or whatever else was said, as text.
    """

    kind: Literal["flow", "invoice"]
    code: str
    label: str = ""
    at: datetime | None = None
    at_text: str = ""
    flow_id: str | None = None
    member_id: str | None = None
    invoice_row: int | None = None
    seller_scheme: str | None = None
    seller_id: str | None = None
    number: str | None = None
    message: str = ""
    details: tuple[Mapping[str, str], ...] = ()
    foreign: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRecord:
    """A status as recorded; ``received_at`` is when its file was recorded."""

    return_id: int
    rank: int
    status: StatusRow
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SentInvoice:
    """An invoice sent by a former tool, whose number must not be sent again.

    ``line`` is where the imported list names it; two invoices cannot share one.
    """

    identity: Identity
    line: int
    state: InvoiceState = InvoiceState.DEPOSITED
    content_hash: str | None = None
    type_code: str | None = None
    issue_date: date | None = None
    currency: str | None = None
    total: Decimal | None = None
    buyer_id: str | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did: ``known`` were in the ledger already and are left as they are."""

    run_id: str
    imported: int
    known: tuple[Known, ...] = field(default=())
