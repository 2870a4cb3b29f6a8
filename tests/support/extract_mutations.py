"""Ways in which an extract goes wrong: bytes, encodings, cells, rows, columns, files.

Each way takes the files of a base extract and a source of chance, and gives the files broken. The
same seed always breaks the same thing.
"""

from __future__ import annotations

import codecs
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.support.extract_bases import Base, Grid, Sheet

Files = dict[str, bytes]


@dataclass(frozen=True)
class Mutation:
    """A broken extract.

    ``strict``: no cell was given another meaning, so no invoice may change, whatever letters a
    naive reading sees.
    """

    way: str
    files: Files
    strict: bool = False


@dataclass
class Break:
    """The files of a base while they are being broken."""

    base: Base
    rng: random.Random

    def __post_init__(self) -> None:
        self.sheet: Sheet = self.rng.choice(self.base.sheets)
        self.files: Files = {s.name: self.base.form.write(s.rows) for s in self.base.sheets}
        self.grid: Grid = [list(row) for row in self.sheet.rows]

    @classmethod
    def of(cls, base: Base, number: int) -> Break:
        """Return the work of the mutation ``number`` of a base."""
        return cls(base, random.Random(f"{base.name} {number}"))

    @property
    def data(self) -> bytearray:
        """Return the bytes of the file that is broken."""
        return bytearray(self.files[self.sheet.name])

    def place(self, data: bytes | bytearray) -> int:
        """Return a place in ``data``."""
        return self.rng.randrange(max(1, len(data)))

    def row(self) -> int:
        """Return the rank of a row that is not the heading."""
        return self.rng.randrange(1, len(self.grid))

    def column(self) -> int:
        """Return the rank of a column."""
        return self.rng.randrange(len(self.sheet.columns))

    def filled(self, row: int) -> int:
        """Return the rank of a column with something in it, in ``row``."""
        ranks = [rank for rank, cell in enumerate(self.grid[row]) if cell.strip()]
        return self.rng.choice(ranks)

    def with_bytes(self, data: bytes | bytearray) -> Files:
        """Return the files with this one replaced."""
        return self.files | {self.sheet.name: bytes(data)}

    def with_grid(self) -> Files:
        """Return the files with this one written anew."""
        width = len(self.grid[0])
        if not self.base.form.is_text or self.base.form.separator == "|":
            self.grid = [[*row, *[""] * (width - len(row))] for row in self.grid]
        if self.base.form.separator == "|":
            self.grid = [row[:width] for row in self.grid]
        return self.with_bytes(self.base.form.write(self.grid))


# -- bytes ---------------------------------------------------------------------------------------


def flipped(work: Break) -> Files:
    data = work.data
    for _ in range(work.rng.choice((1, 1, 1, 2, 5, 30))):
        data[work.place(data)] = work.rng.randrange(256)
    return work.with_bytes(data)


def one_bit(work: Break) -> Files:
    data = work.data
    data[work.place(data)] ^= 1 << work.rng.randrange(8)
    return work.with_bytes(data)


def inserted(work: Break) -> Files:
    data, at = work.data, work.place(work.data)
    data[at:at] = bytes(work.rng.randrange(256) for _ in range(work.rng.choice((1, 1, 2, 8))))
    return work.with_bytes(data)


def inserted_mark(work: Break) -> Files:
    data, form = work.data, work.base.form
    mark = work.rng.choice(("\n", "\r", "\r\n", '"', '""', form.separator, " ", "\t", "'", "0"))
    for _ in range(work.rng.choice((1, 1, 1, 2, 3))):
        at = work.place(data)
        data[at:at] = mark.encode()
    return work.with_bytes(data)


def removed(work: Break) -> Files:
    data, at = work.data, work.place(work.data)
    del data[at : at + work.rng.choice((1, 1, 1, 2, 5, 40, 400))]
    return work.with_bytes(data)


def doubled(work: Break) -> Files:
    data, at = work.data, work.place(work.data)
    piece = data[at : at + work.rng.choice((1, 2, 10, 100, 1000))]
    data[at:at] = piece
    return work.with_bytes(data)


def truncated(work: Break) -> Files:
    return work.with_bytes(work.data[: work.place(work.data)])


def beheaded(work: Break) -> Files:
    return work.with_bytes(work.data[work.place(work.data) :])


def null_bytes(work: Break) -> Files:
    data = work.data
    for _ in range(work.rng.choice((1, 3, 50))):
        at = work.place(data)
        if work.rng.random() < 0.5:
            data[at:at] = b"\0"
        else:
            data[at] = 0
    return work.with_bytes(data)


def other_line_ends(work: Break) -> Files:
    data = bytes(work.data).replace(b"\r\n", b"\n")
    return work.with_bytes(data.replace(b"\n", work.rng.choice((b"\r", b"\r\n", b"\n"))))


