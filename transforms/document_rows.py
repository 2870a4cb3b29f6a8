"""From a document of segments to rows: one header row, and one row per invoice line.

The columns are the paths that a profile uses (``transforms.segments``); the cells are the texts
found under them. What cannot be a cell without losing something is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from config.profile import Profile
from config.terms import Level
from transforms.document_paths import beyond, columns_of, key_columns
from transforms.finding import Finding, Location, Severity
from transforms.grouping import InvoiceRows, RowBlock
from transforms.segments import Path, Segment, compile_path
from transforms.text_faults import BAD, fault_of

#: Values of one path told in a finding.
_MOST_TOLD = 5


@dataclass(slots=True)
class Document:
    """An invoice as segments.

    Attributes:
        root: the document; its children are the segments of the first level.
        rank: which document of the file it is, from 1.
        findings: what is wrong with it as a whole; the file and the line are told there.
    """

    root: Segment
    rank: int
    findings: list[Finding] = field(default_factory=list)


class DocumentRows:
    """The rows of documents under one profile; build it once per file.

    Args:
        profile: of shape ``documents``, without faults (``transforms.document_paths``).
        file, file_sha256: told in blocks and findings.
        encoding: told where a character is none of it.

    Attributes:
        seen: (segment, field) of all documents so far.
        unused: segments that no path names -> the line where the first one stands.
    """

    def __init__(self, profile: Profile, file: str, file_sha256: str, encoding: str) -> None:
        self._file = file
        self._sha256 = file_sha256
        self._encoding = encoding
        self._lines = profile.shape.lines
        self._columns = {level: columns_of(profile, level) for level in _LEVELS}
        self._paths = {
            level: tuple(compile_path(column) for column in columns)
            for level, columns in self._columns.items()
        }
        self._beyond = {level: beyond(profile, level) for level in _LEVELS}
        self._keys = tuple(compile_path(column) for column in key_columns(profile))
        every = [path for paths in self._paths.values() for path in paths]
        self._named = {step.name for path in every for step in path.steps}
        self._named |= {self._lines, *profile.ignored_columns}
        self.seen: set[tuple[str, str]] = set()
        self.unused: dict[str, int] = {}

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return every path used, those of the header first."""
        return tuple(path for level in _LEVELS for path in self._paths[level])

    def rows(self, document: Document) -> InvoiceRows:
        """Return the rows of ``document`` under its number, or ``#rank`` when it has none."""
        root = document.root
        self._look_at(root)
        findings = list(document.findings)
        lines = [child for child in root.children if child.name == self._lines]
        header = self._row("document", root, root, findings)
        rows = [self._row("line", line, root, findings) for line in lines]
        blocks = (
            self._block("document", [header], [root.line]),
            self._block("line", rows, [line.line for line in lines]),
        )
        return InvoiceRows(self._key(document), blocks, tuple(findings))

    def _key(self, document: Document) -> str:
        for path in self._keys:
            values = path.values(document.root, document.root)
            if values and BAD.search(values[0]) is None:
                return values[0].strip()
        return f"#{document.rank}"

    def _block(self, level: Level, rows: Sequence[tuple[str, ...]], lines: list[int]) -> RowBlock:
        columns = self._columns[level]
        return RowBlock(self._file, self._sha256, columns, tuple(rows), tuple(lines))

    def _row(
        self, level: Level, root: Segment, document: Segment, findings: list[Finding]
    ) -> tuple[str, ...]:
        row: list[str] = []
        for path in self._paths[level]:
            values = path.values(root, document)
            place = Location(self._file, root.line, path.text)
            if len(values) > 1:
                params = {"values": _told(values), "count": str(len(values))}
                findings.append(Finding("XT-SEVERAL-01", Severity.ERROR, place, params=params))
                row.append("")
                continue
            cell = values[0] if values else ""
            fault = fault_of(cell, place, self._encoding)
            if fault is not None:
                findings.append(fault)
                cell = ""
            row.append(cell)
        for repeat in self._beyond[level]:
            if repeat.path.segments(root, document):
                place = Location(self._file, root.line, repeat.column)
                params = {"count": str(repeat.count)}
                findings.append(Finding("XT-MORE-01", Severity.ERROR, place, params=params))
        return tuple(row)

    def _look_at(self, root: Segment) -> None:
        for segment in root.walk():
            if segment.name not in self._named and segment is not root:
                self.unused.setdefault(segment.name, segment.line)
            self.seen.update((segment.name, name) for name in segment.fields)


_LEVELS: tuple[Level, ...] = ("document", "line")


def _told(values: Sequence[str]) -> str:
    """Return the first of ``values`` for a finding."""
    rest = "…" if len(values) > _MOST_TOLD else ""
    return ", ".join(BAD.sub("\ufffd", value.strip()) for value in values[:_MOST_TOLD]) + rest
