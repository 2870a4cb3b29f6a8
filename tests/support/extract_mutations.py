"""Ways in which an extract goes wrong: bytes, encodings, cells, rows, columns, files.

Each way takes the files of a base extract and a source of chance, and gives the files broken. The
same seed always breaks the same thing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.support import extract_breaks as breaks
from tests.support import extract_grids as grids
from tests.support.extract_bases import Base
from tests.support.extract_breaks import Break, Files


@dataclass(frozen=True)
class Mutation:
    """A broken extract.

    ``strict``: no cell was given another meaning, so no invoice may change, whatever letters a
    naive reading sees.
    """

    way: str
    files: Files
    strict: bool = False


BYTES = (
    breaks.flipped,
    breaks.one_bit,
    breaks.inserted,
    breaks.inserted_mark,
    breaks.removed,
    breaks.doubled,
    breaks.truncated,
    breaks.beheaded,
    breaks.null_bytes,
)
TEXT = (
    grids.rows_joined,
    breaks.other_line_ends,
    breaks.some_other_line_ends,
    breaks.quoted,
    breaks.half_quoted,
    breaks.without_quotes,
    grids.trailer_added,
)
STRICT = (
    breaks.other_encoding,
    breaks.part_in_other_encoding,
    breaks.with_mark,
    grids.columns_reordered,
)
CELLS = (
    grids.blanked,
    grids.garbage,
    grids.huge,
    grids.moved_beside,
    grids.shifted,
    grids.swapped_cells,
    grids.swapped_columns_of_a_row,
    grids.other_notation,
    grids.zeros_stripped,
    grids.scientific,
    grids.other_date,
)
ROWS = (
    grids.row_doubled,
    grids.row_removed,
    grids.row_moved,
    grids.rows_shuffled,
    grids.heading_repeated,
    grids.heading_removed,
    grids.blank_rows,
)
COLUMNS = (
    grids.column_removed,
    grids.column_doubled,
    grids.column_renamed,
    grids.cells_of_a_column_shifted,
    grids.thousands_of_columns,
)
FILES = (
    grids.file_missing,
    grids.file_of_another_export,
    grids.two_exports,
    grids.same_export_twice,
    grids.empty_file,
)


def ways_of(base: Base) -> list[Callable[[Break], Files]]:
    """Return the ways in which the files of a base can be broken."""
    ways: list[Callable[[Break], Files]] = [*BYTES, *CELLS, *ROWS, *COLUMNS, *FILES]
    if base.form.is_text:
        return [*ways, *TEXT, *STRICT, grids.with_separator, grids.row_split]
    return [*ways, grids.columns_reordered]


def mutations(base: Base, count: int, *, first: int = 0) -> Iterator[Mutation]:
    """Yield ``count`` mutations of a base, the same ones every time; every way comes round."""
    ways = ways_of(base)
    for number in range(first, first + count):
        way = ways[number % len(ways)]
        work = Break.of(base, number)
        files = way(work)
        yield Mutation(f"{number} {way.__name__} {work.sheet.name}", files, way in STRICT)
