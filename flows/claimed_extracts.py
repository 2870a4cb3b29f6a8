"""The extracts of a run: claimed, recorded, opened, counted, held against what was announced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from flows import control, landing, xml_source
from flows.crashpoints import CrashPoint, reach
from flows.errors import ControlError
from flows.extract_sets import joined_only, pair_key
from flows.extracts import ExtractFile
from flows.folders import StateFolders
from flows.ledger import Ledger
from flows.sources import Sources
from flows.xml_source import SourceItem, SourceReading, open_sources

#: Credit notes count as negative in a control total (UNTDID 1001: 381).
CREDIT_NOTE = "381"


@dataclass(slots=True)
class _File:
    """Counts of one extract, for its record and its control."""

    claimed: landing.ClaimedFile
    expected: control.Expected | None
    rows: int = 0
    invoices: int = 0
    total: Decimal = Decimal(0)


class ClaimedExtracts:
    """The extracts of one run, new or resumed."""

    def __init__(
        self,
        sources: Sources,
        ledger: Ledger,
        folders: StateFolders,
        *,
        resumed: bool,
        now: datetime,
    ) -> None:
        self._settings = sources.settings
        self._profile = sources.setup.profile
        self._ledger = ledger
        self._folders = folders
        self._run_id = sources.setup.run_id
        self._resumed = resumed
        self._now = now
        self._files: dict[str, _File] = {}
        self._claimed: landing.Claim | None = None
        self._faulty: set[str] = set()

    def reading(self) -> SourceReading:
        """Return the reading of the files that this run has not read to the end.

        Raises:
            ConfigurationError: see ``flows.extracts``.
        """
        return open_sources(
            [ExtractFile(f.claimed.path, f.claimed.name, f.claimed.sha256) for f in self._to_read],
            self._profile,
            spill_folder=self._folders.spill(self._run_id),
            trailer_mark=self._trailer_mark,
        )

    def claim(self) -> landing.Claim:
        """Claim what is there, or take up what a run that is resumed had claimed; record it.

        Raises:
            LandingUnavailableError, ClaimLostError, ControlError: see there.
        """
        settings, apart = self._settings.landing, xml_source.is_xml(self._profile)
        folder = self._folders.claimed(self._run_id)
        if self._resumed:
            # What landed since belongs to the next run, with its own date.
            open_still = {
                record.sha256: record.name
                for record in self._ledger.extracts(self._run_id)
                if record.finished_at is None
            }
            claim = landing.claimed_before(
                settings,
                folder,
                processed=self._processed,
                expected=open_still,
                apart=apart,
                reusable=self._reusable,
            )
        else:
            claim = landing.claim(
                settings,
                folder,
                now=self._now,
                processed=self._processed,
                apart=apart,
                reusable=self._reusable,
            )
        self._claimed = claim
        reach(CrashPoint.CLAIM)
        self._expect(claim)
        return claim

    def _expect(self, claim: landing.Claim) -> None:
        """Record the files claimed, with what their controls announce.

        Raises:
            ControlError: naming every file whose control is missing or cannot be read.
        """
        layout = self._profile.format
        faults: list[ControlError] = []
        finished = self._finished
        fresh = [file for file in claim.files if file.sha256 not in finished]
        self._ledger.record_extracts(self._run_id, fresh)
        reach(CrashPoint.EXTRACTS_RECORDED)
        for file in claim.files:
            expected = None
            if file.sha256 not in finished:
                try:
                    if not self._reusable(file.name):
                        expected = control.expected_of(
                            file.path, self._settings.landing.control, layout=layout
                        )
                        xml_source.require_no_rows(self._profile, file.name, expected)
                except ControlError as error:
                    faults.append(error)
                    self._faulty.add(file.name)
            self._files[file.sha256] = _File(file, expected)
        if faults:
            raise ControlError(
                " ".join(fault.what for fault in faults), next_step=faults[0].next_step
            )

    def put_back(self) -> tuple[str, ...]:
        """Put the extracts that are not at fault back where they landed, for the next run.

        Those whose control differs stay with the failed run, as evidence; the right ones are asked
        for.
        """
        files = self._claimed.files if self._claimed is not None else ()
        shape = self._profile.shape
        faulty = {pair_key(name, shape) for name in self._faulty}
        innocent = [file for file in files if pair_key(file.name, shape) not in faulty]
        return landing.put_back(self._settings.landing, innocent)

    def _processed(self, hashes: Collection[str]) -> frozenset[str]:
        return xml_source.processed_before(self._ledger, self._profile, hashes, run_id=self._run_id)

    def _reusable(self, name: str) -> bool:
        return joined_only(name, self._profile)

    @property
    def _finished(self) -> frozenset[str]:
        """Return the hashes of the files that this run has read to the end."""
        return frozenset(
            record.sha256
            for record in self._ledger.extracts(self._run_id)
            if record.finished_at is not None
        )

    @property
    def hashes(self) -> frozenset[str]:
        """Return the hashes of the files that are read."""
        return frozenset(file.claimed.sha256 for file in self._to_read)

    @property
    def _to_read(self) -> list[_File]:
        finished = self._finished
        return [file for sha256, file in self._files.items() if sha256 not in finished]

    @property
    def _trailer_mark(self) -> str:
        settings = self._settings.landing.control
        return settings.trailer_mark if settings.source == "trailer" else ""

    def compare(self, rows: dict[str, int]) -> tuple[str, ...]:
        """Return the differences with what was announced; ``rows``: rows read, by file name."""
        differences: list[str] = []
        for file in self._to_read:
            file.rows = rows.get(file.claimed.name, 0)
            if file.expected is not None:
                counted = control.Counted(file.invoices, file.rows, file.total)
                found = control.compare(file.claimed.name, file.expected, counted)
                differences += found
                if found:
                    self._faulty.add(file.claimed.name)
        return tuple(differences)

    def finish(self, rows: dict[str, int]) -> None:
        """Record that every invoice of the files is in the ledger."""
        self._ledger.finish_extracts(
            self._run_id,
            {
                file.claimed.sha256: (rows.get(file.claimed.name, 0), file.invoices)
                for file in self._to_read
            },
        )

    def count(self, rows: SourceItem, type_code: str | None, total: Decimal | None) -> None:
        """Count an invoice for the control of each file that holds rows of it."""
        own = {
            rows.span.file_sha256,
            *(b.file_sha256 for b in rows.blocks if b.lines and not b.side),
        }
        for sha256 in own & self._files.keys():
            file = self._files[sha256]
            file.invoices += 1
            if total is not None:
                file.total += -total if type_code == CREDIT_NOTE else total
