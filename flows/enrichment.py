"""Load the tables that accountants keep beside the company file, with every fault named at once.

A table is CSV (semicolon, comma, tab or bar, found by its headings; UTF-8, UTF-16 with its mark,
else cp1252) or XLSX. Nothing is guessed: a heading that is missing, a key on two lines that differ,
a SIRET that a spreadsheet has damaged stop the run before it reads an extract.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path

from config.company import Company
from config.company_tables import Enrichment
from config.profile import Format
from flows.enrichment_rows import EnrichmentRows, Line, TableFaultsError
from flows.errors import ConfigurationError
from schemas.explain import explain
from transforms.enrichment import EnrichmentTable
from transforms.sheet_rows import SheetError, sheet_rows
from transforms.table import TableError, TextTable, in_order

#: Faults told of one table; there may be one per line.
_TOLD = 20
_SEPARATORS = (";", "\t", ",", "|")
_ZIP = b"PK\x03\x04"
_NEXT = "Mend these lines (docs/company.md), then try again."


def load_tables(company: Company | None) -> tuple[EnrichmentTable, ...]:
    """Return the tables that the company file names, in its order.

    Paths start at the folder of the company file.

    Raises:
        ConfigurationError: naming file, line and heading of every fault of every table.
    """
    if company is None or not company.enrichment:
        return ()
    folder = Path(company.path).parent
    tables: list[EnrichmentTable] = []
    wrong: list[str] = []
    for entry in company.enrichment:
        try:
            tables.append(_load(folder / entry.file, entry))
        except TableFaultsError as error:
            told = list(error.faults[:_TOLD])
            if len(error.faults) > _TOLD:
                told.append(f"and {len(error.faults) - _TOLD} more faults")
            wrong.append(f"The table {entry.file} is wrong: {'; '.join(told)}.")
    if wrong:
        raise ConfigurationError(" ".join(wrong), next_step=_NEXT)
    return tuple(tables)


def _load(path: Path, entry: Enrichment) -> EnrichmentTable:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableFaultsError([f"{path} cannot be read: {error.strerror}"]) from error
    try:
        headings, rows = _opened(data, path.name, entry)
    except (TableError, SheetError) as error:
        raise TableFaultsError([str(error)]) from error
    return EnrichmentTable(
        file=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        key=entry.key,
        gives=entry.gives,
        rows=EnrichmentRows(path.name, entry, headings).read(rows),
        when=entry.when,
        unknown=entry.unknown,
    )


# -- files -----------------------------------------------------------------------------------------


def _opened(data: bytes, name: str, entry: Enrichment) -> tuple[tuple[str, ...], Iterator[Line]]:
    """Return the headings of a table and its lines.

    Raises:
        TableError, SheetError: it is no table.
    """
    if data.startswith(_ZIP) or name.lower().endswith(".xlsx"):
        found = sheet_rows(BytesIO(data), entry.sheet, dates=True)
        cells = next((cells for _, cells in found if any(cells)), ())
        headings = tuple(cell.strip() for cell in cells)
        return headings, ((line, cells, "") for line, cells in found)
    wanted = (*entry.key.values(), *entry.gives.values())
    encoding = _encoding(data)
    layout = Format.model_validate({"encoding": encoding, "separator": _separator(data, wanted)})
    table = TextTable(BytesIO(data), file=name, layout=layout)
    return table.columns, _text_lines(table)


def _text_lines(table: TextTable) -> Iterator[Line]:
    # Every column, a heading given twice included: which one counts is told by its rank.
    ranks = {column: rank for rank, column in enumerate(table.columns)}
    single = [column for column in table.columns if table.columns.count(column) == 1]
    for chunk in table.chunks(single):
        for item in in_order(chunk):
            if isinstance(item, tuple):
                line, cells = item
                whole = [""] * len(table.columns)
                for column, cell in zip(single, cells, strict=True):
                    whole[ranks[column]] = cell
                yield line, whole, ""
            else:
                told = " ".join(explain(finding, "en").message for finding in item.findings)
                yield item.line, None, told.rstrip(".")


def _encoding(data: bytes) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _separator(data: bytes, wanted: Sequence[str]) -> str:
    """Return the separator under which the first line holds most of the headings."""
    encoding = "utf-8-sig" if (found := _encoding(data)) == "utf-8" else found
    lines = data.decode(encoding, errors="replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    names = {heading.casefold() for heading in wanted}

    def fits(separator: str) -> tuple[int, int]:
        cells = [cell.strip(' "').casefold() for cell in first.split(separator)]
        return sum(cell in names for cell in cells), len(cells)

    return max(_SEPARATORS, key=fits) if first else _SEPARATORS[0]
