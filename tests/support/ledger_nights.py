"""What the ledger's tests share: invoices, flows, and a clock that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from flows.ledger import Ledger
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

RUN = "2026-03-02-1"
NIGHT = date(2026, 3, 2)
INTERFACE = "FSO1106A"


class Clock:
    """A clock that moves on by one second each time it is read."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 21, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def start(ledger: Ledger, run_id: str = RUN) -> str:
    """Start a run and return its id."""
    ledger.start_run(run_id=run_id, run_date=NIGHT, settings_hash="abc", version="0.1.0")
    return run_id


def outcome(
    position: int,
    *,
    number: str | None = None,
    fate: Fate = Fate.QUARANTINED,
    file: str = "extract.csv",
    total: Decimal | None = Decimal("120.00"),
    content: str | None = None,
    seller: str = "73282932000074",
) -> InvoiceOutcome:
    """Return an invoice at ``position``, read on line ``position + 2`` of its file."""
    name = number if number is not None else f"F{position:05d}"
    return InvoiceOutcome(
        position=position,
        span=Span(
            file=file, file_sha256=f"sha-{file}", first_line=position + 2, last_line=position + 2
        ),
        fate=fate,
        number=name,
        identity=Identity("sandbox", "1", seller, name),
        content_hash=content or f"v1:{name}",
        type_code="380",
        issue_date=NIGHT,
        currency="EUR",
        total=total,
        buyer_id="11000201100044",
        buyer_name="Ministère de l'Épreuve",
    )


def bundle(
    ledger: Ledger, outcomes: Sequence[InvoiceOutcome]
) -> tuple[list[InvoiceOutcome], BuiltFlow]:
    """Return the invoices as members of a new flow, and the flow."""
    numbers = ledger.reserve_sequences(INTERFACE, len(outcomes), first=1)
    ids = [f"AAA9991106{number:015d}" for number in numbers]
    members = [
        replace(o, fate=Fate.BUNDLED, flow_id=ids[0], member_id=member)
        for o, member in zip(outcomes, ids, strict=True)
    ]
    return members, built(ids[0], len(outcomes))


def built(flow_id: str, invoices: int) -> BuiltFlow:
    """Return a flow of the outbox."""
    return BuiltFlow(
        flow_id=flow_id,
        file_name=f"{INTERFACE}_AAA999_{flow_id}",
        interface=INTERFACE,
        path=f"{RUN}/{flow_id}",
        size=1234,
        sha256=f"transfer-{flow_id}",
        content_sha256=f"content-{flow_id}",
        invoices=invoices,
    )


def send(
    ledger: Ledger, count: int, *, first: int = 0, run_id: str = RUN, until: str = "deposited"
) -> str:
    """Record a flow of ``count`` invoices, take it up to a state, and return its id."""
    members, flow = bundle(ledger, [outcome(first + i) for i in range(count)])
    assert ledger.commit_chunk(run_id, members, [flow]) == ()
    for state in PATHS[until]:
        ledger.move_flow(flow.flow_id, state)
    return flow.flow_id


#: How a flow gets from ``built`` to a state.
PATHS = {
    "built": (),
    "uploading": ("uploading",),
    "renaming": ("uploading", "renaming"),
    "deposited": ("uploading", "renaming", "deposited"),
    "handed_over": ("uploading", "renaming", "handed_over"),
    "in_doubt": ("uploading", "renaming", "in_doubt"),
    "incident": ("uploading", "renaming", "deposited", "incident"),
    "partial": ("uploading", "renaming", "deposited", "partial"),
    "rejected": ("uploading", "renaming", "deposited", "rejected"),
    "integrated": ("uploading", "renaming", "deposited", "integrated"),
}
