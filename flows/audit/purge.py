"""Purge: remove files past their retention; each leaves a tombstone in the chain.

The tombstone and its event are recorded first, then the file is removed, then both are sealed: a
purge that is killed is ended by the next one, and a file that is gone always has its tombstone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import Settings
from flows import exclusive
from flows.audit.archive import Archive, hash_of
from flows.audit.retention import is_due, reconciled_returns, unsettled
from flows.audit.sealing import seal
from flows.channels.localfile import fsync_folder
from flows.configuration import Configuration
from flows.errors import ExitCode, disk_failed
from flows.ledger import KeptFile, Ledger, latest_of, utc_now
from flows.restored import require_current
from flows.word import word

_BATCH = 500
#: Reasons listed of runs whose files stay.
_LISTED = 20


@dataclass(slots=True)
class Purged:
    """What a purge removed, or would.

    Attributes:
        rehearsal: nothing was removed.
        files, size: number per kind, and bytes in all.
        withheld: why files past their retention stay, by run.
        wrong: files that are not as they were sealed: they stay as evidence.
    """

    rehearsal: bool
    files: Counter[str] = field(default_factory=Counter)
    size: int = 0
    withheld: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> ExitCode:
        """Return 4 when a file is not as it was sealed."""
        return ExitCode.ATTENTION if self.wrong else ExitCode.OK

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        verb = "to purge" if self.rehearsal else "purged"
        lines = [f"{verb}: {count} {kind}" for kind, count in sorted(self.files.items())]
        lines = lines or [f"{verb}: nothing"]
        lines.append(f"bytes: {self.size}")
        lines += [f"kept: run {run}: {why}" for run, why in islice(self.withheld.items(), _LISTED)]
        if len(self.withheld) > _LISTED:
            lines.append(f"kept: … and {len(self.withheld) - _LISTED} more runs")
        lines += [f"! not as it was sealed, left: {name}" for name in self.wrong]
        if self.wrong:
            lines.append("See: chorus-flows audit verify")
        return lines

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {
            "rehearsal": self.rehearsal,
            "files": dict(self.files),
            "bytes": self.size,
            "withheld": dict(self.withheld),
            "wrong": list(self.wrong),
        }


def purge(
    configuration: Configuration,
    *,
    by: str,
    reason: str,
    rehearsal: bool = False,
    clock: Callable[[], datetime] = utc_now,
) -> Purged:
    """Remove the files that are past their retention (settings, ``retention``).

    Never those of a run with anything unsettled: a flow without a final report, an invoice of
    unknown fate or that waits. A file that is not as it was sealed stays and is told.

    Raises:
        ConfigurationError: nobody is named.
        LockHeldError: a run or a collect is at work.
        DiskError: a file cannot be removed; the next purge goes on.
    """
    said = word(by, reason, command="audit purge")
    settings = configuration.settings
    with (
        exclusive.depositing(configuration, clock=clock, create=False) as ledger,
        exclusive.collecting_beside(ledger, configuration, clock=clock),
    ):
        require_current(configuration, ledger)
        if not rehearsal:
            # What is not sealed yet must be before it can be purged.
            seal(ledger, settings, "purge")
        purging = _Purging(ledger, settings, Purged(rehearsal), by=said.by, reason=said.reason)
        try:
            return purging.run()
        except OSError as error:
            raise disk_failed(error, what="The purge is not finished") from error


class _Purging:
    def __init__(
        self, ledger: Ledger, settings: Settings, result: Purged, *, by: str, reason: str
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._archive = Archive(settings)
        self._result = result
        self._by = by
        self._reason = reason
        self._zone = ZoneInfo(settings.run_date)
        self._today = ledger.now().astimezone(self._zone).date()
        self._emptied: set[Path] = set()

    def run(self) -> Purged:
        due = self._due()
        while batch := list(islice(due, _BATCH)):
            if not self._result.rehearsal:
                self._ledger.mark_purged(batch, actor=self._by, reason=self._reason)
                for file in batch:
                    self._remove(file)
        if not self._result.rehearsal:
            self._tidy()
            seal(self._ledger, self._settings, "purge")
        return self._result

    def _due(self) -> Iterator[KeptFile]:
        for run_id in self._ledger.runs_with_files():
            files = self._past(latest_of(self._ledger.kept_files(run_id=run_id)))
            why = unsettled(self._ledger, run_id) if files else ""
            if why:
                self._result.withheld[run_id] = why
                continue
            yield from self._as_sealed(files)
        read = reconciled_returns(self._ledger)
        loose = self._past(latest_of(self._ledger.kept_files(of_no_run=True)))
        yield from self._as_sealed([file for file in loose if file.path in read])

    def _past(self, files: dict[str, KeptFile]) -> list[KeptFile]:
        past: list[KeptFile] = []
        for file in files.values():
            if file.purged_at is not None:
                self._end(file)
            elif is_due(file, self._settings.retention, today=self._today, zone=self._zone):
                past.append(file)
        return past

    def _as_sealed(self, files: list[KeptFile]) -> Iterator[KeptFile]:
        for file in files:
            if hash_of(self._archive.path(file.path)) != (file.sha256, file.size):
                self._result.wrong.append(file.path)
                continue
            self._result.files[file.kind] += 1
            self._result.size += file.size
            yield file

    def _end(self, file: KeptFile) -> None:
        """Remove a file that a purge which was killed had marked."""
        path = self._archive.path(file.path)
        if not self._result.rehearsal and hash_of(path) == (file.sha256, file.size):
            self._remove(file)

    def _remove(self, file: KeptFile) -> None:
        path = self._archive.path(file.path)
        path.unlink(missing_ok=True)
        self._emptied.add(path.parent)

    def _tidy(self) -> None:
        """Make the removals durable, and remove the folders that are empty now."""
        for folder in sorted(self._emptied, reverse=True):
            fsync_folder(folder)
            try:
                folder.rmdir()
            except OSError:
                continue  # not empty
            fsync_folder(folder.parent)
