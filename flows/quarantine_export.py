"""``quarantine export``: the rows of quarantined invoices, to be mended, and what is wrong.

Rows are cut out of the extracts byte for byte, below the heading of their file, so that what is
mended can be read again by the same profile: nothing is altered in silence, not even a cell that a
spreadsheet would take for a formula. What we say ourselves (``findings.csv``) is made harmless.

| extract | exported |
|---|---|
| text (CSV, TSV, SAP lists; one file or header and lines) | heading and rows, bytes as they were |
| workbook | a workbook: heading and rows, values and formats as they were |
| flat IDoc | the records of the documents |
| IDoc as XML, EDIFACT, XML that the ERP wrote | the whole file |
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from config.profile import Profile
from config.settings import Settings
from flows.errors import ConfigurationError, ExitCode, disk_failed
from flows.extract_sides import sides_of
from flows.folders import StateFolders
from flows.ledger import FindingRecord, InvoiceRecord, Ledger
from flows.private_files import open_private, private_folder
from flows.quarantine import held_back, known_run
from flows.quarantine_rows import KeptRows, rows_of
from flows.report.tables import harmless
from flows.report.told import tell
from flows.tables import open_table
from transforms.idoc import CONTROL, idoc_form
from transforms.physical_lines import line_end, physical_lines
from transforms.sniffing import encoding_of
from transforms.table import TableError
from transforms.workbook_guard import guard_workbook

FINDINGS = "findings.csv"
_COLUMNS = (
    "number",
    "run",
    "file",
    "line",
    "exported_file",
    "exported_line",
    "column",
    "value",
    "bt",
    "rule",
    "severity",
    "message_fr",
    "advice_fr",
    "message_en",
    "advice_en",
)
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[Path, ...]
    invoices: int
    lost: tuple[InvoiceRecord, ...]
    """Invoices whose rows were not found: the profile was changed, or it reads other files."""

    @property
    def exit_code(self) -> ExitCode:
        """4 when rows were not found: a person must look."""
        return ExitCode.ATTENTION if self.lost else ExitCode.OK

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        told = [f"{self.invoices} invoices in {self.folder}:"]
        told += [f"  {path.name}" for path in self.files]
        told += [
            f"  ! {i.number or '?'} ({i.file}, line {i.first_line}, run {i.run_id}): its rows were"
            " not found in the kept extracts"
            for i in self.lost
        ]
        told.append("Mend the rows, then: chorus-flows quarantine retry FILE… --by … --reason …")
        return told

    def as_dict(self) -> dict[str, object]:
        """Return the result as plain data for ``--json``."""
        return {
            "folder": str(self.folder),
            "files": [str(path) for path in self.files],
            "invoices": self.invoices,
            "lost": [asdict(invoice) for invoice in self.lost],
        }


def export(
    ledger: Ledger,
    settings: Settings,
    profile: Profile,
    folder: Path,
    *,
    run_id: str | None = None,
    rule: str | None = None,
) -> Exported:
    """Write the rows of the invoices that are still quarantined, and their findings.

    Args:
        ledger: knows them.
        settings: state folder, trailer record.
        profile: with which the extracts are read.
        folder: made for the export; mode 0700, its files 0600.
        run_id: only those of this run; None: of all runs.
        rule: only those with a finding of this rule.

    Raises:
        ConfigurationError: no such run, nothing to export, or the folder holds something.
        KeptExtractError: an extract is gone or altered.
        DiskError: the folder cannot be written.
    """
    known_run(ledger, run_id)
    invoices = list(held_back(ledger, run_id))
    findings = ledger.findings_of({invoice.invoice_row for invoice in invoices})
    if rule is not None:
        invoices = [i for i in invoices if _breaks(findings.get(i.invoice_row, ()), rule)]
    if not invoices:
        what = f" with a finding {rule}" if rule else ""
        message = f"No invoice{what} is quarantined any more."
        raise ConfigurationError(message, next_step="See: chorus-flows quarantine list --all")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        message = f"{folder} exists already and is not empty; nothing was written."
        raise ConfigurationError(message, next_step="Name another folder with --out.")
    control = settings.landing.control
    kept, lost = rows_of(
        ledger,
        StateFolders(settings.state_folder),
        profile,
        invoices,
        trailer_mark=control.trailer_mark if control.source == "trailer" else "",
    )
    try:
        return _write(folder, profile, invoices, findings, kept, lost)
    except OSError as error:
        raise disk_failed(error, what="The export cannot be written") from error


def _breaks(findings: Iterable[FindingRecord], rule: str) -> bool:
    return any(record.finding.rule == rule for record in findings)


def _write(
    folder: Path,
    profile: Profile,
    invoices: Sequence[InvoiceRecord],
    findings: Mapping[int, Sequence[FindingRecord]],
    kept: Sequence[KeptRows],
    lost: Sequence[InvoiceRecord],
) -> Exported:
    private_folder(folder)
    written: list[Path] = []
    #: Exported file and line by file name, run and line of the extract.
    places: dict[tuple[str, str], tuple[str, Mapping[int, int]]] = {}
    for rows in kept:
        path = _free(folder, rows.file.name)
        with rows.file.open() as stream, open_private(path, new=True) as target:
            lines = _copy(stream, target, rows, profile)
        written.append(path)
        places[rows.run_id, rows.file.name] = (path.name, lines)
    table = _free(folder, FINDINGS)
    with (
        open_private(table, new=True) as raw,
        io.TextIOWrapper(raw, "utf-8-sig", errors="backslashreplace", newline="") as text,
    ):
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(_COLUMNS)
        for invoice in invoices:
            for record in findings.get(invoice.invoice_row, ()):
                writer.writerow(harmless(cell) for cell in _row(invoice, record, places))
    written.append(table)
    return Exported(folder, tuple(written), len(invoices) - len(lost), tuple(lost))


def _row(
    invoice: InvoiceRecord,
    record: FindingRecord,
    places: Mapping[tuple[str, str], tuple[str, Mapping[int, int]]],
) -> Iterable[str]:
    finding = record.finding
    place = finding.location
    french, english = tell(finding, "fr"), tell(finding, "en")
    file = place.file or invoice.file
    line = place.line if place.line is not None else invoice.first_line
    name, lines = next((found for (_, known), found in places.items() if known == file), ("", {}))
    exported = lines.get(line) if lines else None
    return (
        invoice.number or "",
        invoice.run_id,
        file,
        str(line),
        name,
        "" if exported is None else str(exported),
        place.column or "",
        finding.value or "",
        french.bt,
        finding.rule,
        finding.severity.value,
        french.message,
        french.advice,
        english.message,
        english.advice,
    )


def _free(folder: Path, name: str) -> Path:
    """Return a path that is not taken; the name tells the profile what the file is."""
    name = name.replace("/", "_").replace("\0", "_")
    stem, suffix = Path(name).stem, Path(name).suffix
    path, rank = folder / name, 1
    while path.exists():
        rank += 1
        path = folder / f"{stem}~{rank}{suffix}"
    return path


# -- copies ------------------------------------------------------------------------------------


def _copy(
    stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile
) -> Mapping[int, int]:
    """Copy the rows of a file; return the line of each row in the copy, by its line before."""
    layout = profile.format
    if layout.kind in {"xml", "edifact"}:
        shutil.copyfileobj(stream, target)
        return {}
    if layout.kind == "idoc":
        form = idoc_form(stream.read(_HEAD))
        stream.seek(0)
        if form == "flat":
            return _copy_records(stream, target, rows.lines, profile)
        shutil.copyfileobj(stream, target)
        return {}
    if layout.kind == "xlsx" or Path(rows.file.name).suffix.lower() == ".xlsx":
        return _copy_sheet(stream, target, rows, profile)
    return _copy_rows(stream, target, rows, profile)


def _copy_rows(
    stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile
) -> Mapping[int, int]:
    """Copy heading and rows of a text file, bytes as they are."""
    sides = sides_of(profile)
    wanted = frozenset().union(*(side.wanted for side in sides.all))
    table = open_table(stream, file=rows.file.name, profile=profile, wanted=wanted)
    with closing(table):
        heading = table.heading_end
        last = {first: end for first, end in table.places() if first in rows.lines}
    stream.seek(0)
    encoding = encoding_of(stream, profile.format).encoding
    stream.seek(0)
    taken = {line for first, end in last.items() for line in range(first, end + 1)}
    copied: dict[int, int] = {}
    written, end = 0, b""
    for number, line in enumerate(physical_lines(stream, encoding), start=1):
        if number <= heading or number in taken:
            target.write(line)
            written += 1
            if number in last:
                copied[number] = written
            end = line_end(line, encoding) or _ended(target, end)
    return copied


def _ended(target: BinaryIO, end: bytes) -> bytes:
    """End the last line of a file that does not: rows added below it stay rows of their own."""
    target.write(end)
    return end


def _copy_records(
    stream: BinaryIO, target: BinaryIO, lines: set[int], profile: Profile
) -> Mapping[int, int]:
    """Copy the documents of a flat IDoc that begin on ``lines``."""
    encoding = encoding_of(stream, profile.format).encoding
    stream.seek(0)
    copied: dict[int, int] = {}
    taking, written = False, 0
    for number, line in enumerate(physical_lines(stream, encoding), start=1):
        text = line.decode(encoding, "replace").lstrip("\ufeff")
        if text[:10].rstrip() == CONTROL:
            taking = number in lines
        if taking:
            target.write(line)
            written += 1
            copied[number] = written
    return copied


def _copy_sheet(
    stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile
) -> Mapping[int, int]:
    """Write a workbook with heading and rows: what cells say, and the format of their numbers."""
    guard_workbook(stream)
    source = load_workbook(stream, read_only=True, data_only=True)
    copy = Workbook(write_only=True)
    copied: dict[int, int] = {}
    try:
        sheet = source[profile.format.sheet or source.worksheets[0].title]
        sheet.reset_dimensions()
        made = copy.create_sheet(sheet.title)
        heading = False
        written = 0
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            is_heading = not heading and any(cell.value not in (None, "") for cell in cells)
            heading |= is_heading
            if is_heading or number in rows.lines:
                made.append([_same(made, cell) for cell in cells])
                written += 1
                copied[number] = written
        copy.save(target)
    except (KeyError, ValueError, AttributeError) as error:
        message = f"{rows.file.name} cannot be copied: {error}"
        raise TableError(message) from error
    finally:
        with suppress(AttributeError):
            source.close()
    return copied


def _same(sheet: Any, cell: Any) -> Any:
    value = getattr(cell, "value", None)
    same = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        same.data_type = "s"  # a text that begins with "=" is no formula here
    number_format = getattr(cell, "number_format", None)
    if number_format:
        same.number_format = number_format
    return same
