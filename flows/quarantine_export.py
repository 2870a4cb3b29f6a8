"""``quarantine export``: the rows of quarantined invoices, to be mended, and what is wrong.

The rows keep the form of their extract (``flows.row_copies``), so that what is mended can be read
again by the same profile. What we say ourselves (``findings.csv``) is made harmless.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from config.profile import Profile
from config.settings import Settings
from flows.errors import ConfigurationError, ExitCode, disk_failed
from flows.folders import StateFolders
from flows.ledger import FindingRecord, InvoiceRecord, Ledger
from flows.private_files import open_private, private_folder
from flows.quarantine import held_back, known_run
from flows.quarantine_rows import KeptRows, rows_of
from flows.report.tables import harmless
from flows.report.told import tell
from flows.row_copies import copy_rows

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


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote."""

    folder: Path
    files: tuple[Path, ...]
    invoices: int
    lost: tuple[InvoiceRecord, ...]
    """Invoices whose rows were not found: the profile was changed, it reads other files, or an
    extract of their run was purged."""

    @property
    def exit_code(self) -> ExitCode:
        """4 when rows were not found: a person must look."""
        return ExitCode.ATTENTION if self.lost else ExitCode.OK

    def lines(self) -> list[str]:
        """Return the result as lines for a terminal."""
        told = [f"{self.invoices} invoices in {self.folder}:"]
        told += [f"  {path.relative_to(self.folder)}" for path in self.files]
        told += [
            f"  ! {i.number or '?'} ({i.file}, line {i.first_line}, run {i.run_id}): its rows were"
            " not found in the kept extracts, or these were purged"
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
    # Extracts of two nights often share a name, and the name tells the profile what a file is.
    several = len({rows.run_id for rows in kept}) > 1
    for rows in kept:
        place = private_folder(folder / rows.run_id) if several else folder
        path = _free(place, rows.file.name)
        with rows.file.open() as stream, open_private(path, new=True) as target:
            lines = copy_rows(stream, target, rows, profile)
        written.append(path)
        places[rows.run_id, rows.file.name] = (str(path.relative_to(folder)), lines)
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
    here = places.get((invoice.run_id, file))
    # Rows of an invoice that had waited are those of an earlier run.
    others = (found for (_, known), found in places.items() if known == file)
    name, lines = here or next(others, ("", {}))
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
