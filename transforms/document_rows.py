"""From a document of segments to rows: one header row, and one row per invoice line.

The columns are the paths that a profile uses (``transforms.segments``); the cells are the texts
found under them. What cannot be a cell without losing something is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from config.profile import Profile, TermSource
from config.terms import Level, registry
from transforms.document_paths import columns_of, quoted_columns
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


@dataclass(frozen=True, slots=True)
class _Repeat:
    """What comes after the last rank of a repeated group: nothing, else something is lost."""

    path: Path
    column: str
    count: int


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
        self._repeats = {level: tuple(_repeats(profile, level)) for level in _LEVELS}
        self._keys = tuple(compile_path(column) for column in _key_columns(profile))
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
        for repeat in self._repeats[level]:
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


def _key_columns(profile: Profile) -> tuple[str, ...]:
    """Return the paths that name an invoice: those of ``shape.key``, else what feeds BT-1."""
    if "key" in profile.shape.model_fields_set:
        return profile.shape.key
    return _columns_in(profile.header["BT-1"])


def _columns_in(source: TermSource) -> tuple[str, ...]:
    return (source.column,) if source.column else tuple(quoted_columns(source.value or ""))


_RANKED = re.compile(r"#\{n\}")


def _repeats(profile: Profile, level: Level) -> Iterator[_Repeat]:
    """Yield, for each group that repeats, the first segment that it would leave out."""
    seen: set[str] = set()
    for repeated in profile.repeated:
        if registry().groups[repeated.group].level != level:
            continue
        for column in _all(repeated.terms.values()):
            found = _RANKED.search(column)
            if found is None or column[: found.end()] in seen:
                continue
            seen.add(column[: found.end()])
            beyond = f"{column[: found.start()]}#{repeated.count + 1}.{_ANY}"
            yield _Repeat(compile_path(beyond), column[: found.end()], repeated.count)


#: Stands for the field of a path of which only the segments are asked.
_ANY = "x"


def _all(sources: Iterable[TermSource]) -> Iterator[str]:
    for source in sources:
        yield from _columns_in(source)
