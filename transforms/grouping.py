"""Rows of an extract, gathered into invoices: the types, and the gathering of rows that stand
together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transforms.finding import Finding, Location, Severity
from transforms.outcome import Span
from transforms.records import RowFault

#: Stands between the columns of a key of several.
KEY_MARK = " ¦ "


class SpoolError(ValueError):
    """Raised when spooled rows cannot be read back."""


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Rows of one file that belong to one invoice, as text.

    Attributes:
        file, file_sha256: name under which the extract arrived, and its SHA-256.
        columns: names of the columns kept, in the order of the cells.
        rows: cells exactly as the file holds them.
        lines: physical line (from 1) on which each row begins.
        side: name of the join that these rows serve; empty for header and lines.
    """

    file: str
    file_sha256: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    side: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceRows:
    """Everything an extract says of one invoice.

    Attributes:
        key: value of the profile's key column.
        blocks: the header block first; with a flat file it is the only one, with two files the
            second holds the lines. A block may be empty when its side is missing. Rows that joins
            brought come after these, a block per join.
        findings: what the strict pass found in the rows of this invoice.
    """

    key: str
    blocks: tuple[RowBlock, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def lines_block(self) -> RowBlock:
        """Return the rows of the invoice lines: those of the header itself in a flat file."""
        return self.blocks[0] if self.is_flat else self.blocks[1]

    @property
    def is_flat(self) -> bool:
        """Whether header and lines stand in the same rows."""
        return len(self.blocks) < 2 or bool(self.blocks[1].side)

    @property
    def span(self) -> Span:
        """Return the rows of the invoice in the first file that has some."""
        block = next((block for block in self.blocks if block.lines), self.blocks[0])
        lines = block.lines or tuple(
            finding.location.line
            for finding in self.findings
            if finding.location.line is not None and finding.location.file == block.file
        )
        return Span(
            file=block.file,
            file_sha256=block.file_sha256,
            first_line=min(lines, default=0),
            last_line=max(lines, default=0),
        )

    def to_json(self) -> str:
        """Return the invoice's rows as JSON text, for spooling; see :meth:`from_json`."""
        document = {
            "key": self.key,
            "blocks": [
                {
                    "file": block.file,
                    "file_sha256": block.file_sha256,
                    "columns": block.columns,
                    "rows": block.rows,
                    "lines": block.lines,
                    "side": block.side,
                }
                for block in self.blocks
            ],
            "findings": [finding_to_json(finding) for finding in self.findings],
        }
        return json.dumps(document, ensure_ascii=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> InvoiceRows:
        """Return what :meth:`to_json` wrote.

        Raises:
            SpoolError: when ``text`` is no such JSON (a cut file, for instance).
        """
        try:
            data = json.loads(text)
            return cls(
                key=data["key"],
                blocks=tuple(
                    RowBlock(
                        block["file"],
                        block["file_sha256"],
                        tuple(block["columns"]),
                        tuple(tuple(row) for row in block["rows"]),
                        tuple(block["lines"]),
                        block.get("side", ""),
                    )
                    for block in data["blocks"]
                ),
                findings=tuple(finding_from_json(finding) for finding in data["findings"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            msg = f"spooled invoice rows are incomplete: {error}"
            raise SpoolError(msg) from error


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON values; see :func:`finding_from_json`."""
    place = finding.location
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "location": [place.file, place.line, place.column, place.xpath],
        "bt": finding.bt,
        "value": finding.value,
        "params": dict(finding.params),
    }


def finding_from_json(data: Mapping[str, Any]) -> Finding:
    """Return the finding that :func:`finding_to_json` wrote."""
    return Finding(
        data["rule"],
        Severity(data["severity"]),
        Location(*data["location"]),
        data["bt"],
        data["value"],
        dict(data["params"]),
    )


@dataclass(slots=True)
class Part:
    """Rows of one key that stand together in one file, and what was found in them."""

    key: str
    lines: list[int]
    rows: list[tuple[str, ...]]
    findings: list[Finding]

    @property
    def first_line(self) -> int:
        """Return the first physical line of the part, unreadable rows included."""
        places = [f.location.line for f in self.findings if f.location.line is not None]
        return min([*self.lines[:1], *places], default=0)


@dataclass(frozen=True, slots=True)
class KeyedRow:
    """A row and the key of its invoice. ``cells`` is None for a row that could not be read."""

    key: str
    line: int
    cells: tuple[str, ...] | None
    findings: tuple[Finding, ...] = ()


def joined_key(cells: Sequence[str]) -> str:
    """Return the key of a row as one text; empty when none of its cells says anything."""
    if len(cells) == 1:
        return cells[0].strip()
    parts = [cell.strip() for cell in cells]
    return KEY_MARK.join(parts) if any(parts) else ""


def gather(rows: Iterable[KeyedRow]) -> Iterator[Part]:
    """Yield the rows of each key that stand together."""
    part: Part | None = None
    for row in rows:
        if part is None or part.key != row.key:
            if part is not None:
                yield part
            part = Part(row.key, [], [], [])
        if row.cells is not None:
            part.lines.append(row.line)
            part.rows.append(row.cells)
        if row.findings:
            part.findings.extend(row.findings)
    if part is not None:
        yield part


class Keying:
    """Gives rows their key, and decides to which invoice an unreadable row belongs.

    An unreadable row belongs to the invoice its key names, when the cell of the key is certain or
    agrees with a neighbour, and to the invoice it stands in the middle of. Else it is an orphan:
    its findings go to ``orphans``, and the invoices before and after, which may lack it, are held
    back when ``hold_neighbours`` is set.

    Args:
        file: name told in findings.
        columns: names of the key columns; ``ranks`` their ranks among all columns of the file.
        hold_neighbours: whether invoices that may lack an unreadable row are held back.
        blank_continues: whether a row without a key goes on with the invoice above it.
    """

    def __init__(
        self,
        *,
        file: str,
        columns: Sequence[str],
        ranks: Sequence[int],
        hold_neighbours: bool,
        blank_continues: bool = False,
    ) -> None:
        self._file = file
        self._column = columns[0]
        self._ranks = tuple(ranks)
        self._hold = hold_neighbours
        self._continues = blank_continues
        self.orphans: list[Finding] = []

    def rows(
        self, rows: Iterable[tuple[int, str, tuple[str, ...]] | RowFault]
    ) -> Iterator[KeyedRow]:
        """Yield the keyed rows of (line, key, cells) and faults, both in the order of the file."""
        before: str | None = None
        pending: list[RowFault] = []
        for row in rows:
            if isinstance(row, RowFault):
                pending.append(row)
                continue
            line, cell, cells = row
            key = cell.strip()
            if not key and self._continues and before is not None:
                key = before
            if not key:
                place = Location(self._file, line, self._column)
                finding = Finding("XT-KEY-02", Severity.ERROR, place)
                pending.append(RowFault(line, (finding,)))
                continue
            if pending:
                yield from self._settle(pending, before, key)
                pending.clear()
            yield KeyedRow(key, line, cells)
            before = key
        yield from self._settle(pending, before, None)

    def _settle(
        self, faults: Iterable[RowFault], before: str | None, after: str | None
    ) -> Iterator[KeyedRow]:
        first: list[KeyedRow] = []
        between: list[KeyedRow] = []
        last: list[KeyedRow] = []
        for fault in faults:
            key = self._key_of(fault, before, after)
            if key is not None:
                group = first if key == before else last if key == after else between
                group.append(KeyedRow(key, fault.line, None, fault.findings))
                continue
            self.orphans.extend(fault.findings)
            if self._hold:
                for neighbour, held in ((before, first), (after, last)):
                    if neighbour is not None:
                        place = Location(self._file, fault.line)
                        finding = Finding("XT-NEIGHBOUR-01", Severity.ERROR, place)
                        held.append(KeyedRow(neighbour, fault.line, None, (finding,)))
        yield from first
        yield from between
        yield from last

    def _key_of(self, fault: RowFault, before: str | None, after: str | None) -> str | None:
        last = max(self._ranks)
        key = joined_key([fault.cells[r] for r in self._ranks]) if last < len(fault.cells) else ""
        if key and (last < fault.trusted or key in (before, after)):
            return key
        return before if before is not None and before == after else None
