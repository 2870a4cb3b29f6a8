"""Where the rows of invoices stand in the extracts that a run has kept.

The extracts are read again as the night read them, so that rows which do not stand together, or
stand in two files, are found as well; what counts is the physical lines of each file.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from config.profile import Profile
from flows.errors import ConfigurationError, ExitCode, FinalError
from flows.extract_sets import joined_only
from flows.extracts import ExtractFile, read_extracts
from flows.folders import StateFolders
from flows.landing import ALREADY_PROCESSED
from flows.landing_moves import shown
from flows.ledger import ExtractRecord, InvoiceRecord, Ledger
from flows.xml_source import is_xml

#: Where an invoice is: SHA-256 of its (first) file, and its first line there.
Place = tuple[str, int]

_STEP = "Restore it from a back-up of the state folder, or have the ERP extract the invoices again."


class KeptExtractError(FinalError):
    """Says that an extract of a run is gone, or is not the one that was read."""

    exit_code = ExitCode.ATTENTION


@dataclass(slots=True)
class KeptRows:
    """A kept extract, and the lines of it that belong to the invoices asked for."""

    file: ExtractFile
    run_id: str
    lines: set[int] = field(default_factory=set)
    """Physical lines on which rows begin, unreadable ones included."""


def rows_of(
    ledger: Ledger,
    folders: StateFolders,
    profile: Profile,
    invoices: Sequence[InvoiceRecord],
    *,
    trailer_mark: str = "",
) -> tuple[list[KeptRows], list[InvoiceRecord]]:
    """Return where the rows of ``invoices`` stand, and the invoices that were not found there.

    A file of master data, which only completes others, is not among them. The extracts of a run
    of which one was purged are not read again: its invoices count as not found.

    Args:
        ledger: knows which run claimed a file.
        folders: where the files are.
        profile: that the files were read with.
        invoices: read by any runs.
        trailer_mark: first cell of a trailer record, which is no data.

    Raises:
        KeptExtractError: an extract that is needed is gone or altered.
        ConfigurationError: the profile of the settings does not fit the extract (any more).
    """
    wanted: dict[str, set[Place]] = {}
    claims = ledger.claims_of({invoice.file_sha256 for invoice in invoices})
    for invoice in invoices:
        run_id = _claimed_by(claims.get(invoice.file_sha256, ()), invoice.run_id)
        if run_id is not None:
            wanted.setdefault(run_id, set()).add((invoice.file_sha256, invoice.first_line))
    found: list[KeptRows] = []
    seen: set[Place] = set()
    for run_id, places in sorted(wanted.items()):
        records = ledger.extracts(run_id)
        if is_xml(profile):
            purged = ledger.purged_contents(sha256 for sha256, _ in places)
            there = {place for place in places if place[0] not in purged}
            found += _documents(records, folders, there)
            seen |= there
        elif not ledger.purged_contents(record.sha256 for record in records):
            found += _read_again(records, folders, profile, places, seen, trailer_mark)
    return found, [i for i in invoices if (i.file_sha256, i.first_line) not in seen]


def kept_extract(folders: StateFolders, record: ExtractRecord) -> ExtractFile:
    """Return a file that a run has kept, its bytes compared with what was recorded.

    Raises:
        KeptExtractError: it is gone, or altered.
    """
    folder = folders.root / "claimed" / record.run_id
    places = (folder, folder / ALREADY_PROCESSED)
    candidates = [
        path
        for place in places
        if place.is_dir()
        for path in sorted(place.iterdir())
        # Another file of the same name has a mark in its own: "a~2.csv".
        if path.is_file() and not path.is_symlink() and path.stat().st_size == record.size
    ]
    candidates.sort(key=lambda path: shown(path) != record.name)
    for path in candidates:
        with path.open("rb") as stream:
            if hashlib.file_digest(stream, "sha256").hexdigest() == record.sha256:
                return ExtractFile(path, record.name, record.sha256)
    what = "has been altered since it was read" if (folder / record.name).exists() else "is gone"
    message = f"The extract {record.name} of run {record.run_id} {what}: {folder}."
    raise KeptExtractError(message, next_step=_STEP)


def _claimed_by(records: Iterable[ExtractRecord], run_id: str) -> str | None:
    """Return the run that keeps a file: the invoice's own, else (it waited) the one before."""
    runs = [record.run_id for record in records]
    if run_id in runs:
        return run_id
    earlier = [each for each in runs if each < run_id]
    return earlier[-1] if earlier else None


def _documents(
    records: Sequence[ExtractRecord], folders: StateFolders, places: Collection[Place]
) -> list[KeptRows]:
    """Return the XML files of a run that are invoices asked for; no other is looked at."""
    hashes = {sha256 for sha256, _ in places}
    return [
        KeptRows(kept_extract(folders, record), record.run_id, {1})
        for record in records
        if record.sha256 in hashes
    ]


def _read_again(
    records: Sequence[ExtractRecord],
    folders: StateFolders,
    profile: Profile,
    places: Collection[Place],
    seen: set[Place],
    trailer_mark: str,
) -> list[KeptRows]:
    run_id = records[0].run_id
    kept = [kept_extract(folders, record) for record in records]
    rows = {
        file.sha256: KeptRows(file, run_id) for file in kept if not joined_only(file.name, profile)
    }
    with tempfile.TemporaryDirectory(dir=folders.spill("quarantine")) as scratch:
        try:
            reading = read_extracts(
                kept, profile, spill_folder=Path(scratch), trailer_mark=trailer_mark
            )
        except ConfigurationError as error:
            message = f"The extracts of run {run_id} cannot be read again: {error.what}"
            step = "Was the profile changed since? Export with the settings of that night."
            raise ConfigurationError(message, next_step=step) from error
        for item in reading:
            span = item.span
            if (span.file_sha256, span.first_line) not in places:
                continue
            seen.add((span.file_sha256, span.first_line))
            names: dict[str, str] = {}
            for block in item.blocks:
                if not block.side and block.file_sha256 in rows:
                    rows[block.file_sha256].lines.update(block.lines)
                    names[block.file] = block.file_sha256
            for finding in item.findings:
                # An unreadable row is part of what has to be mended.
                place = finding.location
                if place.line is not None and place.file in names:
                    rows[names[place.file]].lines.add(place.line)
    return [each for each in rows.values() if each.lines]
