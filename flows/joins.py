"""Rows of joined files, kept on disk and asked per invoice: memory stays bounded by one invoice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from config.profile import Join
from flows.private_files import make_private, private_folder
from transforms.finding import Finding, Location, Severity
from transforms.grouping import RowBlock
from transforms.joining import key_text
from transforms.records import RowFault

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
        private_folder(path.parent)
        path.unlink(missing_ok=True)
        make_private(path)
        self._path = path
        self._joins = {join.name: join for join in joins}
        self._columns: dict[tuple[str, str], tuple[str, ...]] = {}
        self._names: dict[str, str] = {}
        #: First line of the unreadable rows of a file, by the key they name; None: not certain.
        self._faults: dict[tuple[str, str], dict[str | None, int]] = {}
        self._database = sqlite3.connect(path)
        # A scratch file: what a crash loses is read again from the extract.
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"
            "CREATE TABLE joined (name TEXT, sha256 TEXT, key TEXT, line INTEGER, cells TEXT);"
        )

    def add(
        self,
        name: str,
        file: str,
        sha256: str,
        columns: Sequence[str],
        rows: Iterable[Numbered | RowFault],
        *,
        all_columns: Sequence[str] = (),
    ) -> None:
        """Keep the rows of a file that serve the join ``name``.

        Args:
            columns: those of the cells of ``rows``.
            all_columns: those of the file, which the cells of unreadable rows have.
        """
        join = self._joins[name]
        self._columns[name, sha256] = tuple(columns)
        self._names[sha256] = file
        ranks = [columns.index(column) for column in _anchors(join)]
        in_file = [all_columns.index(column) for column in _anchors(join) if column in all_columns]
        faults = self._faults.setdefault((name, sha256), {})

        def records() -> Iterator[tuple[str, str, str, int, str]]:
            for row in rows:
                if isinstance(row, RowFault):
                    faults.setdefault(_key_of(row, in_file, join), row.line)
                    continue
                line, cells = row
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

    def doubts(
        self,
        files: Mapping[str, Sequence[str]],
        header: RowBlock,
        lines: RowBlock,
        blocks: Sequence[RowBlock],
        *,
        hold: bool,
    ) -> Iterator[Finding]:
        """Yield what tells that an unreadable row of a joined file may belong to an invoice.

        Args:
            files, header, lines: as for :meth:`blocks`, which gave ``blocks``.
            hold: whether a row that names nobody is told to all invoices that may lack it.
        """
        if not any(self._faults.values()):
            return
        seen = {block.side: [block] for block in blocks}
        for name, join in self._joins.items():
            keys = self._keys(join, header, lines, seen)
            lacks = bool(keys) and _may_lack(join, keys, seen.get(name, ()))
            for sha256 in files.get(name, ()):
                for key, line in self._faults.get((name, sha256), {}).items():
                    if key in keys or (key is None and hold and lacks):
                        place = Location(self._names[sha256], line)
                        yield Finding("XT-NEIGHBOUR-01", Severity.ERROR, place)

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


def _key_of(fault: RowFault, ranks: Sequence[int], join: Join) -> str | None:
    """Return the key that an unreadable row names, when all of it is certain."""
    if not ranks or len(ranks) < len(_anchors(join)):
        return None
    if max(ranks) >= min(fault.trusted, len(fault.cells)):
        return None
    key = [key_text(fault.cells[rank], join.zeros) for rank in ranks]
    return _MARK.join(key) if all(key) else None


def _may_lack(join: Join, keys: Sequence[str], blocks: Sequence[RowBlock]) -> bool:
    """Whether a row more could have served an invoice: one that has its only row lacks none."""
    if join.count > 1 or join.several != "finding" or join.when:
        return True
    anchors = _anchors(join)
    if len(anchors) < len(join.on):
        return True
    found = {
        _MARK.join(key_text(row[block.columns.index(column)], join.zeros) for column in anchors)
        for block in blocks
        for row in block.rows
    }
    return not found.issuperset(keys)


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
