"""Collect: fetch what Chorus Pro left in ``out``, keep it, read it, reconcile.

Order of things, so that a crash at any point loses nothing: a local copy is complete, fsynced and
recorded with its hash; its statuses are recorded; flows are settled from them; the file counts as
reconciled; only then may the remote one go. The next collect takes up what is left half-way.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import Settings
from config.statuses import load_statuses
from flows.channels import Channel, RemoteEntry
from flows.channels.localfile import fsync_folder
from flows.collect_result import CollectResult, ToDo
from flows.errors import (
    ChannelRefusedError,
    ConfigurationError,
    TargetExistsError,
    TransportError,
)
from flows.folders import StateFolders
from flows.ledger import InvoiceRecord, Ledger, ReturnRecord, ReturnState
from flows.profiles import load_profile
from flows.reconcile import late_finding, overdue_flows, overdue_invoices, reconcile
from flows.status_rows import status_rows
from transforms.finding import Finding, Location, Severity
from transforms.returns import ReturnContent, parse_return, status_code

_LOG = logging.getLogger(__name__)

_INCOMING = "incoming"
_NOT_UNDERSTOOD = "not_understood"
#: Endings under which other tools hide a file they are still writing.
_UNFINISHED = (".tmp", ".part", ".filepart", ".writing")
_BLOCK = 1 << 20


def collect(
    ledger: Ledger,
    channel: Channel,
    settings: Settings,
    *,
    clock: Callable[[], datetime],
    columns: Mapping[str, str] | None = None,
) -> CollectResult:
    """Fetch, record and reconcile the return files of the channel's ``out`` folder.

    A failing channel stops the fetching, not the reconciling: it is told in the result, and what
    was not fetched is fetched next time.

    Args:
        ledger: of the settings' environment, open for writing.
        channel: where ``out`` is.
        settings: interfaces to take, limits, what to do on the remote side.
        clock: tells the present moment in UTC.
        columns: ERP column by business term, to tell where a rejected value comes from; None: those
            of the profile of the settings.

    Raises:
        LedgerUnavailableError: the ledger cannot be read or written.
        OSError: the state folder cannot be written.
    """
    if columns is None:
        columns = _columns(settings)
    return _Collecting(ledger, channel, settings, clock, columns).run()


@dataclass(slots=True)
class _Found:
    """What the files of this collect said, before and after settling."""

    flow_ids: set[str] = field(default_factory=set)
    invoice_rows: set[int] = field(default_factory=set)
    kinds: Counter[str] = field(default_factory=Counter)
    not_understood: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Collecting:
    """One collect."""

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        settings: Settings,
        clock: Callable[[], datetime],
        columns: Mapping[str, str],
    ) -> None:
        self._ledger = ledger
        self._channel = channel
        self._settings = settings
        self._clock = clock
        self._columns = columns
        self._folder = StateFolders(settings.state_folder).returns
        self._fetched: list[str] = []
        self._known = 0
        self._problem: TransportError | ChannelRefusedError | None = None
        self._found = _Found()

    def run(self) -> CollectResult:
        try:
            self._fetch_all()
        except (TransportError, ChannelRefusedError) as error:
            self._problem = error
        done = self._ledger.returns(states={ReturnState.FETCHED})
        for record in done:
            self._read(record)
        settled = reconcile(
            self._ledger, self._found.flow_ids, self._settings, columns=self._columns
        )
        self._close(done)
        if self._problem is None:
            try:
                self._tidy_remote()
            except (TransportError, ChannelRefusedError) as error:
                self._problem = error
        now = self._clock()
        late = overdue_flows(self._ledger, self._settings, now)
        unknown = overdue_invoices(self._ledger, self._settings, now)
        invoices = self._concerned()
        runs = settled.runs | {i.run_id for i in invoices if i.origin != "import"}
        return CollectResult(
            fetched=tuple(self._fetched),
            already_known=self._known,
            not_understood=tuple(self._found.not_understood),
            flow_statuses=self._found.kinds["flow"],
            invoice_statuses=self._found.kinds["invoice"],
            foreign=self._found.kinds["foreign"],
            moved={state.value: count for state, count in sorted(settled.moved.items())},
            flows={flow_id: state.value for flow_id, state in settled.flows.items()},
            findings=(
                *self._found.findings,
                *settled.findings,
                *(late_finding(flow, now) for flow in late),
            ),
            overdue=tuple(flow.flow_id for flow in late),
            unknown_overdue=tuple(invoice.number or "" for invoice in unknown),
            to_do=tuple(todo for invoice in invoices if (todo := _to_do(invoice))),
            runs_touched=tuple(sorted(runs)),
            problem=self._problem,
        )

    # -- fetching ------------------------------------------------------------------------------

    def _fetch_all(self) -> None:
        """Fetch what is new in ``out``.

        Raises:
            TransportError, ChannelRefusedError: the channel failed; what was fetched is recorded.
        """
        recorded = self._recorded()
        for entry in self._channel.list_out():
            if not self._is_ours(entry.name):
                continue
            if self._is_recorded(entry, recorded.get(entry.name, ())):
                self._known += 1
            elif self._is_complete(entry):
                self._fetch(entry)

    def _is_ours(self, name: str) -> bool:
        endings = (*_UNFINISHED, self._settings.channel.temporary_suffix or _UNFINISHED[0])
        return name.startswith(self._settings.returns.interfaces) and not name.endswith(endings)

    def _recorded(self) -> dict[str, list[ReturnRecord]]:
        by_name: dict[str, list[ReturnRecord]] = {}
        for record in self._ledger.returns():
            by_name.setdefault(record.name, []).append(record)
        return by_name

    def _is_recorded(self, entry: RemoteEntry, records: Collection[ReturnRecord]) -> bool:
        """Whether the file was fetched before: same name and size, not changed since."""
        return any(
            entry.size == record.size
            and (entry.modified is None or entry.modified <= record.received_at.timestamp())
            for record in records
        )

    def _is_complete(self, entry: RemoteEntry) -> bool:
        age = self._settings.returns.settle_seconds
        if not age or entry.modified is None:
            return True
        # A server whose clock is ahead of ours shows files from the future: they are taken.
        return not 0 <= self._clock().timestamp() - entry.modified < age

    def _fetch(self, entry: RemoteEntry) -> None:
        incoming = self._made(_INCOMING) / entry.name
        try:
            size = self._channel.get(
                entry.name, incoming, max_bytes=self._settings.returns.max_bytes
            )
        except ChannelRefusedError as error:
            # One file that cannot be had does not keep the others from being had.
            self._found.findings.append(
                Finding(
                    "RT-FILE-02",
                    Severity.ERROR,
                    Location(entry.name),
                    params={"detail": error.what},
                )
            )
            return
        sha256 = _sha256(incoming)
        if self._ledger.return_seen(sha256):
            incoming.unlink()
            self._known += 1
            return
        month = self._clock().astimezone(ZoneInfo(self._settings.run_date)).strftime("%Y-%m")
        # The hash keeps two files of one name apart, and makes a second try land on the first.
        kept = self._made(month) / f"{entry.name}.{sha256[:12]}"
        incoming.replace(kept)
        fsync_folder(kept.parent)
        self._ledger.record_return(
            name=entry.name,
            sha256=sha256,
            size=size,
            kept_as=str(kept.relative_to(self._folder)),
            kind="",
            state=ReturnState.FETCHED,
        )
        self._fetched.append(entry.name)

    def _made(self, name: str) -> Path:
        path = self._folder / name
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            fsync_folder(path.parent)
        return path

    # -- reading -------------------------------------------------------------------------------

    def _read(self, record: ReturnRecord) -> None:
        """Record the statuses of a return file; what is not understood is kept aside."""
        content = self._parse(record)
        rows = [row for flow in content.flows for row in status_rows(self._ledger, flow)]
        self._ledger.add_statuses(record.return_id, rows)
        for row in rows:
            self._found.kinds["foreign" if row.foreign else row.kind] += 1
            if row.flow_id is not None and not row.foreign:
                self._found.flow_ids.add(row.flow_id)
            if row.invoice_row is not None:
                self._found.invoice_rows.add(row.invoice_row)
        if content.findings:
            self._ledger.add_findings(None, content.findings, return_id=record.return_id)
            self._found.findings.extend(content.findings)
        if content.problems:
            self._found.not_understood.append(record.name)
            self._keep_aside(record)
        if not content.flows:
            reason = "; ".join(f"{p.reason}: {p.detail}" for p in content.problems)
            self._ledger.move_return(record.return_id, ReturnState.NOT_UNDERSTOOD, reason=reason)

    def _parse(self, record: ReturnRecord) -> ReturnContent:
        return parse_return(
            (self._folder / record.kept_as).read_bytes(),
            name=record.name,
            zone=ZoneInfo(self._settings.returns.timezone),
            limits=self._settings.returns,
        )

    def _keep_aside(self, record: ReturnRecord) -> None:
        kept = self._folder / record.kept_as
        shutil.copyfile(kept, self._made(_NOT_UNDERSTOOD) / kept.name)

    def _close(self, read: Collection[ReturnRecord]) -> None:
        """Mark the files as reconciled, once what they said is settled."""
        left = {r.return_id for r in self._ledger.returns(states={ReturnState.FETCHED})}
        for record in read:
            if record.return_id in left:
                kinds = {s.status.kind for s in self._ledger.statuses(return_id=record.return_id)}
                self._ledger.move_return(
                    record.return_id, ReturnState.RECONCILED, kind="+".join(sorted(kinds))
                )

    # -- afterwards ----------------------------------------------------------------------------

    def _tidy_remote(self) -> None:
        """Move or remove what is safely reconciled; what is not understood stays where it is.

        Raises:
            TransportError, ChannelRefusedError: the channel failed; nothing is lost by it.
        """
        returns = self._settings.returns
        if returns.after_fetch == "keep":
            return
        safe: dict[str, list[ReturnRecord]] = {}
        for record in self._ledger.returns(states={ReturnState.RECONCILED}):
            safe.setdefault(record.name, []).append(record)
        for entry in self._channel.list_out():
            if not self._is_ours(entry.name):
                continue
            if not self._is_recorded(entry, safe.get(entry.name, ())):
                continue
            if returns.after_fetch == "remove":
                self._channel.remove(entry.name)
                continue
            try:
                self._channel.move(entry.name, returns.done_folder)
            except TargetExistsError as error:
                _LOG.warning("%s stays in out: %s", entry.name, error)

    def _concerned(self) -> list[InvoiceRecord]:
        found = (self._ledger.invoice(row) for row in sorted(self._found.invoice_rows))
        return [invoice for invoice in found if invoice is not None]


def _columns(settings: Settings) -> Mapping[str, str]:
    """Return the ERP column of each business term, from the profile of the settings."""
    try:
        profile = load_profile(settings.source.profile)
    except ConfigurationError as error:
        # A profile under repair must not keep reports from being read; runs tell of it.
        _LOG.warning("rejections are told without columns: %s", error)
        return {}
    sources = [profile.header, profile.lines, *(group.terms for group in profile.repeated)]
    return {
        term: source.column.replace("{n}", "1")
        for section in sources
        for term, source in section.items()
        if source.column
    }


def _to_do(invoice: InvoiceRecord) -> ToDo | None:
    """Return what the supplier must do about an invoice, from its last life-cycle status."""
    status = load_statuses().of_invoice(status_code(invoice.life_status or ""))
    if status is None or status.actor != "supplier":
        return None
    return ToDo(
        invoice_row=invoice.invoice_row,
        number=invoice.number or "",
        run_id=invoice.run_id,
        code=invoice.life_status or "",
        label=status.label,
        at=invoice.life_at,
    )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest()
