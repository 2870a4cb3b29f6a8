"""Files of a base extract being broken: their bytes, encodings and quotes."""

from __future__ import annotations

import codecs
import random
from dataclasses import dataclass

from tests.support.extract_bases import Base, Sheet
from tests.support.extract_forms import Grid

Files = dict[str, bytes]


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
