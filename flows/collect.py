"""Collect: fetch what Chorus Pro left in ``out``, keep it, read it, reconcile.

Order of things, so that a crash at any point loses nothing: a local copy is complete, fsynced and
recorded with its hash; its statuses are recorded; flows are settled from them; the file counts as
reconciled; only then may the remote one go. The next collect takes up what is left half-way.
"""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from config.settings import Settings
from config.statuses import statuses_for
from flows.channels import Channel
from flows.collect_result import CollectResult, ToDo
from flows.crashpoints import CrashPoint, reach
from flows.errors import ConfigurationError
from flows.fetch import Fetcher
from flows.folders import StateFolders
from flows.ledger import InvoiceRecord, Ledger, ReturnRecord, ReturnState
from flows.overdue import late_finding, overdue_flows, overdue_invoices
from flows.private_files import open_private
from flows.profiles import load_profile
from flows.reconcile import reconcile
from flows.status_rows import status_rows
from transforms.finding import Finding
from transforms.formulas import erp_columns
from transforms.returns import parse_return
from transforms.statuses import Problem, Reason, ReturnContent, status_code

_LOG = logging.getLogger(__name__)

_NOT_UNDERSTOOD = "not_understood"


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
    supplier_rows: set[int] = field(default_factory=set)  # invoices sent back to the supplier
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
        self._settings = settings
        self._clock = clock
        self._columns = columns
        self._folder = StateFolders(settings.state_folder).returns
        self._fetcher = Fetcher(ledger, channel, settings, self._folder, clock)
        self._found = _Found()
        self._table = statuses_for(settings.returns)

    def run(self) -> CollectResult:
        fetched = self._fetcher.fetch()
        # Those of a collect that was cut come first: they were fetched first.
        understood = {
            record.return_id: kind
            for record in self._ledger.returns(states={ReturnState.FETCHED})
            if (kind := self._read(record))
        }
        settled = reconcile(
            self._ledger, self._found.flow_ids, self._settings, columns=self._columns
        )
        reach(CrashPoint.FLOWS_SETTLED)
        for return_id, kind in understood.items():
            self._ledger.move_return(return_id, ReturnState.RECONCILED, kind=kind)
        reach(CrashPoint.RETURNS_RECONCILED)
        problem = fetched.problem or self._fetcher.tidy()
        now = self._clock()
        late = overdue_flows(self._ledger, self._settings, now)
        unknown = overdue_invoices(self._ledger, self._settings, now)
        invoices = (self._ledger.invoice(row) for row in sorted(self._found.supplier_rows))
        return CollectResult(
            fetched=fetched.names,
            already_known=fetched.known,
            not_understood=tuple(self._found.not_understood),
            flow_statuses=self._found.kinds["flow"],
            invoice_statuses=self._found.kinds["invoice"],
            foreign=self._found.kinds["foreign"],
            moved={state.value: count for state, count in sorted(settled.moved.items())},
            flows={flow_id: state.value for flow_id, state in settled.flows.items()},
            findings=(
                *fetched.findings,
                *self._found.findings,
                *settled.findings,
                *(late_finding(flow, now) for flow in late),
            ),
            overdue=tuple(flow.flow_id for flow in late),
            unknown_overdue=tuple(invoice.number or "" for invoice in unknown),
            to_do=tuple(self._to_do(i for i in invoices if i is not None)),
            runs_touched=tuple(sorted(settled.runs)),
            problem=problem,
        )

    # -- reading -------------------------------------------------------------------------------

    def _read(self, record: ReturnRecord) -> str:
        """Record the statuses of a return file; what is not understood is kept aside.

        Returns:
            The kinds of statuses it holds; empty when nothing of it is understood.
        """
        content = self._parse(record)
        rows = [row for flow in content.flows for row in status_rows(self._ledger, flow)]
        self._ledger.add_statuses(record.return_id, rows)
        reach(CrashPoint.STATUSES_ADDED)
        for row in rows:
            self._found.kinds["foreign" if row.foreign else row.kind] += 1
            if row.flow_id is not None and not row.foreign:
                self._found.flow_ids.add(row.flow_id)
            if row.invoice_row is not None and self._table.asks_supplier(status_code(row.code)):
                self._found.supplier_rows.add(row.invoice_row)
        if content.findings:
            self._ledger.add_findings(None, content.findings, return_id=record.return_id)
            self._found.findings.extend(content.findings)
        if content.problems:
            self._found.not_understood.append(record.name)
            self._keep_aside(record)
        if not content.flows:
            reason = "; ".join(f"{p.reason}: {p.detail}" for p in content.problems)
            self._ledger.move_return(record.return_id, ReturnState.NOT_UNDERSTOOD, reason=reason)
        return "+".join(sorted({row.kind for row in rows}))

    def _parse(self, record: ReturnRecord) -> ReturnContent:
        try:
            data = (self._folder / record.kept_as).read_bytes()
        except FileNotFoundError:
            problem = Problem(record.name, Reason.MISSING, record.kept_as)
            return ReturnContent(problems=(problem,))
        return parse_return(
            data,
            name=record.name,
            zone=ZoneInfo(self._settings.returns.timezone),
            limits=self._settings.returns,
        )

    def _to_do(self, invoices: Iterable[InvoiceRecord]) -> Iterator[ToDo]:
        """Yield what the supplier must do, from the last life-cycle status of each invoice."""
        concerned = list(invoices)
        issued_anew = self._ledger.followers(invoice.invoice_row for invoice in concerned)
        for invoice in concerned:
            status = self._table.of_invoice(status_code(invoice.life_status or ""))
            if status is None or status.actor != "supplier":
                continue
            if invoice.invoice_row in issued_anew:
                continue
            yield ToDo(
                invoice_row=invoice.invoice_row,
                number=invoice.number or "",
                run_id=invoice.run_id,
                code=invoice.life_status or "",
                label=status.label,
                at=invoice.life_at,
            )

    def _keep_aside(self, record: ReturnRecord) -> None:
        kept = self._folder / record.kept_as
        if not kept.exists():
            return
        aside = self._fetcher.made(_NOT_UNDERSTOOD) / kept.name
        with kept.open("rb") as source, open_private(aside) as target:
            shutil.copyfileobj(source, target)


def _columns(settings: Settings) -> Mapping[str, str]:
    """Return the ERP column of each business term, from the profile of the settings."""
    try:
        return erp_columns(load_profile(settings.source.profile))
    except ConfigurationError as error:
        # A profile under repair must not keep reports from being read; runs tell of it.
        _LOG.warning("rejections are told without columns: %s", error)
        return {}
