"""Join rows from elsewhere to the header or the lines of an invoice: master data, conditions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from config.profile import Join
from transforms.expression_nodes import Columns, Fault, Scope
from transforms.expression_nodes import Node as Condition
from transforms.finding import Finding, Location, Severity

Row = tuple[str, ...]
Numbered = tuple[int, Row]
_HEADER = "header."


def key_text(cell: str, zeros: str) -> str:
    """Return a cell as it is compared: without blanks, and without leading zeros if so asked."""
    text = cell.strip()
    if zeros == "ignored" and text.isascii() and text.isdecimal():
        return text.lstrip("0") or "0"
    return text


class Joining:
    """A join, for files with given columns.

    Args:
        join: what the profile says.
        columns: columns of the joined rows.
        when: condition on them, if any.
        own: ranks of the side that is completed.
        header: ranks of the header as the file has it, for ``header.COLUMN``.
    """

    def __init__(
        self,
        join: Join,
        columns: Sequence[str],
        when: Condition | None,
        own: Mapping[str, int],
        header: Mapping[str, int],
    ) -> None:
        self.join = join
        self._width = len(columns)
        ranks = {column: rank for rank, column in enumerate(columns)}
        self._when = when.bind(Columns(ranks, {}, {})) if when is not None else None
        self._theirs = [ranks.get(column) for column in join.on]
        self._ours = [
            (True, header.get(other.removeprefix(_HEADER)))
            if join.to == "lines" and other.startswith(_HEADER)
            else (False, own.get(other))
            for other in join.on.values()
        ]
        counted = join.count > 1
        self.names: tuple[str, ...] = tuple(
            f"{join.name}.{number}.{column}" if counted else f"{join.name}.{column}"
            for number in range(1, join.count + 1)
            for column in columns
        )
        #: Lines of the joined rows that header or lines took, once they were joined.
        self.taken: set[int] = set()
        self._left: list[tuple[Row, int]] = []

    def cells(
        self,
        row: Sequence[str],
        head: Sequence[str],
        candidates: Sequence[Numbered],
        place: Location,
        found: list[Finding],
        *,
        file: str,
    ) -> Row:
        """Return the cells that complete one row, empty where nothing fits.

        Args:
            file: where ``candidates`` stand.
        """
        index = self._index(candidates, file, found)
        taken: set[Row] = set()
        cells = self._fit(index, row, head, place, found, taken)
        self._keep(index, taken)
        return cells

    def lines(
        self,
        rows: Sequence[Row],
        head: Sequence[str],
        candidates: Sequence[Numbered],
        places: Iterable[Location],
        found: list[Finding],
        *,
        file: str,
    ) -> list[Row]:
        """Return the lines completed; what no line took is for :meth:`left_over`."""
        index = self._index(candidates, file, found)
        taken: set[Row] = set()
        completed = [
            (*row, *self._fit(index, row, head, place, found, taken))
            for row, place in zip(rows, places, strict=True)
        ]
        self._keep(index, taken)
        return completed

    def left_over(self, others: Iterable[Row], head: Row) -> set[int]:
        """Return the lines of the rows that were to complete header or lines and found none.

        Args:
            others: rows of the lines file that are neither lines nor of the kind that is joined;
                what belongs to one of them (the tax of a freight row) is not attached to nothing.
            head: the header row.
        """
        known = {self._key(row, head) for row in others} if self._left else set()
        return {number for key, number in self._left if not all(key) or key not in known}

    # -- helpers ---------------------------------------------------------------------------------

    def _keep(self, index: Mapping[Row, list[Numbered]], taken: set[Row]) -> None:
        self._left, self.taken = [], set()
        for key, numbereds in index.items():
            if key in taken:
                self.taken.update(number for number, _ in numbereds)
            else:
                self._left += [(key, number) for number, _ in numbereds]

    def _index(
        self, candidates: Sequence[Numbered], file: str, found: list[Finding]
    ) -> dict[Row, list[Numbered]]:
        index: dict[Row, list[Numbered]] = {}
        zeros = self.join.zeros
        for numbered in candidates:
            row = numbered[1]
            if self._when is not None:
                scope = Scope(row)
                holds = self._when(scope)
                found += told(scope.faults, file, numbered[0], None)
                if not holds:
                    continue
            key = tuple(key_text(row[r], zeros) if r is not None else "" for r in self._theirs)
            index.setdefault(key, []).append(numbered)
        return index

    def _key(self, row: Sequence[str], head: Sequence[str]) -> Row:
        """Return what the joined rows of ``row`` must equal; a row may be shorter than a line."""
        cells = ((head if above else row, rank) for above, rank in self._ours)
        return tuple(
            "" if rank is None or rank >= len(of) else key_text(of[rank], self.join.zeros)
            for of, rank in cells
        )

    def _fit(
        self,
        index: Mapping[Row, list[Numbered]],
        row: Sequence[str],
        head: Sequence[str],
        place: Location,
        found: list[Finding],
        taken: set[Row],
    ) -> Row:
        join = self.join
        key = self._key(row, head)
        fitting: list[Numbered] = index.get(key, []) if all(key) else []
        if fitting:
            taken.add(key)
        elif join.files is not None and not join.optional and all(key):
            found.append(nothing_joined(join, " ".join(key), place))
        if len(fitting) > join.count:
            if join.several == "finding":
                params = {
                    "join": join.name,
                    "count": str(len(fitting)),
                    "lines": ", ".join(str(number) for number, _ in fitting[:5]),
                }
                finding = Finding(
                    "MP-JOIN-01", Severity.ERROR, place, value=" ".join(key), params=params
                )
                found.append(finding)
                fitting = []
            else:
                first = join.several == "first"
                fitting = fitting[: join.count] if first else fitting[-join.count :]
        cells = [cell for _, fit in fitting for cell in fit]
        cells += [""] * (join.count * self._width - len(cells))
        return tuple(cells)


def attached_to_nothing(kind: str, file: str, line: int) -> Finding:
    """Return the finding of a row that was to complete header or line and found none."""
    return Finding("MP-ROW-01", Severity.ERROR, Location(file, line), params={"kind": kind})


def nothing_joined(join: Join, key: str, place: Location) -> Finding:
    """Return the finding of an invoice, or a line, that files which must be there leave out."""
    params = {"join": join.name}
    return Finding("MP-JOIN-02", Severity.WARNING, place, value=key, params=params)


def told(faults: Iterable[Fault], file: str, line: int, term: str | None) -> Iterator[Finding]:
    """Yield what could not be read while an expression was computed for a row."""
    for fault in faults:
        place = Location(file, line, fault.column)
        yield Finding(fault.rule, Severity.ERROR, place, term, fault.value, dict(fault.params))
