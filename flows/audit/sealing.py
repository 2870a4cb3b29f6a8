"""Seal what happened: one manifest after the other, each with the hash of the one before.

A manifest is recorded in the ledger first, with its text, then written to the state folder: its
file can be written again, and the disk is ahead of the ledger only when the ledger was put back
from a backup. A process that is killed in between leaves a file missing, which the next one writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.settings import Settings
from flows.audit.manifest_files import forgotten, repair, write_manifest
from flows.audit.provenance import provenance
from flows.audit.survey import new_files
from flows.crashpoints import CrashPoint, reach
from flows.errors import disk_failed
from flows.folders import StateFolders
from flows.ledger import FlowRecord, KeptFile, Ledger, ManifestRecord, RunRecord, RunState, TakenUp
from transforms.canonical import Listing, blocks_of, canonical, sha256_of

#: Version of the form of a manifest; it grows when a key changes its meaning or goes.
SCHEMA = 1
#: Files, flows or extracts told one by one; of more, the ledger holds the list and the manifest
#: its digest (a night of XML files has as many as invoices).
LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain: what to hold outside, for it proves all that came before."""

    rank: int
    sha256: str
    written_at: datetime


def head_of(ledger: Ledger) -> Head | None:
    """Return the head of the chain; None while nothing was sealed."""
    record = ledger.manifest_head()
    return None if record is None else _head(record)


def seal(ledger: Ledger, settings: Settings, kind: str, run_id: str | None = None) -> Head | None:
    """Seal all that happened since the last manifest, and return the new head.

    Runs that ended and were not sealed (killed just then) get manifests of their own first. Without
    a run, and when nothing happened since, no manifest is written.

    Args:
        ledger: where the chain is.
        settings: where the files are.
        kind: what was done: ``run``, ``collect``, ``report``, ``release``, ``purge``, …
        run_id: the run it was done to, when it is about one.

    Raises:
        DiskError: a file cannot be read or written; what was not sealed now is sealed next.
        LedgerUnavailableError: the ledger cannot be read or written.
    """
    try:
        return _seal(ledger, settings, kind, run_id)
    except OSError as error:
        raise disk_failed(error, what="What was done cannot be sealed") from error


def _seal(ledger: Ledger, settings: Settings, kind: str, run_id: str | None) -> Head | None:
    folder = StateFolders(settings.state_folder).audit
    repair(ledger, folder)
    for run in ledger.unsealed_runs():
        if run.run_id != run_id:
            _Sealing(ledger, settings, folder, "run", run.run_id).write()
    return _Sealing(ledger, settings, folder, kind, run_id).write()


