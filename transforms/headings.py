"""The heading of a table among its rows: when it comes again, and what stands below no name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from transforms.finding import Finding, Location, Severity


class Heading:
    """What the names of the columns tell of the rows below them.

    Several extracts put end to end repeat the heading. The same one is passed over and told; under
    another one each cell would be read as that of a wrong column, so the rows below it are not.

    Args:
        columns: names of the columns of the file, in order; empty where one has none.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._named = frozenset(column for column in columns if column)
        longest = sorted(self._named, key=len)[-2:] or ["\0"]
        #: Long names are in no other row: most rows are told apart by these alone.
        self.probes: tuple[str, str] = (longest[-1], longest[0])
        self._nameless = tuple(rank for rank, column in enumerate(columns) if not column)
        self._stray: tuple[int, int] | None = None
        self._again: list[int] = []

    @property
    def watches(self) -> bool:
        """Whether rows are still to be shown to :meth:`see`."""
        return bool(self._nameless) and self._stray is None

    def see(self, line: int, cells: Sequence[str]) -> None:
        """Remember the first cell that stands in a column without a name."""
        for rank in self._nameless:
            if rank < len(cells) and cells[rank].strip(" *"):  # SAP marks sums
                self._stray = (line, rank)
                return

    def kind_of(self, line: int, cells: Sequence[str]) -> Literal["row", "same", "other"]:
        """Return whether a row is the heading again, another one, or a row of data."""
        told = tuple(cell.strip() for cell in cells)
        if len(self._named.intersection(told)) * 2 <= len(self._named):
            return "row"
        if told == self._columns:
            self._again.append(line)
            return "same"
        return "other"

    def warnings(self, file: str) -> tuple[Finding, ...]:
        """Return what is worth telling, once the rows were seen."""
        found = []
        if self._again:
            place, params = Location(file, self._again[0]), {"count": str(len(self._again))}
            found.append(Finding("XT-HEADING-01", Severity.WARNING, place, params=params))
        if self._stray is not None:
            line, rank = self._stray
            place, params = Location(file, line), {"rank": str(rank + 1)}
            found.append(Finding("XT-COLUMN-03", Severity.WARNING, place, params=params))
        return tuple(found)


def below_other_heading(file: str, line: int, heading_line: int) -> Finding:
    """Return the finding of a row that stands below another heading than that of the file."""
    params = {"heading_line": str(heading_line)}
    return Finding("XT-HEADING-02", Severity.ERROR, Location(file, line), params=params)
