"""Rows cut out of an extract, in the form of that extract: what is mended is read again as it was.

| extract | copied |
|---|---|
| text (CSV, TSV, SAP lists) | heading and rows, bytes as they were |
| workbook | heading and rows, values and formats as they were |
| IDoc, flat | the records of the documents, bytes as they were |
| IDoc as XML | the documents, within the element that held them |
| EDIFACT, XML that the ERP wrote | the whole file |

Nothing is altered in silence, not even a cell that a spreadsheet would take for a formula: it is
the firm's own data in the firm's own format.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree
from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell

from config.profile import Profile
from flows.extract_sides import sides_of
from flows.quarantine_rows import KeptRows
from flows.tables import open_table
from transforms.document_encoding import settled_encoding
from transforms.document_rows import Document
from transforms.idoc import CONTROL, idoc_form, xml_documents
from transforms.physical_lines import line_end, physical_lines
from transforms.sniffing import encoding_of
from transforms.table import TableError
from transforms.workbook_guard import guard_workbook

_HEAD = 4096
#: Line of a row in the copy, by its line in the extract.
Lines = Mapping[int, int]


def copy_rows(stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile) -> Lines:
    """Copy the rows of a file; return the line of each in the copy, where lines tell a place.

    Args:
        stream: the extract, at its beginning; seekable.
        target: where the copy is written.
        rows: which rows.
        profile: that reads the extract.

    Raises:
        TableError: the file cannot be read by the profile.
    """
    layout = profile.format
    if layout.kind == "idoc":
        form = idoc_form(stream.read(_HEAD))
        stream.seek(0)
        copy = _copy_records if form == "flat" else _copy_documents
        return copy(stream, target, rows, profile)
    if layout.kind in {"xml", "edifact"}:
        shutil.copyfileobj(stream, target)
        return {}
    if layout.kind == "xlsx" or Path(rows.file.name).suffix.lower() == ".xlsx":
        return _copy_sheet(stream, target, rows, profile)
    return _copy_text(stream, target, rows, profile)


def _copy_text(stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile) -> Lines:
    wanted = frozenset[str]().union(*(side.wanted for side in sides_of(profile).all))
    with closing(open_table(stream, file=rows.file.name, profile=profile, wanted=wanted)) as table:
        heading = table.heading_end
        last = {first: end for first, end in table.places() if first in rows.lines}
    stream.seek(0)
    encoding = encoding_of(stream, profile.format).encoding
    stream.seek(0)
    taken = {line for first, end in last.items() for line in range(first, end + 1)}
    copied: dict[int, int] = {}
    written, end = 0, b""
    for number, line in enumerate(physical_lines(stream, encoding), start=1):
        if number > heading and number not in taken:
            continue
        target.write(line)
        written += 1
        if number in last:
            copied[number] = written
        if found := line_end(line, encoding):
            end = found
        else:
            target.write(end)  # the last line of the file: rows put below it stay rows
    return copied


def _copy_records(stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile) -> Lines:
    encoding = settled_encoding(stream, profile.format)
    stream.seek(0)
    copied: dict[int, int] = {}
    taking, written = False, 0
    for number, line in enumerate(physical_lines(stream, encoding), start=1):
        if line.decode(encoding, "replace").lstrip("\ufeff")[:10].rstrip() == CONTROL:
            taking = number in rows.lines
        if taking:
            target.write(line)
            written += 1
            copied[number] = written
    return copied


def _copy_documents(stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile) -> Lines:
    """Copy an IDoc file as XML without the documents that are not asked for."""
    found = xml_documents(stream, file=rows.file.name, layout=profile.format)
    kept: list[bool] = []
    for each in found:
        if isinstance(each, Document):
            kept.append(each.root.line in rows.lines)
        elif each.rule == "XT-OTHER-01":
            kept.append(False)
        else:  # it breaks here: the rest cannot be told apart
            stream.seek(0)
            shutil.copyfileobj(stream, target)
            return {}
    stream.seek(0)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    tree = etree.parse(stream, parser)
    documents = [
        element
        for element in tree.getroot().iter("{*}IDOC")
        if not any(above.tag == element.tag for above in element.iterancestors())
    ]
    for element, wanted in zip(documents, kept, strict=True):
        parent = element.getparent()
        if not wanted and parent is not None:
            parent.remove(element)
    tree.write(target, encoding=tree.docinfo.encoding or "UTF-8", xml_declaration=True)
    return {}


def _copy_sheet(stream: BinaryIO, target: BinaryIO, rows: KeptRows, profile: Profile) -> Lines:
    """Write a workbook with heading and rows: what cells say, and the format of their numbers."""
    guard_workbook(stream)
    source = load_workbook(stream, read_only=True, data_only=True)
    copy = Workbook(write_only=True)
    copied: dict[int, int] = {}
    try:
        sheet = source[profile.format.sheet or source.worksheets[0].title]
        sheet.reset_dimensions()
        made = copy.create_sheet(sheet.title)
        heading, written = False, 0
        for number, cells in enumerate(sheet.iter_rows(), start=1):
            is_heading = not heading and any(cell.value not in (None, "") for cell in cells)
            heading |= is_heading
            if is_heading or number in rows.lines:
                made.append([_same(made, cell) for cell in cells])
                written += 1
            if number in rows.lines:
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
    same = WriteOnlyCell(sheet, value=cell.value)
    if isinstance(cell.value, str):
        same.data_type = "s"  # a text that begins with "=" is no formula
    number_format = getattr(cell, "number_format", None)
    if number_format:
        same.number_format = number_format
    return same
