"""Open an extract as a table: its kind of file, and its columns under the profile's names."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import BinaryIO

from config.profile import Format, Profile
from transforms.accounting_files import ENTRY_LINES, refuse_accounting_entries
from transforms.column_names import ColumnNames, NamedTable
from transforms.finding import Finding, Location, Severity
from transforms.sap_bands import sap_heading
from transforms.sap_list import SapListTable
from transforms.sap_tabs import SapTabRecords, title_lines
from transforms.sniffing import encoding_of, first_lines, separator_of
from transforms.table import Table, TextTable
from transforms.workbook import WorkbookTable


def open_table(
    stream: BinaryIO,
    *,
    file: str,
    profile: Profile,
    wanted: Collection[str],
    trailer_mark: str = "",
) -> Table:
    """Return the table that ``stream`` holds; its columns bear the profile's names.

    Args:
        stream: the bytes of the extract; seekable, left open.
        file: its name: ``.xlsx`` is a workbook and ``.tsv`` has tabs, whatever the profile says.
        profile: format, aliases of the columns.
        wanted: columns that are used; they tell the separator and the heading where these are to
            be found.
        trailer_mark: first cell of a trailer record, which is no data.

    Raises:
        TableError: when it is no such table; ``next_step`` says what to do. It is an
            ``AccountingFileError`` when the file holds accounting entries.
    """
    names = ColumnNames.of(profile, wanted)
    suffix = Path(file).suffix.lower()
    if profile.format.kind == "xlsx" or suffix == ".xlsx":
        return _named(WorkbookTable(stream, file=file, profile=profile), names)
    layout = profile.format
    if suffix == ".tsv":
        layout = layout.model_copy(update={"separator": "\t"})
    sniffed = encoding_of(stream, layout)
    layout = layout.model_copy(update={"encoding": sniffed.encoding})
    refuse_accounting_entries(first_lines(stream, sniffed.encoding, ENTRY_LINES))
    warnings = []
    if sniffed.strays:
        params = {"count": str(sniffed.strays), "encoding": sniffed.encoding}
        place = Location(file)
        warnings.append(Finding("XT-MIXED-01", Severity.WARNING, place, params=params))
    table = _text_table(stream, file, layout, names, trailer_mark)
    return _named(table, names, warnings)


def encoding_of_file(path: Path, layout: Format) -> str:
    """Return the encoding of the text file at ``path``, found when ``layout`` says ``auto``.

    Raises:
        TableError: when it cannot be told.
    """
    if layout.encoding != "auto":
        return layout.encoding
    with path.open("rb") as stream:
        return encoding_of(stream, layout).encoding


def _text_table(
    stream: BinaryIO, file: str, layout: Format, names: ColumnNames, trailer_mark: str
) -> Table:
    if not layout.sap_list:
        layout = layout.model_copy(update={"separator": separator_of(stream, layout, names)})
        return TextTable(stream, file=file, layout=layout, trailer_mark=trailer_mark)
    heading = sap_heading(stream, layout.encoding, names)
    if heading is not None:
        return SapListTable(
            stream,
            file=file,
            encoding=layout.encoding,
            heading=heading,
            trailer_mark=trailer_mark,
        )
    layout = layout.model_copy(update={"separator": separator_of(stream, layout, names)})
    records = partial(SapTabRecords, titles=title_lines(stream, layout, names))
    return TextTable(stream, file=file, layout=layout, trailer_mark=trailer_mark, records=records)


def _named(table: Table, names: ColumnNames, warnings: list[Finding] | None = None) -> Table:
    """Return ``table``, renamed only when its names are not the profile's already."""
    try:
        if not warnings and names.canonical(table.columns) == table.columns:
            return table
        return NamedTable(table, names, warnings or ())
    except ValueError:
        table.close()
        raise
