"""Mended rows before they are read again: what they must hold, and how they are announced."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from config.landing_settings import Landing
from config.profile import Profile
from flows import control
from flows.errors import ConfigurationError, ControlError
from flows.extract_sets import ExtractFile, joined_only
from flows.folders import StateFolders
from flows.ledger import InvoiceRecord, Ledger
from flows.quarantine_rows import kept_extract
from flows.sources import Sources
from flows.tables import encoding_of_file
from flows.wording import listed
from flows.xml_document import XmlDocument
from flows.xml_file import read_xml_file
from flows.xml_source import SourceItem, SourceReading, is_xml, open_sources, peek_bytes
from schemas.explain import explain
from transforms.finding import Finding
from transforms.mapping import Mapper

NOTHING_DONE = "Nothing was put into the landing folder. See docs/quarantine.md."

#: Runs in which master data is looked for that mended rows need to be read.
_RECENT = 30
_NO_TOTAL = Decimal(0)


@dataclass(slots=True)
class Mended:
    """A file of mended rows.

    Attributes:
        name: under which it was given.
        copy: where its copy is.
        rows, invoices: what was read of it.
        control: text of its control file; empty when it needs none.
        final: name it gets in the landing folder.
    """

    name: str
    copy: Path
    rows: int = 0
    invoices: int = 0
    control: str = ""
    final: str = ""


def judge(
    mended: Sequence[Mended],
    ledger: Ledger,
    folders: StateFolders,
    sources: Sources,
    run_id: str | None,
) -> list[InvoiceRecord]:
    """Return the quarantined invoices that the files hold, each in full; count them per file.

    Raises:
        ConfigurationError: a file is not readable by the profile, a row of it is not, or it holds
            an invoice that is not quarantined (any more).
        KeptExtractError: master data that the rows need is gone.
    """
    profile, settings = sources.setup.profile, sources.settings
    names = [each.name for each in mended]
    if len(set(names)) < len(names):
        raise ConfigurationError("Two files have the same name.", next_step=NOTHING_DONE)
    files = [ExtractFile(each.copy, each.name, _digest(each.copy)) for each in mended]
    given = list(files)
    if not any(joined_only(name, profile) for name in names):
        given += _master_data(ledger, folders, profile, run_id)
    trailer = settings.landing.control
    with tempfile.TemporaryDirectory(dir=folders.spill("quarantine")) as scratch:
        reading = open_sources(
            given,
            profile,
            spill_folder=Path(scratch),
            trailer_mark=trailer.trailer_mark if trailer.source == "trailer" else "",
        )
        items = list(_sound(reading))
    by_hash = {file.sha256: each for file, each in zip(files, mended, strict=True)}
    mapper = Mapper(sources.setup.profile, sources.setup.company, sources.setup.tables)
    held: dict[str, list[SourceItem]] = {}
    for item in items:
        number = _number(mapper, item, settings.attachments.max_invoice_bytes)
        held.setdefault(number, []).append(item)
        own = {
            item.span.file_sha256,
            *(b.file_sha256 for b in item.blocks if b.lines and not b.side),
        }
        for sha256 in own & by_hash.keys():
            by_hash[sha256].invoices += 1
    for each in mended:
        each.rows = reading.rows_by_file.get(each.name, 0)
    return _quarantined(held, ledger, mapper, run_id)


def announce(mended: Mended, landing: Landing, profile: Profile) -> None:
    """Give a file the control that the settings ask of every extract.

    Raises:
        ConfigurationError: the settings announce figures that it cannot have.
    """
    settings = landing.control
    if settings.source == "none" or joined_only(mended.name, profile):
        return
    counted = control.Counted(mended.invoices, mended.rows, total=_NO_TOTAL)
    if settings.source == "setting":
        expected = control.Expected(settings.invoices, settings.rows, None)
        differences = list(control.compare(mended.name, expected, counted))
        if settings.total is not None:
            differences.append(f"{mended.name}: a total of {settings.total} is announced")
        if differences:
            message = (
                "landing.control announces the same figures for every extract, and the next run "
                f"would stop: {'; '.join(differences)}."
            )
            step = f"Use a side file or a trailer as control, or change the figures. {NOTHING_DONE}"
            raise ConfigurationError(message, next_step=step)
        return
    figures = [f"invoices={mended.invoices}"]
    if not is_xml(profile):
        figures.append(f"rows={mended.rows}")
    if settings.source == "side_file":
        mended.control = "\n".join(figures) + "\n"
        return
    try:
        control.expected_of(mended.copy, settings, layout=profile.format)
    except ControlError:
        line = ";".join((settings.trailer_mark, *figures))
        _append(mended.copy, profile, line)


def make_unseen(mended: Mended, ledger: Ledger, profile: Profile) -> None:
    """Make a file another than those that runs have read, lest it be set aside as done.

    What was wrong need not have been in the rows: a VAT code that the company file lacked. A blank
    line at the end, or the comment of the package of a workbook, says nothing to who reads it.
    """
    rank = 0
    while ledger.claims_of({_digest(mended.copy)}):
        rank += 1
        if profile.format.kind == "xlsx" or Path(mended.name).suffix.lower() == ".xlsx":
            try:
                with ZipFile(mended.copy, "a") as package:
                    package.comment = f"retry {rank}".encode()
            except BadZipFile as error:
                raise ConfigurationError(f"{mended.name} is no workbook: {error}.") from error
        else:
            _append(mended.copy, profile, "")


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _append(path: Path, profile: Profile, line: str) -> None:
    """Add a line at the end of a text, in its encoding and with its line ends."""
    encoding = encoding_of_file(path, profile.format)
    with path.open("rb") as stream:
        head = stream.read(2)
        stream.seek(0)
        text = stream.readline(1 << 16)
    if encoding == "utf-16":
        encoding = "utf-16-be" if head == b"\xfe\xff" else "utf-16-le"
    end = "\r\n" if b"\r" in text[-4:] else "\n"
    with path.open("r+b") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(0, size - len(end.encode(encoding))))
        ended = stream.read().decode(encoding, "replace")[-1:] in ("\r", "\n", "")
        stream.seek(0, 2)
        stream.write(f"{'' if ended else end}{line}{end}".encode(encoding))


def _master_data(
    ledger: Ledger, folders: StateFolders, profile: Profile, run_id: str | None
) -> Iterator[ExtractFile]:
    """Yield the files that complete others, as the run kept them (the newest that has some)."""
    if not any(join.files and not join.of_itself for join in profile.joined):
        return
    runs = [run_id] if run_id else [run.run_id for run in ledger.runs(_RECENT)]
    for run in runs:
        records = [e for e in ledger.extracts(run) if joined_only(e.name, profile)]
        if records:
            for record in records:
                yield kept_extract(folders, record)
            return


def _sound(reading: SourceReading) -> Iterator[SourceItem]:
    """Yield the invoices of a reading, all of whose rows are readable.

    Raises:
        ConfigurationError: some are not; after the last invoice.
    """
    faults: list[Finding] = []
    for item in reading:
        faults += [finding for finding in item.findings if finding.blocks]
        yield item
    faults += [finding for finding in reading.orphan_findings if finding.blocks]
    if faults:
        told = listed(f"{f.location}: {explain(f, 'en').message}" for f in faults)
        message = f"Rows cannot be read: {told}"
        raise ConfigurationError(message, next_step=NOTHING_DONE)


def _number(mapper: Mapper, item: SourceItem, limit: int) -> str:
    if not isinstance(item, XmlDocument):
        return mapper.peek(item).number or item.key
    content = read_xml_file(item.path, limit=limit)
    return "" if isinstance(content, Finding) else peek_bytes(content).number or ""


def _quarantined(
    held: Mapping[str, Sequence[SourceItem]], ledger: Ledger, mapper: Mapper, run_id: str | None
) -> list[InvoiceRecord]:
    if not held:
        raise ConfigurationError("The files hold no invoice.", next_step=NOTHING_DONE)
    found = ledger.open_quarantine_of(held, run_id)
    strange = [number for number in held if number not in found]
    if strange:
        where = f" in run {run_id}" if run_id else ""
        known = ledger.invoices_by_number(strange)
        told = listed(_told(number, known.get(number, ())) for number in strange)
        message = f"Only invoices that are quarantined{where} may be read again; not so: {told}."
        step = (
            "Take their rows out; an invoice under a new number is one for the ERP to extract. "
            f"{NOTHING_DONE}"
        )
        raise ConfigurationError(message, next_step=step)
    asked: dict[int, InvoiceRecord] = {}
    for number, items in held.items():
        for record in _meant(found[number], items, mapper):
            asked[record.invoice_row] = record
    return [asked[row] for row in sorted(asked)]


def _meant(
    records: Sequence[InvoiceRecord], items: Sequence[SourceItem], mapper: Mapper
) -> Iterable[InvoiceRecord]:
    """Return those of several invoices of one number whose seller the rows name."""
    if len(records) == 1:
        return records
    sellers = {
        seller.value
        for item in items
        if not isinstance(item, XmlDocument)
        and (seller := mapper.map(item).invoice.seller.legal_id) is not None
    }
    return [r for r in records if r.seller_id is None or r.seller_id in sellers] or records


def _told(number: str, records: Sequence[InvoiceRecord]) -> str:
    if not number:
        return "an invoice without a number"
    if not records:
        return f"{number} (never read)"
    last = records[-1]
    return f"{number} ({last.state.value}, run {last.run_id})"
