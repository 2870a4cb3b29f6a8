"""What an Excel workbook may be before it is opened: a package of bounded size, without entities.

A workbook is a ZIP of XML: a few kilobytes may unpack to gigabytes, and XML may declare entities.
Excel itself writes neither. Sizes are those that the package announces; whoever unpacks a part gets
no more than that (``zipfile``).
"""

from __future__ import annotations

from typing import BinaryIO
from xml.parsers import expat
from zipfile import BadZipFile, ZipFile, ZipInfo

#: Parts of a package; a workbook of a hundred sheets with pictures has some hundred.
MOST_PARTS = 10_000
#: Bytes of one sheet, unpacked: a million rows of fifty columns have about as many.
LARGEST_SHEET = 4 * 1024**3
#: Bytes of any other part, which is held in memory: the texts of all cells are one.
LARGEST_PART = 256 * 1024**2
#: Unpacked bytes for one packed byte, of parts from a size on: XML of rows comes to 10 to 60.
MOST_RATIO, RATIO_FROM = 150, 64 * 1024**2
_CHUNK = 1 << 16
_SHEETS = "xl/worksheets/"


class UnsafeWorkbookError(ValueError):
    """Raised when a workbook must not be opened; says why."""


class _Begun(Exception):  # noqa: N818 - no error: the element that says enough
    """Says that the root element begins: no declaration can follow."""


def guard_workbook(stream: BinaryIO) -> None:
    """Look at the package that ``stream`` holds, from its beginning; it is left there.

    Raises:
        UnsafeWorkbookError: too many parts, one that unpacks to too much, or entities.
        BadZipFile: it is no package.
    """
    stream.seek(0)
    try:
        with ZipFile(stream) as package:
            parts = package.infolist()
            if len(parts) > MOST_PARTS:
                msg = f"it has {len(parts)} parts, a workbook has {MOST_PARTS} at most"
                raise UnsafeWorkbookError(msg)
            for part in parts:
                _check_size(part)
            for part in parts:
                if part.filename.lower().endswith((".xml", ".rels")):
                    _check_declarations(package, part)
    except (NotImplementedError, RuntimeError) as error:  # a method or password nobody asked for
        raise BadZipFile(str(error)) from error
    finally:
        stream.seek(0)


def _check_size(part: ZipInfo) -> None:
    largest = LARGEST_SHEET if part.filename.lower().startswith(_SHEETS) else LARGEST_PART
    if part.file_size > largest:
        msg = f"its part {part.filename!r} unpacks to {part.file_size} bytes"
        raise UnsafeWorkbookError(msg)
    if part.file_size > RATIO_FROM and part.file_size > MOST_RATIO * max(part.compress_size, 1):
        msg = f"its part {part.filename!r} unpacks to more than {MOST_RATIO} times its size"
        raise UnsafeWorkbookError(msg)


def _check_declarations(package: ZipFile, part: ZipInfo) -> None:
    """Read a part as far as its root element; a document type declaration is refused."""

    def refuse(*_: object) -> None:
        msg = f"its part {part.filename!r} has a document type declaration"
        raise UnsafeWorkbookError(msg)

    def stop(*_: object) -> None:
        raise _Begun

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    try:
        with package.open(part) as content:
            while chunk := content.read(_CHUNK):
                parser.Parse(chunk)
    except (_Begun, expat.ExpatError):
        return  # what is no XML is told by who reads it
