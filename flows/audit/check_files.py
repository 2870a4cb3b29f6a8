"""The files that manifests name, and those that none names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.settings import Settings
from flows.audit.archive import (
    CLAIMED,
    INCOMING,
    NOT_UNDERSTOOD,
    OUTBOX,
    REPORTS,
    RETURNS,
    Archive,
    hash_of,
)
from flows.audit.check_chain import Chain, bodies
from flows.audit.survey import REPORT
from flows.audit.told import Found
from flows.ledger import KeptFile, Ledger, ManifestRecord, latest_of
from transforms.canonical import Listing


def check_files(
    ledger: Ledger, settings: Settings, folder: Path, chain: Chain, found: Found
) -> int:
    """Tell files altered, missing or inserted; return how many are as they were sealed.

    Raises:
        LedgerUnavailableError: the ledger cannot be read.
        OSError: a folder cannot be listed.
    """
    checking = _Checking(ledger, Archive(settings), chain, found)
    checking.register(folder)
    checking.runs()
    checking.returns()
    return checking.well


class _Checking:
    def __init__(self, ledger: Ledger, archive: Archive, chain: Chain, found: Found) -> None:
        self._ledger = ledger
        self._archive = archive
        self._chain = chain
        self._found = found
        self.well = 0
        #: Files of flows built since the last manifest, once they were asked for.
        self._later: tuple[str, ...] | None = None
        #: What manifests say of files whose row in the ledger says something else.
        self._instead: dict[str, KeptFile] = {}
        #: Tombstones that the chain proves, or that events after its head announce.
        self._tombs: set[tuple[str, str]] = set()
        self._renewed = {run for run, _ in ledger.noted(REPORT, after=chain.last_event)}

    def register(self, folder: Path) -> None:
        """Compare the ledger's list of files with what each manifest says of it."""
        for record, body in bodies(self._ledger, folder):
            if not body:
                continue
            files = list(self._ledger.kept_files(rank=record.rank))
            self._compare(record, body["files"], files, record.written_at)
            purged = latest_of(self._ledger.kept_files(purged_rank=record.rank)).values()
            self._compare(record, body["purged"], list(purged), None)
            named = body["purged"].get("items")
            if named is None:  # too many to be listed: the digest proves the ledger's rows
                named = [file.sealed() for file in purged]
            self._tombs.update((str(item["path"]), str(item["sha256"])) for item in named)
        for _, reason in self._ledger.noted("purge", after=self._chain.last_event):
            # "path hash reason": a path may hold blanks, a hash does not.
            words = reason.split(" ")
            for place in range(1, len(words)):
                self._tombs.add((" ".join(words[:place]), words[place]))

    def _compare(
        self, record: ManifestRecord, sealed: dict[str, Any], files: list[KeptFile], kept_at: Any
    ) -> None:
        rank = record.rank
        if rank in self._chain.adopted and "items" not in sealed:
            return  # too many to be listed: their rows went with the ledger that was put back
        now = Listing(0).of(file.sealed() for file in files)
        if (now["count"], now["sha256"]) == (sealed["count"], sealed["sha256"]):
            return
        was = {str(item["path"]): item for item in sealed.get("items", ())}
        is_now = {file.path: file.sealed() for file in files}
        paths = sorted(p for p in was.keys() | is_now.keys() if was.get(p) != is_now.get(p))
        for path in paths or [f"{sealed['count']} -> {now['count']}"]:
            self._found.tell("AU-FILE-04", path, rank=rank)
            if kept_at is not None and path in was:
                self._instead[path] = KeptFile(rank=rank, kept_at=kept_at, **was[path])

    def runs(self) -> None:
        """Check the files of each run, and look for runs that no ledger knows."""
        # Listed before the ledger is asked: a run that starts meanwhile is not taken for unknown.
        listed = [(root, run) for root in (CLAIMED, OUTBOX) for run in self._archive.folders(root)]
        # One that a restored ledger took up again is sealed anew when it ends.
        sealed = self._chain.last_of_run.keys() - set(self._ledger.unfinished_runs())
        kept = set(self._ledger.runs_with_files())
        kept |= {file.run_id for file in self._instead.values() if file.run_id}
        for run_id in sorted(kept):
            own = latest_of(self._ledger.kept_files(run_id=run_id))
            own |= {p: file for p, file in self._instead.items() if file.run_id == run_id}
            walked = [(REPORTS, run_id)]
            if run_id in sealed:
                walked += [(CLAIMED, run_id), (OUTBOX, run_id)]
            self._check(own, self._walk(walked))
        known = kept | self._ledger.run_ids()
        for root, run_id in listed:
            if run_id in known and (run_id in kept or run_id not in sealed):
                continue
            for name, _ in self._archive.walk(root, run_id):
                self._found.tell("AU-FILE-03", name)

    def returns(self) -> None:
        """Check the return files; copies for a person to look at must be of one of them."""
        walked = list(self._archive.walk(RETURNS))
        fresh = {f"{RETURNS}/{record.kept_as}" for record in self._ledger.returns_not_sealed()}
        own = latest_of(self._ledger.kept_files(of_no_run=True))
        own |= {path: file for path, file in self._instead.items() if file.run_id is None}
        ours = list(self._ledger.returns())
        hashes = {record.sha256 for record in ours}
        # Several companies may share the folder; a copy's name ends with the mark of its hash.
        theirs = self._ledger.known_copies() - {record.kept_as for record in ours}
        marks = {kept_as.rpartition(".")[2] for kept_as in theirs}
        fresh |= {name for kept_as in theirs if (name := f"{RETURNS}/{kept_as}") not in own}
        present: dict[str, Path] = {}
        for name, path in walked:
            second = name.split("/")[1]
            if second == NOT_UNDERSTOOD:
                copy = hash_of(path)
                if copy is None or (copy[0] not in hashes and copy[0][:12] not in marks):
                    self._found.tell("AU-FILE-03", name)
            elif second != INCOMING and name not in fresh:
                present[name] = path
        self._check(own, present)

    def _walk(self, folders: list[tuple[str, str]]) -> dict[str, Path]:
        def all_of() -> Iterator[tuple[str, Path]]:
            for root, below in folders:
                yield from self._archive.walk(root, below)

        return dict(all_of())

    def _check(self, sealed: dict[str, KeptFile], present: dict[str, Path]) -> None:
        for name, file in sealed.items():
            walked = present.pop(name) if name in present else self._archive.path(name)
            self._one(file, walked)
        for name in present:
            run_id = name.split("/")[1] if name.startswith(f"{REPORTS}/") else None
            if run_id in self._renewed:
                self._found.tell("AU-RENEWED-01", name)
            elif not self._sealing_later(name):
                self._found.tell("AU-FILE-03", name)

    def _sealing_later(self, name: str) -> bool:
        """Whether a file belongs to a flow that was built since the last manifest."""
        if self._later is None:
            built = map(self._ledger.flow, self._ledger.flows_built(after=self._chain.last_event))
            self._later = tuple(f"{OUTBOX}/{flow.path}" for flow in built if flow is not None)
        return any(name == path or name.startswith(f"{path}.") for path in self._later)

    def _one(self, file: KeptFile, path: Path) -> None:
        try:
            found = hash_of(path)
        except OSError as error:
            self._found.tell("AU-FILE-05", file.path, rank=file.rank, what=error.strerror)
            return
        buried = (file.path, file.sha256) in self._tombs
        if found is None:
            if not buried:
                self._found.tell("AU-FILE-02", file.path, rank=file.rank)
            return
        if buried:
            self._found.tell("AU-PURGE-01", file.path, rank=file.rank)
        elif found[0] == file.sha256:
            self.well += 1
        elif file.kind == "report" and file.run_id in self._renewed:
            self._found.tell("AU-RENEWED-01", file.path)
        else:
            self._found.tell("AU-FILE-01", file.path, rank=file.rank)