def some_other_line_ends(work: Break) -> Files:
    parts = bytes(work.data).replace(b"\r\n", b"\n").split(b"\n")
    ends = (b"\n", b"\r\n", b"\r", b"\r\r\n", b"\n\n")
    return work.with_bytes(b"".join(p + work.rng.choice(ends) for p in parts[:-1]) + parts[-1])


# -- encodings -----------------------------------------------------------------------------------


def other_encoding(work: Break) -> Files:
    text = bytes(work.data).decode(work.base.form.encoding)
    codec = work.rng.choice(
        ("utf-8", "utf-8-sig", "cp1252", "latin-1", "utf-16", "utf-16-le", "utf-16-be")
    )
    return work.with_bytes(text.encode(codec, "replace"))


def part_in_other_encoding(work: Break) -> Files:
    lines = bytes(work.data).splitlines(keepends=True)
    codec = work.rng.choice(("utf-8", "cp1252"))
    for at in work.rng.sample(range(len(lines)), min(len(lines), work.rng.choice((1, 2, 4)))):
        lines[at] = lines[at].decode(work.base.form.encoding).encode(codec, "replace")
    return work.with_bytes(b"".join(lines))


def with_mark(work: Break) -> Files:
    mark = work.rng.choice((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF8 * 2))
    return work.with_bytes(mark + work.data)


# -- quotes --------------------------------------------------------------------------------------


def quoted(work: Break) -> Files:
    """Put marks around a cell that needs none."""
    row, column = work.row(), 0
    column = work.filled(row)
    work.grid[row][column] = f"\x01{work.grid[row][column]}\x01"
    data = work.base.form.write(work.grid)
    mark = work.rng.choice((b'"', b"'"))
    return work.with_bytes(data.replace(b"\x01", mark))


def half_quoted(work: Break) -> Files:
    """Begin a cell with a mark, and end that of another row with one, as inches do."""
    first = work.row()
    column = work.filled(first)
    second = min(first + work.rng.choice((1, 1, 2)), len(work.grid) - 1)
    work.grid[first][column] = "\x01" + work.grid[first][column]
    work.grid[second][column] += "\x01"
    data = work.base.form.write(work.grid)
    return work.with_bytes(data.replace(b'"', b"").replace(b"\x01", b'"'))


def without_quotes(work: Break) -> Files:
    return work.with_bytes(bytes(work.data).replace(b'"', b"", work.rng.choice((1, 2, -1))))


# -- cells ---------------------------------------------------------------------------------------

GARBAGE = (
    *("#N/A", "#REF!", "NULL", "nan", "-", "0", "???", "\u2028", "\u200b", "é" * 40, "TRUE"),
    *("1e3", "1,5E+05", "=1+1", "99999999999999999999", "31/02/2026", "2026-13-45", "\ufffd"),
    *("'", "<b>", "&amp;", "\x07", "-0", "1 2", "٣", "１２", "0x10", "1_000", "Infinity"),
)


def blanked(work: Break) -> Files:
    row = work.row()
    work.grid[row][work.filled(row)] = work.rng.choice(("", " ", "\u00a0"))
    return work.with_grid()


def garbage(work: Break) -> Files:
    work.grid[work.row()][work.column()] = work.rng.choice(GARBAGE)
    return work.with_grid()


def huge(work: Break) -> Files:
    text = work.rng.choice(("A", "9", "é ", "x;,|\t")) * work.rng.choice((300, 5000, 140_000))
    work.grid[work.row()][work.column()] = text
    return work.with_grid()


def with_separator(work: Break) -> Files:
    row = work.row()
    column = work.filled(row)
    cell = work.grid[row][column]
    at = work.rng.randrange(len(cell) + 1)
    work.grid[row][column] = f"{cell[:at]}\x01{cell[at:]}"
    data = work.base.form.write(work.grid)
    return work.with_bytes(data.replace(b"\x01", work.base.form.separator.encode()))


def moved_beside(work: Break) -> Files:
    row = work.row()
    column = work.filled(row)
    beside = min(column + 1, len(work.grid[row]) - 1) if work.rng.random() < 0.5 else column - 1
    cells = work.grid[row]
    cells[column], cells[beside] = "", cells[column]
    return work.with_grid()


def shifted(work: Break) -> Files:
    """Take a cell out and put an empty one at the end."""
    row = work.row()
    cells = work.grid[row]
    del cells[work.column()]
    cells.append("")
    return work.with_grid()


def swapped_cells(work: Break) -> Files:
    first, second = work.row(), work.row()
    column = work.filled(first)
    one, two = work.grid[first], work.grid[second]
    one[column], two[column] = two[column], one[column]
    return work.with_grid()


