"""The transformation of a night: claim, read, chunk, fan out, record. Nothing is deposited here.

The parent reads and chunks, workers do the pure work and build flows into the outbox, the parent
records their results in order. A run that is resumed reads its files again and leaves alone what
the ledger already holds for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path

from config.settings import Settings
from config.target import Target, load_target
from flows import attachments, control, landing, waiting
from flows.crashpoints import CrashPoint, reach
from flows.errors import ConfigurationError
from flows.extracts import ExtractFile, load_company, load_profile, read_extracts
from flows.fanout import map_in_order, open_executor
from flows.folders import StateFolders
from flows.ledger import Conflict, Known, Ledger
from flows.progress import Progress
from flows.worker import INTERNAL_RULE, Chunk, ChunkItem, ChunkResult, WorkerSetup, process
from transforms.balance import Tally
from transforms.finding import Finding
from transforms.grouping import InvoiceRows
from transforms.mapping import Mapper
from transforms.outcome import Fate, InvoiceOutcome

#: Credit notes count as negative in a control total (UNTDID 1001: 381).
CREDIT_NOTE = "381"


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run works with, loaded and checked before any file is claimed."""

    settings: Settings
    setup: WorkerSetup
    target: Target

    @property
    def company_sellers(self) -> frozenset[str]:
        """Seller identifiers of the company file: no other may leave (brake ``known_sellers``)."""
        company = self.setup.company
        return frozenset(company.sellers) if company is not None else frozenset()


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


@dataclass(slots=True)
class _File:
    """Counts of one extract, for its record and its control."""

    claimed: landing.ClaimedFile
    expected: control.Expected | None
    rows: int = 0
    invoices: int = 0
    total: Decimal = Decimal(0)


