"""From the raw rows of an invoice to one header row and its lines, as the profile says.

Kinds of rows are set apart (taxes, comments, children), rows from elsewhere are joined, derived
columns and the expressions of terms are computed. What comes out is text again, with more columns;
``transforms.plan`` maps it. A profile that asks for none of this costs nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from config.profile import Join, Profile, RowKind
from transforms.expression_nodes import Columns, Evaluate, Scope
from transforms.expression_values import plain_text
from transforms.finding import Finding, Location, Severity
from transforms.formulas import COMMENT, Formula, Formulas, formulas
from transforms.grouping import InvoiceRows, RowBlock
from transforms.joining import Joining, attached_to_nothing, nothing_joined, told

Row = tuple[str, ...]


@dataclass(slots=True)
class Shaped:
    """One header row and the lines of an invoice, with all columns a term may name."""

    columns: tuple[str, ...]
    head: Row
    line_columns: tuple[str, ...] = ()
    lines: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    """Physical line of each line."""
    findings: list[Finding] = field(default_factory=list)
    excluded_by: str | None = None
    """Name of the filter with a condition that leaves the invoice out."""


class Shaper:
    """The shaping of one profile; build it once per process."""

    def __init__(self, profile: Profile) -> None:
        self._formulas = formulas(profile)
        found = self._formulas
        parts = (found.header, found.lines, found.kinds, found.joins, found.filters)
        self._trivial = not any(parts) and found.is_line is None
        self._layouts: dict[tuple[object, ...], _Layout] = {}

    def shape(self, rows: InvoiceRows) -> Shaped:
        """Return the header row and the lines of ``rows``."""
        header, lines, others = self._blocks(rows)
        head = header.rows[0] if header.rows else ("",) * len(header.columns)
        if self._trivial:
            return Shaped(header.columns, head, lines.columns, list(lines.rows), list(lines.lines))
        return self._layout(header, lines, others).shape(head, header, lines, others)

    def head(self, rows: InvoiceRows) -> Shaped:
        """Return the header row alone; lines are looked at only where the header needs them."""
        header, lines, others = self._blocks(rows)
        head = header.rows[0] if header.rows else ("",) * len(header.columns)
        if self._trivial:
            return Shaped(header.columns, head)
        return self._layout(header, lines, others).head(head, header, lines, others)

    def _blocks(self, rows: InvoiceRows) -> tuple[RowBlock, RowBlock, dict[str, RowBlock]]:
        others = {block.side: block for block in rows.blocks if block.side}
        return rows.blocks[0], rows.lines_block, others

    def _layout(self, header: RowBlock, lines: RowBlock, others: dict[str, RowBlock]) -> _Layout:
        joined = {name: block.columns for name, block in others.items()}
        key = (header.columns, lines.columns, tuple(joined.items()))
        found = self._layouts.get(key)
        if found is None:
            found = _Layout(self._formulas, header.columns, lines.columns, joined)
            self._layouts[key] = found
        return found


class _Layout:
    """Where everything stands, for files with given columns."""

    def __init__(
        self,
        found: Formulas,
        header: tuple[str, ...],
        lines: tuple[str, ...],
        joined: dict[str, tuple[str, ...]],
    ) -> None:
        raw_header, raw_lines = _ranks(header), _ranks(lines)
        comments = any(kind.use == "comment" for kind, _ in found.kinds)
        extra = (COMMENT,) if comments else ()
        on_lines = Columns(raw_lines, raw_header, raw_lines)
        self._kinds = [(kind, node.bind(on_lines)) for kind, node in found.kinds]
        self._is_line = found.is_line.bind(on_lines) if found.is_line is not None else None
        self._comments = comments
        self._text_ranks = {
            kind.name: raw_lines[kind.text]
            for kind, _ in found.kinds
            if kind.text and kind.text in raw_lines
        }
        self.columns: tuple[str, ...] = (*header, *extra)
        self.line_columns: tuple[str, ...] = (*lines, *extra)
        self._joins: dict[str, list[Joining]] = {"header": [], "lines": []}
        self._silent: list[Join] = []
        for join, when in found.joins:
            columns = lines if join.rows is not None else joined.get(join.name, ())
            if not columns:
                if join.files is not None and not join.optional:
                    self._silent.append(join)  # its files are there, and empty
                continue
            of = self.columns if join.to == "header" else self.line_columns
            joining = Joining(join, columns, when, _ranks(of), raw_header)
            self._joins[join.to].append(joining)
            if join.to == "header":
                self.columns = (*self.columns, *joining.names)
            else:
                self.line_columns = (*self.line_columns, *joining.names)
        line_ranks = _ranks(self.line_columns)
        self._header = self._bound(found.header, "header", line_ranks)
        self._filters = [
            (name, node.bind(Columns(_ranks(self.columns), _ranks(self.columns), line_ranks)))
            for name, node in found.filters
        ]
        self._lines = self._bound(found.lines, "lines", line_ranks)
        self._needs_lines = (
            any(formula.node.totals for formula in found.header)
            or any(node.totals for _, node in found.filters)
            or any(join.rows is not None and join.to == "header" for join, _ in found.joins)
            or (comments and COMMENT in {name for f in found.header for name in f.node.columns})
        )

    def _bound(
        self, computed: Iterable[Formula], side: str, line_ranks: dict[str, int]
    ) -> list[tuple[Formula, Evaluate]]:
        """Bind formulas one after the other: each sees the columns before it."""
        bound: list[tuple[Formula, Evaluate]] = []
        for formula in computed:
            if side == "header":
                ranks = _ranks(self.columns)
                bound.append((formula, formula.node.bind(Columns(ranks, ranks, line_ranks))))
                self.columns = (*self.columns, formula.name)
            else:
                ranks = _ranks(self.line_columns)
                above = Columns(ranks, _ranks(self.columns), ranks)
                bound.append((formula, formula.node.bind(above)))
                self.line_columns = (*self.line_columns, formula.name)
        return bound

    # -- one invoice -----------------------------------------------------------------------------

    def head(
        self, head: Row, header: RowBlock, lines: RowBlock, others: dict[str, RowBlock]
    ) -> Shaped:
        found: list[Finding] = []
        sorted_rows = _Sorted()
        joined: list[Row] = []
        if self._needs_lines:
            sorted_rows = self._sort(head, lines, found)
            joined = self._with_joins(sorted_rows, head, lines, others, found)
        return self._headed(head, header, sorted_rows, joined, others, found, lines.file)

    def shape(
        self, head: Row, header: RowBlock, lines: RowBlock, others: dict[str, RowBlock]
    ) -> Shaped:
        found: list[Finding] = []
        sorted_rows = self._sort(head, lines, found)
        joined = self._with_joins(sorted_rows, head, lines, others, found)
        shaped = self._headed(head, header, sorted_rows, joined, others, found, lines.file)
        found += self._left_over(sorted_rows, head, lines.file)
        shaped.line_columns = self.line_columns
        shaped.numbers = sorted_rows.numbers
        for rank, (number, row) in enumerate(zip(sorted_rows.numbers, joined, strict=True), 1):
            cells = list(row)
            scope = Scope(cells, shaped.head, (), lines.file, rank)
            for formula, evaluate in self._lines:
                cells.append(plain_text(evaluate(scope)))
                if scope.faults:
                    found += told(scope.faults, lines.file, number, formula.term)
                    scope.faults.clear()
            shaped.lines.append(tuple(cells))
        return shaped

    def _headed(
        self,
        head: Row,
        header: RowBlock,
        sorted_rows: _Sorted,
        lines: Sequence[Row],
        others: dict[str, RowBlock],
        found: list[Finding],
        lines_file: str,
    ) -> Shaped:
        number = header.lines[0] if header.lines else 0
        cells = list(head)
        if self._comments:
            cells.append(" ".join(sorted_rows.comments))
        place = Location(header.file, number)
        found += [nothing_joined(join, ", ".join(join.on.values()), place) for join in self._silent]
        for joining in self._joins["header"]:
            rows = sorted_rows.rows_of(joining.join, others)
            file = _file_of(joining.join, others, lines_file)
            cells += joining.cells(cells, head, rows, place, found, file=file)
        scope = Scope(cells, cells, lines, header.file)
        for formula, evaluate in self._header:
            cells.append(plain_text(evaluate(scope)))
            if scope.faults:
                found += told(scope.faults, header.file, number, formula.term)
                scope.faults.clear()
        excluded = next((name for name, holds in self._filters if holds(scope)), None)
        found += told(scope.faults, header.file, number, None)
        return Shaped(self.columns, tuple(cells), findings=found, excluded_by=excluded)

    def _sort(self, head: Row, lines: RowBlock, found: list[Finding]) -> _Sorted:
        """Tell the lines from the other kinds of rows."""
        result = _Sorted()
        if not self._kinds and self._is_line is None:
            result.lines, result.numbers = list(lines.rows), list(lines.lines)
            result.texts = [[] for _ in result.lines] if self._comments else []
            return result
        for rank, (number, row) in enumerate(zip(lines.lines, lines.rows, strict=True), 1):
            scope = Scope(row, head, (), lines.file, rank)
            kind = next((kind for kind, holds in self._kinds if holds(scope)), None)
            is_line = kind is None and (self._is_line is None or self._is_line(scope))
            if scope.faults:
                found += told(scope.faults, lines.file, number, None)
            if is_line:
                result.add_line(number, row)
                continue
            result.others.append((kind.name if kind is not None else None, row))
            if kind is None:
                place = Location(lines.file, number)
                found.append(Finding("MP-ROW-02", Severity.ERROR, place))
            elif kind.use == "join":
                result.joined.setdefault(kind.name, []).append((number, row))
            elif kind.use == "comment":
                text = row[self._text_ranks[kind.name]] if kind.name in self._text_ranks else ""
                result.add_comment(kind, text.strip())
        result.end()
        return result

    def _with_joins(
        self,
        sorted_rows: _Sorted,
        head: Row,
        lines: RowBlock,
        others: dict[str, RowBlock],
        found: list[Finding],
    ) -> list[Row]:
        """Return the lines with the columns of their comments and joins."""
        rows: list[Row] = list(sorted_rows.lines)
        if self._comments:
            texts = (" ".join(texts) for texts in sorted_rows.texts)
            rows = [(*row, text) for row, text in zip(rows, texts, strict=True)]
        for joining in self._joins["lines"]:
            candidates = sorted_rows.rows_of(joining.join, others)
            places = (Location(lines.file, number) for number in sorted_rows.numbers)
            file = _file_of(joining.join, others, lines.file)
            rows = joining.lines(rows, head, candidates, places, found, file=file)
        return rows

    def _left_over(self, sorted_rows: _Sorted, head: Row, file: str) -> Iterator[Finding]:
        """Yield MP-ROW-01 for each row of a kind that joins asked for and none took."""
        joinings = [one for side in self._joins.values() for one in side]
        for kind in dict.fromkeys(one.join.rows for one in joinings if one.join.rows):
            mine = [one for one in joinings if one.join.rows == kind]
            strangers = [row for name, row in sorted_rows.others if name != kind]
            # Where lines are asked too, they tell: the header knows nothing of dropped rows.
            asked = [one for one in mine if one.join.to == "lines"]
            left = {number for one in asked for number in one.left_over(strangers, head)}
            if not asked:
                left = {number for one in mine for number in one.left_over((), head)}
            taken = {number for one in mine for number in one.taken}
            for number in sorted(left - taken):
                yield attached_to_nothing(kind, file, number)


@dataclass(slots=True)
class _Sorted:
    """The rows of the lines file by what they are."""

    lines: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    """Comments of each line."""
    comments: list[str] = field(default_factory=list)
    """Comments of the document."""
    joined: dict[str, list[tuple[int, Row]]] = field(default_factory=dict)
    others: list[tuple[str | None, Row]] = field(default_factory=list)
    """All rows that are no lines, each with its kind."""
    _next: list[str] = field(default_factory=list)

    def add_line(self, number: int, row: Row) -> None:
        self.lines.append(row)
        self.numbers.append(number)
        self.texts.append(self._next)
        self._next = []

    def add_comment(self, kind: RowKind, text: str) -> None:
        if not text:
            return
        if kind.to == "next":
            self._next.append(text)
        elif kind.to == "previous" and self.texts:
            self.texts[-1].append(text)
        else:
            self.comments.append(text)

    def end(self) -> None:
        """Give what waited for a next line to the document."""
        self.comments += self._next
        self._next = []

    def rows_of(self, join: Join, others: dict[str, RowBlock]) -> list[tuple[int, Row]]:
        """Return the rows that a join may take."""
        if join.rows is not None:
            return self.joined.get(join.rows, [])
        block = others.get(join.name)
        return list(zip(block.lines, block.rows, strict=True)) if block is not None else []


def _ranks(columns: Sequence[str]) -> dict[str, int]:
    return {column: rank for rank, column in enumerate(columns)}


def _file_of(join: Join, others: dict[str, RowBlock], lines_file: str) -> str:
    """Return the file in which the rows of a join stand."""
    block = others.get(join.name)
    return lines_file if block is None else block.file
