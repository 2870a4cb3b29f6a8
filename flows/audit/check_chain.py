"""The chain itself: rows of the ledger against the files, and each link against the one before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flows.audit.manifest_files import body_of, owner, owner_of
from flows.audit.told import Found
from flows.ledger import Ledger, ManifestRecord
from transforms.canonical import plain, sha256_of


@dataclass(slots=True)
class Chain:
    """What the chain said, once it was walked through.

    Attributes:
        ranks: hash of each manifest whose text fits it, by rank.
        adopted: ranks taken up after the ledger was put back from a backup.
        last_of_run: the last manifest that seals the invoices of a run, by run.
        foreign: files of other companies that share the folder.
    """

    ranks: dict[int, str] = field(default_factory=dict)
    adopted: set[int] = field(default_factory=set)
    last_of_run: dict[str, int] = field(default_factory=dict)
    foreign: int = 0
    last_event: int = 0
    length: int = 0

    def rank_of(self, digest: str) -> int | None:
        """Return the rank of the manifest with this hash, or the beginning of it."""
        wanted = digest.strip().lower()
        return next((r for r, sha in self.ranks.items() if sha.startswith(wanted)), None)


def check_chain(ledger: Ledger, folder: Path, found: Found) -> Chain:
    """Walk through the chain from its first manifest and tell whatever does not fit.

    Raises:
        OSError: a manifest file cannot be read.
    """
    chain = Chain()
    files = _Files(ledger, folder, found, chain)
    before: ManifestRecord | None = None
    for record in ledger.manifests():
        expected = 1 if before is None else before.rank + 1
        for rank in range(expected, record.rank):
            found.tell("AU-CHAIN-01", rank=rank)
        whole = record.rank == expected
        if whole and record.previous != ("" if before is None else before.sha256):
            found.tell("AU-CHAIN-03", rank=record.rank, before=record.rank - 1)
        on_disk = files.text_of(record)
        text = trusted(record, on_disk)
        if sha256_of(record.body) != record.sha256:
            found.tell("AU-CHAIN-02", rank=record.rank, what="body")
        if text is not None:
            chain.ranks[record.rank] = record.sha256
            _note(chain, record, body_of(text))
        chain.length += 1
        chain.last_event = max(chain.last_event, record.last_event)
        before = record
    # A row says again what its text says; only now is it known which were adopted.
    for record in ledger.manifests():
        for name in _row_differs(record, adopted=record.rank in chain.adopted):
            found.tell("AU-CHAIN-02", rank=record.rank, what=name)
        if record.rank in chain.adopted:
            found.tell("AU-RESTORE-01", rank=record.rank)
    files.tell_others(before)
    return chain


def bodies(ledger: Ledger, folder: Path) -> Iterator[tuple[ManifestRecord, dict[str, Any]]]:
    """Yield the manifests with the data of the text that fits their hash, from ledger or disk.

    One of which no text fits any more proves nothing: its data is empty.
    """
    for record in ledger.manifests():
        text = trusted(record, _read(folder / record.file_name))
        yield record, {} if text is None else body_of(text)


def trusted(record: ManifestRecord, on_disk: bytes | None) -> str | None:
    """Return the text that fits the hash of a manifest: the ledger's, else that of its file."""
    if sha256_of(record.body) == record.sha256:
        return record.body
    if on_disk is not None and hashlib.sha256(on_disk).hexdigest() == record.sha256:
        return on_disk.decode("utf-8", "replace")
    return None


def _note(chain: Chain, record: ManifestRecord, body: dict[str, Any]) -> None:
    chain.adopted.update(int(rank) for rank in body.get("adopted", ()))
    run = body.get("run")
    if isinstance(run, dict) and "invoices" in run:
        chain.last_of_run[str(run["run_id"])] = record.rank


def _row_differs(record: ManifestRecord, *, adopted: bool) -> Iterator[str]:
    if sha256_of(record.body) != record.sha256:
        return  # told already, and the text says nothing then
    body = body_of(record.body)
    for name in ("rank", "kind", "run_id", "previous"):
        if body.get(name) != getattr(record, name):
            yield name
    if body.get("written_at") != plain(record.written_at):
        yield "written_at"
    if not adopted and body.get("events", {}).get("last") != record.last_event:
        yield "last_event"


class _Files:
    """The files of the audit folder."""

    def __init__(self, ledger: Ledger, folder: Path, found: Found, chain: Chain) -> None:
        self._ledger = ledger
        self._found = found
        self._chain = chain
        self._left = {
            path.name: path
            for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
            if not path.name.startswith(".")
        }

    def text_of(self, record: ManifestRecord) -> bytes | None:
        """Return the bytes of a manifest's file, told as altered or missing when it is so."""
        path = self._left.pop(record.file_name, None) or self._renamed(record)
        content = None if path is None else _read(path)
        if content is None:
            self._found.tell("AU-CHAIN-05", record.file_name, rank=record.rank)
        elif hashlib.sha256(content).hexdigest() != record.sha256:
            self._found.tell("AU-CHAIN-04", path.name if path else "", rank=record.rank)
        return content

    def tell_others(self, head: ManifestRecord | None) -> None:
        """Tell the files that no manifest of the ledger owns."""
        last = 0 if head is None else head.rank
        for name, path in self._left.items():
            body = body_of((_read(path) or b"").decode("utf-8", "replace"))
            whose = owner_of(body)
            if None not in whose and whose != owner(self._ledger):
                self._chain.foreign += 1
                continue
            rank = name.partition("-")[0]
            if rank.isdigit() and int(rank) > last:
                self._found.tell("AU-CHAIN-07", name, rank=int(rank), head=last)
            else:
                self._found.tell("AU-CHAIN-06", name)

    def _renamed(self, record: ManifestRecord) -> Path | None:
        """Return the one file of this rank that is ours, under whatever name it has now."""
        names = [name for name in self._left if name.startswith(f"{record.rank:06d}-")]
        own = [name for name in names if record.file_name.rpartition("-")[0] in name]
        return self._left.pop(own[0]) if len(own) == 1 else None


def _read(path: Path) -> bytes | None:
    if path.is_symlink() or not path.is_file():
        return None
    return path.read_bytes()
