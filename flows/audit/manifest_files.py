"""Files of manifests: written once, read back, and those of a ledger that was put back."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from flows.channels.localfile import fsync_folder
from flows.ledger import KeptFile, Ledger, ManifestRecord, TakenUp
from flows.private_files import name_once
from transforms.canonical import sha256_of

#: Environment, company and emitter, as a manifest names them.
Owner: TypeAlias = tuple[Any, Any, Any]


def write_manifest(folder: Path, record: ManifestRecord) -> Path:
    """Write the file of a manifest, whole and on disk; one that is there already is left.

    Raises:
        OSError: the folder cannot be written.
    """
    path = folder / record.file_name
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(record.body.encode())
            stream.flush()
            os.fsync(stream.fileno())
        # What is there already is another process's, or altered: verification compares its hash.
        name_once(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    fsync_folder(folder)
    return path


def read_manifests(folder: Path) -> Iterator[tuple[int, Path]]:
    """Yield rank and path of the manifest files of a folder, in the order of their names."""
    for path in sorted(folder.glob("[0-9]*.json")):
        rank = path.name.partition("-")[0]
        if rank.isdigit():
            yield int(rank), path


def repair(ledger: Ledger, folder: Path) -> None:
    """Write the file of the last manifest if a crash kept it from being written.

    Only of the last: one that is missing further back did not fall to a crash, and is told.
    """
    head = ledger.manifest_head()
    if head is not None and not (folder / head.file_name).exists():
        write_manifest(folder, head)


def forgotten(ledger: Ledger, folder: Path) -> list[TakenUp]:
    """Return the manifests that are on disk and not in the ledger any more, to be taken up.

    The ledger was put back from a backup: whoever holds one of their hashes must still find it in
    the chain. They are taken only when they continue the chain of the ledger; the events they seal
    are gone with it, which the manifest behind them says (``adopted``) and verification tells.

    Raises:
        OSError: a file cannot be read.
    """
    # The files first: what a collect seals meanwhile is recorded before its file is written.
    on_disk = list(read_manifests(folder))
    head = ledger.manifest_head()
    rank = 0 if head is None else head.rank
    previous = "" if head is None else head.sha256
    last_event = 0 if head is None else head.last_event
    found: list[TakenUp] = []
    for number, path in on_disk:
        if number != rank + 1:
            continue
        record = read_record(path)
        if record is None or record.previous != previous or not _is_of(ledger, record):
            continue
        # Its events are not in this ledger: the next manifest begins where the last own one ended.
        found.append(
            TakenUp(
                record=replace(record, last_event=last_event),
                files=tuple(_files_of(record)),
                purged=tuple(_purged_of(record)),
            )
        )
        rank, previous = record.rank, record.sha256
    return found


def read_record(path: Path) -> ManifestRecord | None:
    """Return the manifest that a file holds; None when it holds none, or not that of its name.

    Raises:
        OSError: it cannot be read.
    """
    text = path.read_bytes().decode("utf-8", "replace")
    body = body_of(text)
    try:
        record = ManifestRecord(
            rank=int(body["rank"]),
            kind=str(body["kind"]),
            run_id=body["run_id"],
            sha256=sha256_of(text),
            previous=str(body["previous"]),
            last_event=int(body["events"]["last"]),
            written_at=datetime.fromisoformat(body["written_at"]),
            body=text,
        )
    except (KeyError, TypeError, ValueError):
        return None
    return record if record.file_name == path.name else None


def body_of(text: str) -> dict[str, Any]:
    """Return the data of a manifest's text; nothing when it is not one."""
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _is_of(ledger: Ledger, record: ManifestRecord) -> bool:
    return owner_of(body_of(record.body)) == owner(ledger)


def owner(ledger: Ledger) -> Owner:
    """Return whose manifests are in a ledger: several may share a state folder."""
    return ledger.environment.value, ledger.company, ledger.emitter


def owner_of(body: dict[str, Any]) -> Owner:
    """Return whose manifest it is; parts are None when it is none."""
    return body.get("environment"), body.get("company"), body.get("emitter")


def _files_of(record: ManifestRecord) -> Iterator[KeptFile]:
    for item in body_of(record.body)["files"].get("items", ()):
        yield KeptFile(
            run_id=item["run_id"],
            rank=record.rank,
            kind=item["kind"],
            path=item["path"],
            sha256=item["sha256"],
            size=item["size"],
            kept_at=record.written_at,
        )


def _purged_of(record: ManifestRecord) -> Iterator[str]:
    for item in body_of(record.body)["purged"].get("items", ()):
        yield str(item["path"])
