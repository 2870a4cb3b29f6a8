"""Files of a base extract being broken: cells, rows, columns, whole files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.support.extract_bases import Sheet
from tests.support.extract_breaks import Break, Files

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
