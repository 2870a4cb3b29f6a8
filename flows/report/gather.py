"""Gather the report of a run from the ledger: its invoices in one pass, page by page.

Memory is bounded by the page and by the lists' limit, whatever the size of the night; the CSV
tables are written on the way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from config.report_texts import load_report_texts
from config.settings import Settings
from config.statuses import statuses_for
from flows.collect_result import GRAVE
from flows.errors import ConfigurationError
from flows.ledger import (
    ExtractRecord,
    FlowRecord,
    FlowState,
    InvoiceRecord,
    InvoiceState,
    Ledger,
    RunRecord,
)
from flows.places import balance_of, read_tally
from flows.report.aftermath import Aftermath
from flows.report.counts import Counts, RuleTally
from flows.report.facts import RunFacts
from flows.report.tables import Tables
from flows.report.to_do import ToDoBook
from flows.report.told import CaseBook, Sum, layer_of, tell
from flows.report.versions import versions_of
from transforms.balance import Tally
from transforms.balance_sheet import BalanceSheet, Figures
from transforms.finding import Severity
from transforms.run_report import (
    FileLine,
    FlowLine,
    LayerCount,
    ReasonCount,
    RuleCount,
    RunReport,
    StatusCount,
    Step,
    Told,
    TrailHead,
)
from transforms.statuses import status_code
from transforms.verdict import Remembered, judge

_PAGE = 1_000


def gather(
    ledger: Ledger,
    run_id: str,
    settings: Settings,
    facts: RunFacts,
    remembered: Remembered,
    tables: Tables,
) -> RunReport:
    """Return the report of a run as it stands now, and write its invoices to the tables.

    Args:
        ledger: all but ``facts`` comes from it.
        run_id: the run; the newest one also tells what is still open of earlier ones.
        settings: language, limits, deadlines.
        facts: what the run knows of itself.
        remembered: what an earlier report of the same run knew.
        tables: take every invoice and every finding.

    Raises:
        ConfigurationError: the ledger knows no such run.
    """
    record = ledger.run(run_id)
    if record is None:
        message = f"The ledger knows no run {run_id}."
        raise ConfigurationError(message, next_step="See: chorus-flows status")
    return _Gathering(ledger, record, settings, facts, remembered, tables).run()


class _Gathering:
    """Gathers one report."""

    def __init__(
        self,
        ledger: Ledger,
        record: RunRecord,
        settings: Settings,
        facts: RunFacts,
        remembered: Remembered,
        tables: Tables,
    ) -> None:
        self._ledger = ledger
        self._run = record
        self._settings = settings
        self._facts = facts
        self._remembered = facts.joined_to(remembered)
        self._tables = tables
        self._language = settings.report.language
        self._limit = settings.report.rows_per_list
        self._now = ledger.now()
        self._counts = Counts()
        self._statuses = statuses_for(settings.returns)
        self._to_do = ToDoBook(
            ledger, self._limit, self._language, table=self._statuses, now=self._now
        )
        untold = load_report_texts(self._language)("group.untold")
        self._books = {
            state: CaseBook(self._limit, untold=untold)
            for state in (
                InvoiceState.QUARANTINED,
                InvoiceState.WAITING,
                InvoiceState.REJECTED,
                InvoiceState.DUPLICATE,
                InvoiceState.OUTCOME_UNKNOWN,
            )
        }

    def run(self) -> RunReport:
        """Walk through the invoices, then put the report together."""
        self._walk()
        orphans, orphan_count = self._apart()
        after = Aftermath(
            self._ledger,
            self._run,
            self._settings,
            now=self._now,
            unknown=self._books[InvoiceState.OUTCOME_UNKNOWN],
            to_do=self._to_do,
            line=self._flow_line,
        ).run()
        counts = self._counts
        unplaced = tuple(tell(finding, self._language) for finding in self._facts.findings)
        attention = after.attention((*counts.grave, *unplaced))
        states = {state.value: s.figures() for state, s in sorted(counts.states.items())}
        balance = self._balance()
        flows = self._ledger.flows(run_id=self._run.run_id)
        extracts = self._ledger.extracts(self._run.run_id)
        judgement = judge(
            run_state=self._run.state.value,
            balance=balance,
            facts=self._remembered,
            fresh_problems=bool(self._facts.problems),
            in_doubt=sum(flow.state is FlowState.IN_DOUBT for flow in flows),
            attention=attention.urgent,
            to_correct=orphan_count
            + len(attention.to_do)
            + after.earlier_refused
            + sum(
                states[state].count
                for state in (InvoiceState.QUARANTINED, InvoiceState.REJECTED)
                if state in states
            ),
        )
        return RunReport(
            language=self._language,
            company=self._ledger.company,
            emitter=self._ledger.emitter,
            environment=self._ledger.environment.value,
            run_id=self._run.run_id,
            run_date=self._run.run_date,
            run_state=self._run.state.value,
            started_at=self._run.started_at,
            finished_at=self._run.finished_at,
            exit_code=self._run.exit_code,
            written_at=self._now,
            judgement=judgement,
            balance=balance,
            attention=attention,
            flows=tuple(self._flow_line(flow) for flow in flows[: self._limit]),
            flow_count=len(flows),
            quarantined=self._books[InvoiceState.QUARANTINED].groups(),
            rejected=self._books[InvoiceState.REJECTED].groups(),
            duplicates=self._books[InvoiceState.DUPLICATE].groups(),
            waiting=self._books[InvoiceState.WAITING].groups(),
            states=states,
            life_cycle=self._life_cycle(),
            earlier_flows=after.earlier_flows,
            returns=after.returns,
            skipped=_reasons(counts.skipped, self._limit),
            excluded=_reasons(counts.excluded, self._limit),
            orphans=orphans,
            orphan_count=orphan_count,
            files=tuple(_file_line(extract) for extract in extracts[: self._limit]),
            file_count=len(extracts),
            warnings=self._warnings(),
            layers=tuple(
                LayerCount(layer=layer, blocking=blocking, warnings=warnings)
                for layer, (blocking, warnings) in sorted(counts.layers.items())
            ),
            remembered=self._remembered,
            steps=self._steps(),
            versions=versions_of(
                self._run,
                self._settings,
                self._ledger.directory_now(until=self._run.finished_at),
            ),
            head=self._head(),
        )

    # -- invoices ------------------------------------------------------------------------------

    def _walk(self) -> None:
        for page in _pages(self._ledger.invoices(run_id=self._run.run_id)):
            found = self._ledger.findings_of([invoice.invoice_row for invoice in page])
            for invoice in page:
                told = tuple(
                    tell(each.finding, self._language)
                    for each in found.get(invoice.invoice_row, ())
                )
                self._take(invoice, told)

    def _take(self, invoice: InvoiceRecord, told: tuple[Told, ...]) -> None:
        counts = self._counts
        self._tables.invoice(invoice, told)
        counts.states.setdefault(invoice.state, Sum()).add(invoice)
        if invoice.flow_id:
            counts.flows.setdefault(invoice.flow_id, Sum()).add(invoice)
        if invoice.state is InvoiceState.SKIPPED:
            counts.skipped[invoice.reason or ""] += 1
        elif invoice.state is InvoiceState.EXCLUDED:
            counts.excluded[invoice.reason or ""] += 1
        book = self._books.get(invoice.state)
        if book is not None:
            book.add(invoice, told)
        if invoice.life_status is not None:
            counts.life[invoice.life_status, invoice.life_label or ""] += 1
            self._to_do.add(invoice)
        self._count_findings(told)

    def _count_findings(self, told: tuple[Told, ...], *, invoices: int = 1) -> None:
        counts = self._counts
        for each in told:
            blocking = each.severity != Severity.WARNING
            layer = counts.layers.setdefault(layer_of(each.rule), [0, 0])
            layer[0 if blocking else 1] += 1
            if each.rule in GRAVE and len(counts.grave) < self._limit:
                counts.grave[each] = None
            if not blocking:
                counts.rules.setdefault(each.rule, RuleTally(each)).findings += 1
        for rule in {each.rule for each in told if each.severity == Severity.WARNING}:
            counts.rules[rule].invoices += invoices

    def _apart(self) -> tuple[tuple[Told, ...], int]:
        """Take the findings about no invoice; return those about rows, and how many they are."""
        found = self._ledger.findings_apart(self._run.run_id)
        listed: list[Told] = []
        count = 0
        for record in found:
            told = tell(record.finding, self._language)
            self._tables.finding(None, told)
            self._count_findings((told,), invoices=0)
            if record.flow_id is None and told.severity != Severity.WARNING:
                count += 1
                if len(listed) < self._limit:
                    listed.append(told)
        return tuple(listed), count

    # -- parts ---------------------------------------------------------------------------------

    def _balance(self) -> BalanceSheet | None:
        """Return the balance now: what was read is the run's word, the places are the ledger's.

        An invoice that was released, settled or given up since then is in its new place; what was
        read stays what it was.
        """
        if self._facts.balance is not None:
            read, orphans = self._facts.balance.read, self._facts.balance.orphan_findings
        elif self._run.balance:
            read = read_tally(self._run.balance["read"])
            orphans = int(self._run.balance.get("orphans", 0))
        else:
            return None
        live = {state: counted.tally() for state, counted in self._counts.states.items()}
        to_deposit = live.get(InvoiceState.BUNDLED, Tally()).count
        return BalanceSheet.of(balance_of(read, live, orphans), to_deposit=to_deposit)

    def _flow_line(self, flow: FlowRecord) -> FlowLine:
        ours = self._counts.flows.get(flow.flow_id)
        own_run = flow.run_id == self._run.run_id
        run = self._run if own_run else self._ledger.run(flow.run_id)
        return FlowLine(
            flow_id=flow.flow_id,
            file_name=flow.file_name,
            run_id=flow.run_id,
            run_date=run.run_date if run else None,
            figures=ours.figures() if ours else Figures(),
            invoices=flow.invoices,
            size=flow.size,
            sha256=flow.sha256,
            state=flow.state.value,
            attempts=flow.attempts,
            detail=flow.detail,
            replaces=flow.replaces or "",
            changed_at=flow.changed_at,
            deposited_at=flow.deposited_at,
            reported_at=flow.reported_at,
            outcome=self._outcome(flow),
        )

    def _outcome(self, flow: FlowRecord) -> str:
        if flow.reported_at is None:
            return ""
        said = [
            record.status
            for record in self._ledger.statuses(flow_id=flow.flow_id)
            if record.status.kind == "flow"
        ]
        if not said:
            return ""
        last = said[-1]
        known = self._statuses.of_flow(status_code(last.code))
        label = known.label if known else last.label
        return f"{last.code} {label}".strip()

    def _life_cycle(self) -> tuple[StatusCount, ...]:
        lines = []
        for (code, label), count in self._counts.life.most_common():
            known = self._statuses.of_invoice(status_code(code))
            lines.append(
                StatusCount(
                    code=code,
                    label=known.label if known else label,
                    meaning=known.words(self._language).meaning if known else "",
                    actor=known.actor if known else "",
                    count=count,
                )
            )
        return tuple(lines)

    def _warnings(self) -> tuple[RuleCount, ...]:
        ordered = sorted(self._counts.rules.items(), key=lambda item: (-item[1].findings, item[0]))
        return tuple(
            RuleCount(
                rule=rule,
                title=found.example.title,
                layer=layer_of(rule),
                source=found.example.source,
                findings=found.findings,
                invoices=found.invoices,
                example=found.example.message,
                advice=found.example.advice,
            )
            for rule, found in ordered
        )

    def _head(self) -> TrailHead | None:
        head = self._ledger.manifest_head()
        if head is None:
            return None
        return TrailHead(rank=head.rank, sha256=head.sha256, written_at=head.written_at)

    def _steps(self) -> tuple[Step, ...]:
        return tuple(
            Step(at=event.at, actor=event.actor, state=event.target, reason=event.reason)
            for event in self._ledger.events(run_id=self._run.run_id, kind="run")
        )


def _file_line(extract: ExtractRecord) -> FileLine:
    return FileLine(
        name=extract.name,
        size=extract.size,
        sha256=extract.sha256,
        state=extract.state.value,
        rows=extract.rows,
        invoices=extract.invoices,
    )


def _pages(invoices: Iterator[InvoiceRecord]) -> Iterator[list[InvoiceRecord]]:
    while page := list(islice(invoices, _PAGE)):
        yield page


def _reasons(counted: Counter[str], limit: int) -> tuple[ReasonCount, ...]:
    return tuple(ReasonCount(reason=r, count=n) for r, n in counted.most_common(limit))
