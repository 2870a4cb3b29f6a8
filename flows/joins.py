"""Rows of joined files, kept on disk and asked per invoice: memory stays bounded by one invoice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from config.profile import Join
from transforms.grouping import RowBlock
from transforms.joining import key_text

_BATCH = 2000
_HEADER = "header."
_MARK = "\x1f"
#: (line, cells) of a row.
Numbered = tuple[int, tuple[str, ...]]


class JoinIndex:
    """The rows of all joined files of an extract, by what joins them.

    Args:
        path: SQLite file to create; removed by :meth:`close`.
        joins: joins of the profile that read files.
    """

    def __init__(self, path: Path, joins: Iterable[Join]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        self._path = path
        self._joins = {join.name: join for join in joins}
        self._columns: dict[tuple[str, str], tuple[str, ...]] = {}
        self._names: dict[str, str] = {}
        self._database = sqlite3.connect(path)
        # A scratch file: what a crash loses is read again from the extract.
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"
            "CREATE TABLE joined (name TEXT, sha256 TEXT, key TEXT, line INTEGER, cells TEXT);"
        )

    def add(
        self, name: str, file: str, sha256: str, columns: Sequence[str], rows: Iterable[Numbered]
    ) -> None:
        """Keep the rows of a file that serve the join ``name``."""
        join = self._joins[name]
        self._columns[name, sha256] = tuple(columns)
        self._names[sha256] = file
        ranks = [columns.index(column) for column in _anchors(join)]

        def records() -> Iterator[tuple[str, str, str, int, str]]:
            for line, cells in rows:
                key = _MARK.join(key_text(cells[rank], join.zeros) for rank in ranks)
                yield name, sha256, key, line, json.dumps(cells)

        self._database.executemany("INSERT INTO joined VALUES (?, ?, ?, ?, ?)", records())

    def ready(self) -> None:
        """Make the rows searchable; to be called once, after the last :meth:`add`."""
        self._database.execute("CREATE INDEX joined_key ON joined (name, key, sha256)")

    def blocks(
        self, files: Mapping[str, Sequence[str]], header: RowBlock, lines: RowBlock
    ) -> tuple[RowBlock, ...]:
        """Return the rows that may join an invoice, a block per join and file that has some.

        Args:
            files: SHA-256 of the files of each join.
            header, lines: rows of the invoice.
        """
        found: list[RowBlock] = []
        seen: dict[str, list[RowBlock]] = {}
        for name, join in self._joins.items():
            keys = self._keys(join, header, lines, seen)
            blocks = [
                block
                for sha256 in files.get(name, ())
                if (block := self._block(name, sha256, keys)) is not None
            ]
            seen[name] = blocks
            found += blocks[:1] if len(blocks) < 2 else [_merged(blocks)]
        return tuple(found)

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    # -- helpers ---------------------------------------------------------------------------------

    def _block(self, name: str, sha256: str, keys: Sequence[str]) -> RowBlock | None:
        columns = self._columns.get((name, sha256))
        if columns is None:
            return None
        rows: list[Numbered] = []
        for key in keys:
            query = "SELECT line, cells FROM joined WHERE name = ? AND key = ? AND sha256 = ?"
            for line, cells in self._database.execute(query, (name, key, sha256)):
                rows.append((line, tuple(json.loads(cells))))
        rows.sort()
        return RowBlock(
            self._names[sha256],
            sha256,
            columns,
            tuple(row for _, row in rows),
            tuple(line for line, _ in rows),
            name,
        )

    def _keys(
        self,
        join: Join,
        header: RowBlock,
        lines: RowBlock,
        seen: Mapping[str, list[RowBlock]],
    ) -> list[str]:
        """Return the keys that rows of a join may have for this invoice, each once."""
        keys: dict[tuple[str, ...], None] = {(): None}
        by_line = join.to == "lines" and not any(o.startswith(_HEADER) for o in join.on.values())
        if by_line:
            keys = dict.fromkeys(
                tuple(key_text(cell, join.zeros) for cell in cells)
                for cells in zip(
                    *(_cells(lines, other, seen) for other in join.on.values()), strict=True
                )
            )
        else:
            for column in _anchors(join):
                other = join.on[column].removeprefix(_HEADER if join.to == "lines" else "")
                values = dict.fromkeys(
                    key_text(cell, join.zeros) for cell in _cells(header, other, seen)
                )
                keys = {(*key, value): None for key in keys for value in values}
        return [_MARK.join(key) for key in keys if all(key)]


def _anchors(join: Join) -> tuple[str, ...]:
    """Return the columns by which the rows of a join are fetched: those of the header, if any."""
    if join.to == "lines":
        above = tuple(column for column, other in join.on.items() if other.startswith(_HEADER))
        return above or tuple(join.on)
    return tuple(join.on)


def _cells(block: RowBlock, column: str, seen: Mapping[str, list[RowBlock]]) -> list[str]:
    """Return what ``column`` may hold: of the file, or of the rows an earlier join brought."""
    if column in block.columns:
        rank = block.columns.index(column)
        return [row[rank] for row in block.rows]
    name, _, rest = column.partition(".")
    rest = rest.rpartition(".")[2] if rest.partition(".")[0].isdecimal() else rest
    return [
        row[other.columns.index(rest)]
        for other in seen.get(name, ())
        if rest in other.columns
        for row in other.rows
    ]


def _merged(blocks: Sequence[RowBlock]) -> RowBlock:
    """Return the rows of several files as one block, with the columns that all of them have."""
    columns = tuple(c for c in blocks[0].columns if all(c in block.columns for block in blocks))
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    for block in blocks:
        ranks = [block.columns.index(column) for column in columns]
        rows += [tuple(row[rank] for rank in ranks) for row in block.rows]
        lines += block.lines
    first = next((block for block in blocks if block.lines), blocks[0])
    return RowBlock(first.file, first.file_sha256, columns, tuple(rows), tuple(lines), first.side)