class _Sealing:
    """One manifest."""

    def __init__(
        self, ledger: Ledger, settings: Settings, folder: Path, kind: str, run_id: str | None
    ) -> None:
        self._ledger = ledger
        self._settings = settings
        self._folder = folder
        self._kind = kind
        self._run_id = run_id
        #: Manifests of a ledger that was put back: this one comes behind them.
        self._taken_up: list[TakenUp] = []

    def write(self) -> Head | None:
        while True:
            self._taken_up = forgotten(self._ledger, self._folder)
            head = self._taken_up[-1].record if self._taken_up else self._ledger.manifest_head()
            # Before anything is read: what comes meanwhile is the next manifest's.
            until = self._ledger.last_event()
            run = self._ledger.run(self._run_id) if self._run_id is not None else None
            rank = 1 if head is None else head.rank + 1
            after = 0 if head is None else head.last_event
            files = list(
                new_files(
                    self._ledger,
                    self._settings,
                    rank=rank,
                    after=after,
                    over=[run] if run is not None else [],
                )
            )
            tombstones = self._ledger.tombstones_to_seal()
            nothing = until <= after and not (files or tombstones or self._taken_up)
            if nothing and self._run_id is None:
                return None if head is None else _head(head)
            record = self._record(head, run, until, files, tombstones)
            paths = [file.path for file in tombstones]
            if self._ledger.add_manifest(record, files, paths, self._taken_up):
                break  # else another process sealed just then: again, behind its manifest
        reach(CrashPoint.MANIFEST_ROW)
        write_manifest(self._folder, record)
        reach(CrashPoint.MANIFEST_FILE)
        return _head(record)

    def _record(
        self,
        head: ManifestRecord | None,
        run: RunRecord | None,
        until: int,
        files: list[KeptFile],
        tombstones: list[KeptFile],
    ) -> ManifestRecord:
        rank = 1 if head is None else head.rank + 1
        after = 0 if head is None else head.last_event
        previous = "" if head is None else head.sha256
        written_at = self._ledger.now()
        listing = Listing(LISTED)
        body = canonical(
            {
                "schema": SCHEMA,
                "rank": rank,
                "kind": self._kind,
                "run_id": self._run_id,
                "company": self._ledger.company,
                "emitter": self._ledger.emitter,
                "environment": self._ledger.environment,
                "written_at": written_at,
                "previous": previous,
                "adopted": [taken.record.rank for taken in self._taken_up],
                "versions": provenance(self._settings),
                "events": self._events(after, until),
                "run": None if run is None else self._run(run),
                "files": listing.of(file.sealed() for file in files),
                "purged": listing.of(file.sealed() for file in tombstones),
            }
        )
        return ManifestRecord(
            rank=rank,
            kind=self._kind,
            run_id=self._run_id,
            sha256=sha256_of(body),
            previous=previous,
            last_event=max(until, after),
            written_at=written_at,
            body=body,
        )

    def _events(self, after: int, until: int) -> dict[str, object]:
        blocks = list(blocks_of(self._ledger.event_rows(after, until)))
        return {
            "after": after,
            "last": max(until, after),
            "count": sum(block.count for block in blocks),
            "blocks": [block.as_list() for block in blocks],
        }

    def _run(self, run: RunRecord) -> dict[str, object]:
        """Return what the run was; its invoices, extracts and flows once it is over."""
        facts: dict[str, object] = {
            "run_id": run.run_id,
            "kind": run.kind,
            "run_date": run.run_date,
            "state": run.state,
            "exit_code": run.exit_code,
            "started_at": run.started_at,
            "finished_at": run.finished_at,
            "release": run.version,
            "settings_file": run.settings_hash,
            "balance": run.balance,
        }
        if run.state is RunState.RUNNING:
            return facts
        blocks = list(blocks_of(self._ledger.invoice_rows(run.run_id)))
        tallies = self._ledger.tallies(run.run_id)
        facts["invoices"] = {
            "count": sum(block.count for block in blocks),
            "blocks": [block.as_list() for block in blocks],
            "states": {state.value: tally.count for state, tally in sorted(tallies.items())},
        }
        facts["extracts"] = Listing(LISTED).of(extract_facts(self._ledger, run.run_id))
        facts["flows"] = {
            **Listing(LISTED).of(
                flow_facts(flow) for flow in self._ledger.flows(run_id=run.run_id)
            ),
            "states": {
                flow.flow_id: [flow.state, flow.deposited_at]
                for flow in self._ledger.flows(run_id=run.run_id)[:LISTED]
            },
        }
        return facts


def extract_facts(ledger: Ledger, run_id: str) -> Iterable[dict[str, object]]:
    """Yield what does not change of the extracts of a run that is over."""
    for extract in ledger.extracts(run_id):
        yield {
            "name": extract.name,
            "sha256": extract.sha256,
            "size": extract.size,
            "rows": extract.rows,
            "invoices": extract.invoices,
        }


def flow_facts(flow: FlowRecord) -> dict[str, object]:
    """Return what never changes of a flow once it is built."""
    return {
        "flow_id": flow.flow_id,
        "file_name": flow.file_name,
        "path": flow.path,
        "size": flow.size,
        "sha256": flow.sha256,
        "content_sha256": flow.content_sha256,
        "invoices": flow.invoices,
        "replaces": flow.replaces,
    }


def _head(record: ManifestRecord) -> Head:
    return Head(record.rank, record.sha256, record.written_at)