def swapped_columns_of_a_row(work: Break) -> Files:
    cells = work.grid[work.row()]
    first, second = work.column(), work.column()
    cells[first], cells[second] = cells[second], cells[first]
    return work.with_grid()


def _numbers(work: Break) -> Iterator[tuple[int, int]]:
    for rank, row in enumerate(work.grid[1:], 1):
        for column, cell in enumerate(row):
            if cell.strip("-").replace(".", "").replace(",", "").replace("\u00a0", "").isdecimal():
                yield rank, column


def other_notation(work: Break) -> Files:
    """Write a number as others would: a reader that knows its marks must not guess."""
    row, column = work.rng.choice(list(_numbers(work)))
    cell = work.grid[row][column]
    ways: tuple[Callable[[str], str], ...] = (
        lambda c: c.replace(".", "#").replace(",", ".").replace("#", ","),
        lambda c: f"{c}-",
        lambda c: f"({c})",
        lambda c: f"+{c}",
        lambda c: f"{c}E+00",
        lambda c: f"{c} EUR",
        lambda c: f"{c[:1]}'{c[1:]}",
        lambda c: f"{c[:1]} {c[1:]}",
        lambda c: f"{c[:1]},{c[1:]}",
        lambda c: f"0{c}",
        lambda c: f"{c}000",
    )
    work.grid[row][column] = work.rng.choice(ways)(cell)
    return work.with_grid()


def zeros_stripped(work: Break) -> Files:
    column = work.column()
    rows = work.grid[1:] if work.rng.random() < 0.5 else [work.grid[work.row()]]
    for row in rows:
        row[column] = row[column].lstrip("0")
    return work.with_grid()


def scientific(work: Break) -> Files:
    row, column = work.rng.choice(list(_numbers(work)))
    digits = work.grid[row][column].strip("-").replace(".", "").replace(",", "")
    work.grid[row][column] = f"{digits[:1]},{digits[1:4] or '0'}E+{max(len(digits) - 1, 1):02d}"
    return work.with_grid()


def other_date(work: Break) -> Files:
    dates = [
        (rank, column)
        for rank, row in enumerate(work.grid[1:], 1)
        for column, cell in enumerate(row)
        if "date" in work.sheet.columns[column].lower() and cell
    ]
    if not dates:
        return garbage(work)
    row, column = work.rng.choice(dates)
    cell = work.grid[row][column]
    parts = cell.replace("/", "-").split("-")
    if len(parts) == 1:
        parts = [cell[:4], cell[4:6], cell[6:]]
    work.rng.shuffle(parts)
    work.grid[row][column] = work.rng.choice(("-", "/", ".", "")).join(parts)
    return work.with_grid()


# -- rows ----------------------------------------------------------------------------------------


def row_doubled(work: Break) -> Files:
    row = work.row()
    work.grid.insert(work.rng.choice((row, work.row())), list(work.grid[row]))
    return work.with_grid()


def row_removed(work: Break) -> Files:
    for _ in range(min(work.rng.choice((1, 1, 2, 4)), len(work.grid) - 1)):
        del work.grid[work.row()]
    return work.with_grid()


def row_moved(work: Break) -> Files:
    row = work.grid.pop(work.row())
    work.grid.insert(work.rng.randrange(1, len(work.grid) + 1), row)
    return work.with_grid()


def rows_shuffled(work: Break) -> Files:
    rows = work.grid[1:]
    work.rng.shuffle(rows)
    work.grid[1:] = rows
    return work.with_grid()


def row_split(work: Break) -> Files:
    row, at = work.row(), work.column()
    cells = work.grid[row]
    work.grid[row : row + 1] = [cells[:at], cells[at:]]
    return work.with_grid()


def rows_joined(work: Break) -> Files:
    row = work.rng.randrange(1, len(work.grid) - 1)
    work.grid[row : row + 2] = [work.grid[row] + work.grid[row + 1]]
    return work.with_grid()


def blank_rows(work: Break) -> Files:
    width = len(work.grid[0])
    for _ in range(3):
        blank = work.rng.choice(([], [""] * width, [" "] * width, [""] * (width - 1)))
        work.grid.insert(work.rng.randrange(len(work.grid) + 1), list(blank))
    return work.with_grid()


def heading_repeated(work: Break) -> Files:
    work.grid.insert(work.row(), list(work.grid[0]))
    return work.with_grid()


def heading_removed(work: Break) -> Files:
    del work.grid[0]
    return work.with_grid()


def trailer_added(work: Break) -> Files:
    lines = ("T;invoices=4;rows=10", "Total;;;;3672.74", "-- 10 rows --", "END", "\x1a", "*** fin")
    end = "\n" if work.rng.random() < 0.7 else ""
    return work.with_bytes(work.data + (work.rng.choice(lines) + end).encode())


