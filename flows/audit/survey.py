"""Which files a manifest names: those that came since the one before.

What the ledger knows of a file is taken from it and not from the disk: a file that was altered
before it is sealed is found, not sealed as it is. A folder is looked through once, when its run is
over; what appears in it later is only taken when the ledger knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from config.settings import Settings
from flows.audit.archive import CLAIMED, OUTBOX, REPORTS, RETURNS, Archive, hash_of
from flows.ledger import FlowRecord, FlowState, KeptFile, Ledger, RunRecord, RunState, latest_of

#: The four files of a report (flows/report/write.py).
REPORT_FILES = ("report.html", "report.json", "invoices.csv", "findings.csv")
#: Event that ``write_report`` leaves before it writes.
REPORT = "report"

_RUN_KINDS = frozenset({"extract", "companion", "flow", "members"})


def new_files(
    ledger: Ledger, settings: Settings, *, rank: int, after: int, over: Sequence[RunRecord]
) -> Iterator[KeptFile]:
    """Yield the files that the manifest of this rank names.

    Args:
        ledger: knows extracts, flows, return files and what is sealed already.
        settings: where the folders are.
        rank: of the manifest.
        after: id of the last event of the manifest before.
        over: runs to look through, when they are over and were not yet.

    Raises:
        OSError: a file cannot be read.
    """
    yield from _Survey(ledger, Archive(settings), rank, after).files(over)


class _Survey:
    def __init__(self, ledger: Ledger, archive: Archive, rank: int, after: int) -> None:
        self._ledger = ledger
        self._archive = archive
        self._rank = rank
        self._after = after

    def files(self, over: Sequence[RunRecord]) -> Iterator[KeptFile]:
        walked: set[str] = set()
        for run in over:
            if run.state is not RunState.RUNNING and not self._is_sealed(run.run_id):
                walked.add(run.run_id)
                yield from self._claimed(run)
                yield from self._outbox(run)
        yield from self._built_later(walked)
        for run_id in dict.fromkeys(
            run_id for run_id, _ in self._ledger.noted(REPORT, after=self._after) if run_id
        ):
            yield from self._reports(run_id)
        for record in self._ledger.returns_not_sealed():
            yield self._kept(
                None,
                "return",
                f"{RETURNS}/{record.kept_as}",
                (record.sha256, record.size),
                record.received_at,
            )

    def _is_sealed(self, run_id: str) -> bool:
        return any(file.kind in _RUN_KINDS for file in self._ledger.kept_files(run_id=run_id))

    def _claimed(self, run: RunRecord) -> Iterator[KeptFile]:
        known = {
            f"{CLAIMED}/{run.run_id}/{extract.claimed_as}": (extract.sha256, extract.size)
            for extract in self._ledger.extracts(run.run_id)
        }
        for name, path in self._archive.walk(CLAIMED, run.run_id):
            kind = "extract" if name in known else "companion"
            found = known.get(name) or hash_of(path)
            if found is not None:
                yield self._kept(run.run_id, kind, name, found, run.started_at)

    def _outbox(self, run: RunRecord) -> Iterator[KeptFile]:
        flows = {f"{OUTBOX}/{flow.path}": flow for flow in self._ledger.flows(run_id=run.run_id)}
        present: set[str] = set()
        for name, path in self._archive.walk(OUTBOX, run.run_id):
            present.add(name)
            flow = flows.get(name)
            found = (flow.sha256, flow.size) if flow is not None else hash_of(path)
            if found is not None:
                kind = "members" if flow is None else "flow"
                yield self._kept(run.run_id, kind, name, found, run.started_at)
        for name, flow in flows.items():
            # Lost already: told by each verification, unless a person has given it up for that.
            if name not in present and flow.state is not FlowState.ABANDONED:
                found = (flow.sha256, flow.size)
                yield self._kept(run.run_id, "flow", name, found, run.started_at)

    def _built_later(self, walked: set[str]) -> Iterator[KeptFile]:
        """Yield the flows built for a run that is over and looked through: sent again by a word.

        A run that just ended and was not looked through yet is left to its own manifest.
        """
        runs: dict[str, RunRecord | None] = {}
        for flow_id in sorted(self._ledger.flows_built(after=self._after)):
            flow = self._ledger.flow(flow_id)
            if flow is None or flow.run_id in walked:
                continue
            if flow.run_id not in runs:
                sealed = self._is_sealed(flow.run_id)
                runs[flow.run_id] = self._ledger.run(flow.run_id) if sealed else None
            run = runs[flow.run_id]
            if run is not None:
                yield from self._one_flow(run, flow)

    def _one_flow(self, run: RunRecord, flow: FlowRecord) -> Iterator[KeptFile]:
        sealed = {file.path for file in self._ledger.kept_files(run_id=run.run_id)}
        own = f"{OUTBOX}/{flow.path}"
        if own not in sealed:
            yield self._kept(run.run_id, "flow", own, (flow.sha256, flow.size), flow.built_at)
        for name, path in self._archive.walk(OUTBOX, run.run_id):
            beside = name.startswith(f"{own}.") and name not in sealed
            if beside and (found := hash_of(path)) is not None:
                yield self._kept(run.run_id, "members", name, found, flow.built_at)

    def _reports(self, run_id: str) -> Iterator[KeptFile]:
        run = self._ledger.run(run_id)
        if run is None:
            return
        sealed = latest_of(
            file for file in self._ledger.kept_files(run_id=run_id) if file.kind == "report"
        )
        for name in REPORT_FILES:
            full = f"{REPORTS}/{run_id}/{name}"
            found = hash_of(self._archive.path(full))
            before = sealed.get(full)
            if found is None or (before is not None and before.sha256 == found[0]):
                continue
            yield self._kept(run_id, "report", full, found, run.started_at)

    def _kept(
        self,
        run_id: str | None,
        kind: str,
        path: str,
        found: tuple[str, int],
        kept_at: datetime,
    ) -> KeptFile:
        sha256, size = found
        return KeptFile(
            run_id=run_id,
            rank=self._rank,
            kind=kind,
            path=path,
            sha256=sha256,
            size=size,
            kept_at=kept_at,
        )
