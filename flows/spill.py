"""Rows gathered on disk: for extracts whose invoices are not contiguous or not in one order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from flows.private_files import make_private, private_folder
from transforms.grouping import Part, finding_from_json, finding_to_json

_BATCH = 2000


class Spill:
    """Parts of invoices in a temporary SQLite file, given back per key in order of appearance.

    Args:
        path: file to create; removed by :meth:`close`.
    """

    def __init__(self, path: Path) -> None:
        private_folder(path.parent)
        path.unlink(missing_ok=True)
        make_private(path)
        self._path = path
        self._database = sqlite3.connect(path)
        # A scratch file: what a crash loses is read again from the extract.
        self._database.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE;"
            "CREATE TABLE part (place INTEGER PRIMARY KEY, side INTEGER, key TEXT, content TEXT);"
        )
        self._waiting: list[tuple[int, str, str]] = []

    def add(self, side: int, part: Part) -> None:
        """Keep a part: ``side`` 0 is the header (or only) file, 1 the lines file."""
        content = json.dumps([part.lines, part.rows, [finding_to_json(f) for f in part.findings]])
        self._waiting.append((side, part.key, content))
        if len(self._waiting) >= _BATCH:
            self._flush()

    def parts(self) -> Iterator[tuple[str, tuple[list[Part], list[Part]]]]:
        """Yield (key, parts of side 0, parts of side 1); keys in the order they first came."""
        self._flush()
        self._database.execute("CREATE INDEX part_key ON part (key, place)")
        query = (
            "SELECT part.key, part.side, part.content FROM part"
            " JOIN (SELECT key, MIN(place) AS first FROM part GROUP BY key) AS known"
            " ON known.key = part.key ORDER BY known.first, part.place"
        )
        with closing(self._database.execute(query)) as cursor:
            current: str | None = None
            sides: tuple[list[Part], list[Part]] = ([], [])
            for key, side, content in cursor:
                if current is not None and key != current:
                    yield current, sides
                    sides = ([], [])
                current = key
                lines, rows, findings = json.loads(content)
                part = Part(
                    key, lines, [tuple(row) for row in rows], list(map(finding_from_json, findings))
                )
                sides[side].append(part)
            if current is not None:
                yield current, sides

    def close(self) -> None:
        """Remove the file."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    def _flush(self) -> None:
        self._database.executemany(
            "INSERT INTO part (side, key, content) VALUES (?, ?, ?)", self._waiting
        )
        self._database.commit()
        self._waiting.clear()