def load_sources(settings: Settings, *, run_id: str, run_date: date, outbox: Path) -> Sources:
    """Load profile, company file, target and stylesheet.

    Raises:
        ConfigurationError: when one of them is wrong; the message names file, line and key.
    """
    profile = load_profile(settings.source.profile)
    company = load_company(settings.source.company_file) if settings.source.company_file else None
    target = load_target(
        settings.target, overrides=settings.target_options, policies=settings.policies
    )
    stylesheet = None
    if settings.bundle.stylesheet is not None:
        try:
            stylesheet = settings.bundle.stylesheet.read_bytes()
        except OSError as error:
            message = f"The stylesheet {settings.bundle.stylesheet} cannot be read: {error}."
            raise ConfigurationError(message, next_step="Mend bundle.stylesheet.") from error
    digest = hashlib.sha256(
        "\0".join((run_id, repr(settings), repr(profile), repr(company), repr(target))).encode()
    ).hexdigest()
    setup = WorkerSetup(
        digest=digest,
        run_id=run_id,
        settings=settings,
        profile=profile,
        company=company,
        target=target,
        run_date=run_date,
        outbox=outbox,
        stylesheet=stylesheet,
    )
    return Sources(settings, setup, target)


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
        self._ledger = ledger
        self._folders = folders
        self._run_id = sources.setup.run_id
        self._resumed = resumed
        self._now = now
        self._progress = progress
        self._mapper = Mapper(sources.setup.profile, sources.setup.company)
        self._recorded: dict[tuple[str, int], tuple[str | None, str | None, Decimal | None]] = {}
        self._files: dict[str, _File] = {}

    def run(self) -> Transformed:
        """Claim, read, transform and record; return what was done.

        Raises:
            LandingUnavailableError, ControlError, ConfigurationError, WorkerLostError: see there.
        """
        claim = self._claim()
        done = Transformed(claim)
        if self._resumed:
            self._recorded = {
                (row.file_sha256, row.first_line): (row.currency, row.type_code, row.total)
                for row in self._ledger.invoices(run_id=self._run_id)
            }
        reading = read_extracts(
            [ExtractFile(f.claimed.path, f.claimed.name, f.claimed.sha256) for f in self._to_read],
            self._sources.setup.profile,
            spill_folder=self._folders.spill(self._run_id),
            trailer_mark=self._trailer_mark,
        )
        self._progress.start("transform")
        tally = _Running()
        for rows_key in self._already_done():
            tally.add(*rows_key)
        with open_executor(self._settings.workers) as (executor, workers):
            work = partial(process, self._sources.setup)
            chunks = self._chunks(chain(self._waiting(), ((rows, 0) for rows in reading)), tally)
            for chunk, result in map_in_order(executor, workers, work, chunks):
                for outcome in self._record(chunk, result):
                    tally.add(outcome.currency, outcome.type_code, outcome.total)
                    self._count(outcome)
                    done.internal |= any(f.rule == INTERNAL_RULE for f in outcome.findings)
                self._progress.advance("transform", tally.count)
        done.read = tally.tally()
        done.orphans = list(reading.orphan_findings)
        told = [*done.orphans, *reading.warnings]
        if told:
            self._ledger.add_findings(self._run_id, told)
        done.differences = self._compare(reading.rows_by_file)
        if not done.differences:
            self._finish_extracts(reading.rows_by_file)
        return done

    # -- files ---------------------------------------------------------------------------------

    def _claim(self) -> landing.Claim:
        settings = self._settings.landing
        folder = self._folders.claimed(self._run_id)
        if self._resumed:
            # What landed since belongs to the next run, with its own date.
            claim = landing.claimed_before(settings, folder, processed=self._processed)
        else:
            claim = landing.claim(settings, folder, now=self._now, processed=self._processed)
        reach(CrashPoint.CLAIM)
        encoding = self._sources.setup.profile.format.encoding
        for file in claim.files:
            seen = self._ledger.extract_seen(file.sha256)
            if seen is None:
                self._ledger.record_extract(
                    self._run_id,
                    name=file.name,
                    sha256=file.sha256,
                    size=file.size,
                    claimed_as=file.path.name,
                )
            expected = control.expected_of(file.path, settings.control, encoding=encoding)
            self._files[file.sha256] = _File(file, expected)
        return claim

    def _processed(self, sha256: str) -> bool:
        seen = self._ledger.extract_seen(sha256)
        return seen is not None and seen.run_id != self._run_id

    @property
    def _to_read(self) -> list[_File]:
        finished = {
            record.sha256
            for record in self._ledger.extracts(self._run_id)
            if record.finished_at is not None
        }
        return [file for sha256, file in self._files.items() if sha256 not in finished]

    @property
    def _trailer_mark(self) -> str:
        settings = self._settings.landing.control
        return settings.trailer_mark if settings.source == "trailer" else ""

    def _compare(self, rows: dict[str, int]) -> tuple[str, ...]:
        differences: list[str] = []
        for file in self._to_read:
            file.rows = rows.get(file.claimed.name, 0)
            if file.expected is not None:
                counted = control.Counted(file.invoices, file.rows, file.total)
                differences += control.compare(file.claimed.name, file.expected, counted)
        return tuple(differences)

    def _finish_extracts(self, rows: dict[str, int]) -> None:
        for file in self._to_read:
            sha256 = file.claimed.sha256
            self._ledger.finish_extract(
                self._run_id, sha256, rows=rows.get(file.claimed.name, 0), invoices=file.invoices
            )

    def _count(self, outcome: InvoiceOutcome) -> None:
        file = self._files.get(outcome.span.file_sha256)
        if file is None:
            return
        file.invoices += 1
        if outcome.total is not None:
            sign = -1 if outcome.type_code == CREDIT_NOTE else 1
            file.total += sign * outcome.total

    # -- chunks --------------------------------------------------------------------------------

    def _waiting(self) -> Iterator[tuple[InvoiceRows, int]]:
        for item in waiting.take_over(self._ledger, self._folders.waiting, self._run_id):
            yield item.rows, item.record.nights

    def _already_done(self) -> list[tuple[str | None, str | None, Decimal | None]]:
        """Return the invoices recorded by this run before it crashed and not read again now."""
        to_read = {file.claimed.sha256 for file in self._to_read}
        return [amounts for (sha256, _), amounts in self._recorded.items() if sha256 not in to_read]

    def _chunks(
        self, reading: Iterator[tuple[InvoiceRows, int]], tally: _Running
    ) -> Iterator[Chunk]:
        """Cut the invoices into chunks, by number and by attachment bytes."""
        settings = self._settings
        rank = position = 0
        items: list[ChunkItem] = []
        size = 0
        for rows, nights in reading:
            span = rows.span
            recorded = self._recorded.get((span.file_sha256, span.first_line))
            if recorded is not None:
                # Read by this run before it crashed: it stays where the ledger has it.
                tally.add(*recorded)
                file = self._files.get(span.file_sha256)
                if file is not None:
                    self._count_recorded(file, recorded)
                position += 1
                continue
            item = self._item(position, rows, nights)
            weight = sum(file.size for file in item.files)
            full = len(items) >= min(settings.workers.chunk_invoices, settings.bundle.max_invoices)
            if items and (full or size + weight > settings.bundle.max_chunk_attachment_bytes):
                yield self._chunk(rank, items)
                rank, items, size = rank + 1, [], 0
            items.append(item)
            size += weight
            position += 1
        if items:
            yield self._chunk(rank, items)

    def _item(self, position: int, rows: InvoiceRows, nights: int) -> ChunkItem:
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
        )

    def _chunk(self, rank: int, items: Sequence[ChunkItem]) -> Chunk:
        known = self._ledger.known({item.number for item in items if item.number})
        sequences = self._ledger.reserve_sequences(
            self._settings.interface, len(items), first=self._settings.emitter.first_sequence
        )
        return Chunk(
            rank,
            tuple(
                replace(item, known=known[item.number]) if item.number in known else item
                for item in items
            ),
            sequences,
        )

    # -- results -------------------------------------------------------------------------------

    def _record(self, chunk: Chunk, result: ChunkResult) -> tuple[InvoiceOutcome, ...]:
        """Record a chunk; rebuild it without the invoices whose identity is taken by now."""
        while True:
            self._spool(chunk, result)
            conflicts = self._ledger.commit_chunk(self._run_id, result.outcomes, result.flows)
            if not conflicts:
                reach(CrashPoint.RECORDED)
                return result.outcomes
            for flow in result.flows:
                (self._folders.outbox / flow.path).unlink(missing_ok=True)
            chunk = _without(chunk, conflicts)
            result = process(self._sources.setup, chunk)

    def _spool(self, chunk: Chunk, result: ChunkResult) -> None:
        rows = {item.position: item.rows for item in chunk.items}
        for outcome in result.outcomes:
            if outcome.fate is Fate.WAITING:
                waiting.keep(self._folders.waiting, rows[outcome.position])

    def _count_recorded(
        self, file: _File, recorded: tuple[str | None, str | None, Decimal | None]
    ) -> None:
        _, type_code, total = recorded
        file.invoices += 1
        if total is not None:
            file.total += -total if type_code == CREDIT_NOTE else total


class _Running:
    """A tally that grows: what was read, counted beside the ledger and apart from it."""

    def __init__(self) -> None:
        self.count = 0
        self._amounts: dict[tuple[str, str], Decimal] = {}
        self._unreadable = 0

    def add(self, currency: str | None, type_code: str | None, total: Decimal | None) -> None:
        self.count += 1
        if total is None:
            self._unreadable += 1
            return
        key = (currency or "?", type_code or "?")
        self._amounts[key] = self._amounts.get(key, Decimal(0)) + total

    def tally(self) -> Tally:
        return Tally(self.count, dict(self._amounts), self._unreadable)


def _without(chunk: Chunk, conflicts: Sequence[Conflict]) -> Chunk:
    """Return the chunk with the holders of taken identities known to its workers."""
    holders: dict[int, Known] = {c.position: c.holder for c in conflicts}
    items = tuple(
        replace(item, known=(*item.known, holders[item.position]))
        if item.position in holders
        else item
        for item in chunk.items
    )
    return Chunk(chunk.rank, items, chunk.sequences)