# -- columns -------------------------------------------------------------------------------------


def column_removed(work: Break) -> Files:
    column = work.column()
    for row in work.grid:
        del row[column]
    return work.with_grid()


def column_doubled(work: Break) -> Files:
    column = work.column()
    for row in work.grid:
        row.insert(column, row[column])
    return work.with_grid()


def column_renamed(work: Break) -> Files:
    column = work.column()
    name = work.grid[0][column]
    names = ("", f"{name}x", name.title(), f" {name} ", work.rng.choice(work.grid[0]), "note_2")
    work.grid[0][column] = work.rng.choice(names)
    return work.with_grid()


def columns_reordered(work: Break) -> Files:
    order = list(range(len(work.grid[0])))
    work.rng.shuffle(order)
    work.grid = [[row[rank] for rank in order] for row in work.grid]
    return work.with_grid()


def cells_of_a_column_shifted(work: Break) -> Files:
    """Move a column down by one row, as a bad paste does."""
    column = work.column()
    cells = [row[column] for row in work.grid[1:]]
    for row, cell in zip(work.grid[1:], [cells[-1], *cells[:-1]], strict=True):
        row[column] = cell
    return work.with_grid()


def thousands_of_columns(work: Break) -> Files:
    count = work.rng.choice((50, 2000))
    for rank, row in enumerate(work.grid):
        row += [f"x{n}" if not rank else "" for n in range(count)]
    return work.with_grid()


# -- files ---------------------------------------------------------------------------------------


def _other(work: Break) -> Sheet:
    return next(sheet for sheet in work.base.other if sheet.name == work.sheet.name)


def file_missing(work: Break) -> Files:
    files = dict(work.files)
    del files[work.sheet.name]
    return files if files else work.with_bytes(b"")


def file_of_another_export(work: Break) -> Files:
    return work.with_bytes(work.base.form.write(_other(work).rows))


def two_exports(work: Break) -> Files:
    """Put a second export below the first, with its heading or without, in its own order."""
    rows = [list(row) for row in _other(work).rows]
    chance = work.rng.random()
    if chance < 0.3:
        rows = rows[1:]
    elif chance < 0.7:
        order = list(range(len(rows[0])))
        first, second = work.rng.sample(order, 2)
        order[first], order[second] = order[second], order[first]
        rows = [[row[rank] for rank in order] for row in rows]
    work.grid += rows
    return work.with_grid()


def same_export_twice(work: Break) -> Files:
    work.grid += [list(row) for row in work.sheet.rows[work.rng.randrange(2) :]]
    return work.with_grid()


def empty_file(work: Break) -> Files:
    return work.with_bytes(work.rng.choice((b"", b"\n", b" ", b"\0", b"\xff\xfe", b"\r\n\r\n")))


BYTES = (
    flipped,
    one_bit,
    inserted,
    inserted_mark,
    removed,
    doubled,
    truncated,
    beheaded,
    null_bytes,
)
TEXT = (
    rows_joined,
    other_line_ends,
    some_other_line_ends,
    quoted,
    half_quoted,
    without_quotes,
    trailer_added,
)
STRICT = (other_encoding, part_in_other_encoding, with_mark, columns_reordered)
CELLS = (
    blanked,
    garbage,
    huge,
    moved_beside,
    shifted,
    swapped_cells,
    swapped_columns_of_a_row,
    other_notation,
    zeros_stripped,
    scientific,
    other_date,
)
ROWS = (
    row_doubled,
    row_removed,
    row_moved,
    rows_shuffled,
    heading_repeated,
    heading_removed,
    blank_rows,
)
COLUMNS = (
    column_removed,
    column_doubled,
    column_renamed,
    cells_of_a_column_shifted,
    thousands_of_columns,
)
FILES = (file_missing, file_of_another_export, two_exports, same_export_twice, empty_file)


def ways_of(base: Base) -> list[Callable[[Break], Files]]:
    """Return the ways in which the files of a base can be broken."""
    ways: list[Callable[[Break], Files]] = [*BYTES, *CELLS, *ROWS, *COLUMNS, *FILES]
    if base.form.is_text:
        return [*ways, *TEXT, *STRICT, with_separator, row_split]
    return [*ways, columns_reordered]


def mutations(base: Base, count: int, *, first: int = 0) -> Iterator[Mutation]:
    """Yield ``count`` mutations of a base, the same ones every time; every way comes round."""
    ways = ways_of(base)
    for number in range(first, first + count):
        way = ways[number % len(ways)]
        work = Break.of(base, number)
        files = way(work)
        yield Mutation(f"{number} {way.__name__} {work.sheet.name}", files, way in STRICT)
