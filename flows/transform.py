"""The transformation of a night: claim, read, chunk, fan out, record. Nothing is deposited here.

The parent reads and chunks, workers do the pure work and build flows into the outbox, the parent
records their results in order. A run that is resumed reads its files again and leaves alone what
the ledger already holds for it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain

from config.statuses import statuses_for
from flows import attachments, landing, members, waiting, xml_source
from flows.chunk import INTERNAL_RULE, Chunk, ChunkItem, ChunkResult
from flows.claimed_extracts import ClaimedExtracts
from flows.crashpoints import CrashPoint, reach
from flows.directory import findings_of_run, view_for
from flows.fanout import map_in_order, open_executor
from flows.folders import StateFolders
from flows.ledger import Conflict, Known, Ledger
from flows.outbox import remove_flow, remove_unknown
from flows.progress import Progress
from flows.sources import Sources
from flows.worker import process
from flows.xml_document import XmlDocument
from flows.xml_source import SourceItem
from transforms.balance import RunningTally, Tally
from transforms.finding import Finding, Severity
from transforms.grouping import InvoiceRows
from transforms.mapping import Mapper
from transforms.outcome import Fate, InvoiceOutcome


@dataclass(slots=True)
class Transformed:
    """What the transformation of a run did."""

    claim: landing.Claim
    read: Tally = field(default_factory=Tally)
    orphans: list[Finding] = field(default_factory=list)
    differences: tuple[str, ...] = ()
    """Differences with the control totals of the extracts; nothing may be deposited."""
    internal: bool = False
    """Whether an invoice met a defect of ours."""
    lost: list[waiting.SpoolLostError] = field(default_factory=list)
    """Invoices that waited and whose rows are gone."""


class Transformation:
    """One run's transformation; :meth:`run` does it all."""

    def __init__(
        self,
        sources: Sources,
        ledger: Ledger,
        folders: StateFolders,
        *,
        resumed: bool,
        now: datetime,
        progress: Progress,
    ) -> None:
        self._sources = sources
        self._settings = sources.settings
        self._profile = sources.setup.profile
        self._ledger = ledger
        self._folders = folders
        self._run_id = sources.setup.run_id
        self._resumed = resumed
        self._progress = progress
        self._extracts = ClaimedExtracts(sources, ledger, folders, resumed=resumed, now=now)
        setup = sources.setup
        self._mapper = Mapper(setup.profile, setup.company, setup.tables)
        self._refusals = statuses_for(sources.settings.returns).refusals
        self._recorded: dict[tuple[str, int], tuple[str | None, str | None, Decimal | None]] = {}

    def run(self) -> Transformed:
        """Claim, read, transform and record; return what was done.

        Raises:
            LandingUnavailableError, ClaimLostError, ControlError, ConfigurationError,
            WorkerLostError: see there.
        """
        claim = self._extracts.claim()
        done = Transformed(claim)
        if self._resumed:
            self._recorded = {
                # One text for all: there may be a million.
                (sys.intern(row.file_sha256), row.first_line): (
                    sys.intern(row.currency) if row.currency else None,
                    sys.intern(row.type_code) if row.type_code else None,
                    row.total,
                )
                for row in self._ledger.invoices(run_id=self._run_id)
            }
            known = {flow.file_name for flow in self._ledger.flows(run_id=self._run_id)}
            remove_unknown(self._sources.setup.outbox, known)
        reading = self._extracts.reading()
        self._progress.start("transform")
        tally = RunningTally()
        done.internal = self._ledger.has_finding(self._run_id, INTERNAL_RULE)
        with open_executor(self._settings.workers) as (executor, workers):
            work = partial(process, self._sources.setup)
            taken = self._waiting(done.lost)
            chunks = self._chunks(chain(taken, ((rows, 0) for rows in reading)), tally)
            for chunk, result in map_in_order(executor, workers, work, chunks):
                outcomes = self._record(chunk, result)
                for outcome in outcomes:
                    tally.add(outcome.currency, outcome.type_code, outcome.total)
                    done.internal |= any(f.rule == INTERNAL_RULE for f in outcome.findings)
                # Counted by what was read: an invoice that a worker forgot breaks the balance.
                for _ in range(len(chunk.items) - len(outcomes)):
                    tally.add(None, None, None)
                self._count_all(chunk, outcomes)
                self._progress.advance("transform", tally.count)
        # Of files that were read to the end before a crash, and are not read again.
        again = self._extracts.hashes
        for (sha256, _), amounts in self._recorded.items():
            if sha256 not in again:
                tally.add(*amounts)
        done.read = tally.tally()
        told = [*reading.orphan_findings, *reading.warnings, *self._directory_findings()]
        if told:
            self._ledger.add_findings(self._run_id, told)
        done.orphans = self._orphans()
        done.differences = self._extracts.compare(reading.rows_by_file)
        if not done.differences:
            self._extracts.finish(reading.rows_by_file)
            reach(CrashPoint.EXTRACTS_FINISHED)
        return done

    def put_back(self) -> tuple[str, ...]:
        """Put the extracts that are not at fault back where they landed, for the next run."""
        return self._extracts.put_back()

    def _count_all(self, chunk: Chunk, outcomes: Sequence[InvoiceOutcome]) -> None:
        rows = {item.position: item.rows for item in chunk.items}
        for outcome in outcomes:
            self._extracts.count(rows[outcome.position], outcome.type_code, outcome.total)

    def _orphans(self) -> list[Finding]:
        """Return what the ledger knows of rows that belong to no invoice, of a crashed run too."""
        return [
            record.finding
            for record in self._ledger.findings_apart(self._run_id)
            if record.flow_id is None and record.finding.severity is not Severity.WARNING
        ]

    # -- chunks --------------------------------------------------------------------------------

    def _waiting(self, lost: list[waiting.SpoolLostError]) -> Iterator[tuple[InvoiceRows, int]]:
        if xml_source.is_xml(self._profile):
            # Rows of extracts: they wait on for a night that can map them.
            if count := len(self._ledger.waiting(self._run_id)):
                self._progress.tell(f"{count} invoices of extracts wait on: this night reads XML.")
            return
        folder = self._folders.waiting
        for item in waiting.take_over(self._ledger, folder, self._run_id, lost):
            yield item.rows, item.record.nights

    def _chunks(
        self, reading: Iterator[tuple[SourceItem, int]], tally: RunningTally
    ) -> Iterator[Chunk]:
        """Cut the invoices into chunks, by number and by attachment bytes."""
        settings = self._settings
        rank = position = 0
        items: list[ChunkItem] = []
        size = 0
        for rows, nights in reading:
            span = rows.span
            recorded = self._recorded.pop((span.file_sha256, span.first_line), None)
            if recorded is not None:
                # Read by this run before it crashed: it stays where the ledger has it.
                tally.add(*recorded)
                self._extracts.count(rows, recorded[1], recorded[2])
                position += 1
                continue
            item = self._item(position, rows, nights)
            weight = item.weight
            full = len(items) >= min(settings.workers.chunk_invoices, settings.bundle.max_invoices)
            if items and (full or size + weight > settings.bundle.max_chunk_attachment_bytes):
                yield self._chunk(rank, items)
                rank, items, size = rank + 1, [], 0
            items.append(item)
            size += weight
            position += 1
        if items:
            yield self._chunk(rank, items)

    def _item(self, position: int, rows: SourceItem, nights: int) -> ChunkItem:
        if isinstance(rows, XmlDocument):
            limit = self._settings.attachments.max_invoice_bytes
            return xml_source.item_of(rows, position, limit=limit)
        peek = self._mapper.peek(rows)
        found = attachments.find(self._settings.attachments, peek.attachment_names, peek.number)
        return ChunkItem(
            position=position,
            rows=rows,
            number=peek.number,
            files=found.files,
            missing=found.missing,
            outside=found.outside,
            nights_waited=nights,
            excluded_by=peek.excluded_by,
            buyer=peek.buyer,
            service=peek.service,
        )

    def _chunk(self, rank: int, items: Sequence[ChunkItem]) -> Chunk:
        known = self._ledger.known({item.number for item in items if item.number})
        sequences = self._ledger.reserve_sequences(
            self._settings.interface, len(items), first=self._settings.emitter.first_sequence
        )
        reach(CrashPoint.SEQUENCES)
        return Chunk(
            rank,
            tuple(
                replace(item, known=known[item.number]) if item.number in known else item
                for item in items
            ),
            sequences,
            view_for(self._ledger, self._settings, ((item.buyer, item.service) for item in items)),
        )

    def _directory_findings(self) -> list[Finding]:
        target, today = self._sources.target, self._sources.setup.run_date
        return findings_of_run(self._ledger, self._settings, target=target, run_date=today)

    # -- results -------------------------------------------------------------------------------

    def _record(self, chunk: Chunk, result: ChunkResult) -> tuple[InvoiceOutcome, ...]:
        """Record a chunk; rebuild it without the invoices whose identity is taken by now."""
        while True:
            self._spool(chunk, result)
            self._keep_members(result)
            conflicts = self._ledger.commit_chunk(
                self._run_id, result.outcomes, result.flows, refusals=self._refusals
            )
            if not conflicts:
                reach(CrashPoint.RECORDED)
                return result.outcomes
            for flow in result.flows:
                remove_flow(self._folders.outbox / flow.path)
            chunk = _without(chunk, conflicts)
            result = process(self._sources.setup, chunk)

    def _keep_members(self, result: ChunkResult) -> None:
        """Say beside each flow what is in it, before the ledger does: that one may be lost."""
        setup, settings = self._sources.setup, self._settings
        run = members.RunFacts(setup.run_id, setup.run_date)
        scope = (
            settings.environment.value,
            settings.emitter.company,
            settings.emitter.application_code,
        )
        for flow in result.flows:
            members.keep(self._folders.outbox, flow, result.outcomes, run=run, scope=scope)

    def _spool(self, chunk: Chunk, result: ChunkResult) -> None:
        rows = {item.position: item.rows for item in chunk.items}
        for outcome in result.outcomes:
            held = rows[outcome.position]
            if outcome.fate is Fate.WAITING and isinstance(held, InvoiceRows):
                waiting.keep(self._folders.waiting, held)
                reach(CrashPoint.SPOOLED)


def _without(chunk: Chunk, conflicts: Sequence[Conflict]) -> Chunk:
    """Return the chunk with the holders of taken identities known to its workers."""
    holders: dict[int, Known] = {c.position: c.holder for c in conflicts}
    items = tuple(
        replace(item, known=(*item.known, holders[item.position]))
        if item.position in holders
        else item
        for item in chunk.items
    )
    return replace(chunk, items=items)
