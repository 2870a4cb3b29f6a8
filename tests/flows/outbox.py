"""A ledger with flows in an outbox, and a channel in memory: parts for the tests of the deposit."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from config.channel_settings import Channel as ChannelSettings
from config.settings import Environment, Settings
from flows.channels import Channel, RemoteEntry
from flows.channels.base import Progress
from flows.deposit import DepositResult, deposit_flows
from flows.errors import ChannelRefusedError, TargetExistsError
from flows.ledger import FlowRecord, FlowState, Ledger
from transforms.outcome import BuiltFlow, Fate, Identity, InvoiceOutcome, Span

RUN = "20260203-210000"
BLOCK = 1000


def open_ledger(folder: Path) -> Ledger:
    """Open (or create) the ledger of a folder."""
    return Ledger.open(
        f"sqlite:///{folder / 'ledger.sqlite'}",
        environment=Environment.SANDBOX,
        company="default",
        emitter="AAA999",
    )


def build_flows(ledger: Ledger, outbox: Path, *contents: bytes, run_id: str = RUN) -> list[str]:
    """Put flows of one invoice each in the outbox and the ledger; return their ids."""
    outbox.mkdir(exist_ok=True)
    if ledger.run(run_id) is None:
        ledger.start_run(
            run_id=run_id, run_date=date(2026, 2, 3), settings_hash="0" * 64, version="0.1.0"
        )
    first = len(ledger.flows()) + 1
    ids = []
    for rank, content in enumerate(contents, start=first):
        flow_id = f"AAA999FSO1106A{rank:011d}"
        name = f"FSO1106A_AAA999_{flow_id}"
        (outbox / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        flow = BuiltFlow(
            flow_id=flow_id,
            file_name=name,
            interface="FSO1106A",
            path=name,
            size=len(content),
            sha256=digest,
            content_sha256=digest,
            invoices=1,
        )
        outcome = InvoiceOutcome(
            position=rank,
            span=Span(file="a.csv", file_sha256="a" * 64, first_line=rank, last_line=rank),
            fate=Fate.BUNDLED,
            number=f"F{rank}",
            identity=Identity("sandbox", "siret", "12345678200077", f"F{rank}"),
            content_hash="v1:" + "b" * 64,
            currency="EUR",
            total=Decimal("120.00"),
            flow_id=flow_id,
            member_id=flow_id,
        )
        assert not ledger.commit_chunk(run_id, [outcome], [flow])
        ids.append(flow_id)
    return ids


def records(ledger: Ledger, ids: list[str]) -> list[FlowRecord]:
    """Return the flows as the ledger knows them now."""
    found = [ledger.flow(flow_id) for flow_id in ids]
    return [flow for flow in found if flow is not None]


def states(ledger: Ledger, ids: list[str]) -> list[str]:
    """Return the states of flows."""
    return [flow.state.value for flow in records(ledger, ids)]


def trail(ledger: Ledger, flow_id: str) -> list[str]:
    """Return the states a flow went through, from the events."""
    return [event.target for event in ledger.events(flow_id=flow_id) if event.kind == "flow"]


def settings_with(**channel: object) -> Settings:
    """Return settings of a channel that waits for nothing."""
    values: dict[str, object] = {"kind": "folder", "root": Path("unused"), "retry_wait": 0}
    return Settings(channel=ChannelSettings.model_validate(values | channel))


class MemoryChannel(Channel):
    """A channel whose other side is a dictionary. Faults are subclasses that override a step.

    ``arrivals`` lists every path that got a complete file under it other than by an upload to a
    temporary name: what Chorus Pro would take.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.channel)
        self.files: dict[str, bytes] = {}
        self.arrivals: list[str] = []
        self.connects = 0

    def connect(self) -> None:
        self.connects += 1

    def put(self, local: Path, path: str, *, progress: Progress | None = None) -> int | None:
        content = local.read_bytes()
        if path in self.files:
            raise TargetExistsError(path)
        for sent in (*range(0, len(content), BLOCK), len(content)):
            self.files[path] = content[:sent]
            if progress:
                progress(sent, len(content))
        self._arrived(path)
        return len(content)

    def rename(self, temporary: str, final: str) -> None:
        if final in self.files:
            raise TargetExistsError(final)
        if temporary not in self.files:
            raise ChannelRefusedError(temporary)
        self.files[final] = self.files.pop(temporary)
        self._arrived(final)

    def stat(self, path: str) -> RemoteEntry | None:
        if path not in self.files:
            return None
        return RemoteEntry(path.rpartition("/")[2], len(self.files[path]), 0)

    def discard(self, path: str) -> bool:
        return self.files.pop(path, None) is not None

    def list_out(self) -> list[RemoteEntry]:
        return []

    def list_in(self) -> list[RemoteEntry]:
        names = [path for path in self.files if path.startswith("in/")]
        return [entry for path in sorted(names) if (entry := self.stat(path)) is not None]

    def get(self, name: str, local: Path, *, max_bytes: int) -> int:
        raise ChannelRefusedError(name)

    def remove(self, name: str) -> None:
        self.files.pop(f"out/{name}", None)

    def move(self, name: str, folder: str) -> None:
        self.rename(f"out/{name}", f"{folder}/{name}")

    def close(self) -> None:
        pass

    def _arrived(self, path: str) -> None:
        if "." not in path:  # a temporary name has an ending
            self.arrivals.append(path)


def half_way(ledger: Ledger, flow_id: str, state: str, temporary: str | None) -> None:
    """Bring a flow to ``uploading`` or ``renaming``, as a process that then died."""
    ledger.move_flow(flow_id, FlowState.UPLOADING, temporary_name=temporary)
    if state == "renaming":
        ledger.move_flow(flow_id, FlowState.RENAMING)


def now() -> datetime:
    """A moment that does not pass."""
    return datetime(2026, 2, 3, 21, tzinfo=UTC)


def deposit(
    ledger: Ledger, channel: MemoryChannel, outbox: Path, ids: list[str], settings: Settings
) -> DepositResult:
    """Deposit flows without waiting between tries."""
    return deposit_flows(
        ledger, channel, outbox, records(ledger, ids), settings, clock=now, sleep=lambda _: None
    )


def final(ledger: Ledger, flow_id: str) -> str:
    """Return the final name of a flow on the other side."""
    flow = ledger.flow(flow_id)
    assert flow is not None
    return f"in/{flow.file_name}"
