"""The files of an extract as tables: opened as a side asks for them, their columns checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from config.profile import Profile
from flows.extract_sets import ExtractFile, WrongProfileError
from flows.extract_sides import Side, like, with_likeness
from flows.tables import open_table
from transforms.accounting_files import AccountingFileError
from transforms.finding import Finding, Location, Severity
from transforms.table import Table, TableError, kept_columns

#: Columns nobody uses that are told one by one, and that are listed in one finding.
MOST_COLUMNS, MOST_LISTED = 3, 200


@dataclass(slots=True)
class Checked:
    """Columns of a file that are read, and what is wrong or worth telling of the others."""

    kept: tuple[str, ...] = ()
    faults: list[str] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)


class ExtractTables:
    """Opens the files of one extract.

    Args:
        profile: format and names of the columns.
        trailer_mark: first cell of a trailer record, which is no data.
    """

    def __init__(self, profile: Profile, trailer_mark: str = "") -> None:
        self._profile = profile
        self._trailer_mark = trailer_mark
        self._columns: dict[tuple[str, frozenset[str]], tuple[str, ...]] = {}

    @contextmanager
    def open(self, file: ExtractFile, side: Side) -> Iterator[Table]:
        """Yield a file as the table that ``side`` reads.

        Raises:
            ConfigurationError: it cannot be opened.
            WrongProfileError: it is no such table.
        """
        with file.open() as stream:
            try:
                table = open_table(
                    stream,
                    file=file.name,
                    profile=self._profile,
                    wanted=side.wanted,
                    trailer_mark=self._trailer_mark,
                )
                with closing(table):
                    yield table
            except TableError as error:  # a damage may show after the heading
                message = f"{file.name} cannot be read: {error}."
                raise WrongProfileError(message, next_step=error.next_step) from error

    def columns(self, file: ExtractFile, side: Side) -> tuple[str, ...]:
        """Return every column of a file, under the profile's names."""
        place = (file.name, side.wanted)
        if place not in self._columns:
            with self.open(file, side) as table:
                self._columns[place] = table.columns
        return self._columns[place]

    def fits(self, file: ExtractFile, side: Side) -> int:
        """Return how many columns of a side a file has; none when one is missing that must be."""
        try:
            columns = set(self.columns(file, side))
            return len(columns & side.wanted) if columns.issuperset(side.required) else 0
        except WrongProfileError as error:
            if isinstance(error.__cause__, AccountingFileError):
                raise
            return 0

    def check(self, file: ExtractFile, side: Side, *, strange: bool = True) -> Checked:
        """Return what a file gives a side; ``strange``: all columns nobody uses are told."""
        columns = self.columns(file, side)
        found = Checked()
        if not columns:
            found.warnings.append(Finding("XT-EMPTY-01", Severity.WARNING, Location(file.name)))
            return found
        missing = [column for column in side.required if column not in columns]
        if missing:
            told = ", ".join(with_likeness(column, columns) for column in missing)
            found.faults.append(f"{file.name} has no column {told}")
        try:
            found.kept = kept_columns(columns, side.wanted)
        except TableError as error:
            found.faults.append(f"{file.name}: {error}")
        known = side.wanted | set(self._profile.ignored_columns)
        unknown = [column for column in dict.fromkeys(columns) if column and column not in known]
        if not strange:
            # A name that is nearly one of those used may be that column, misspelt.
            absent = [column for column in side.wanted if column not in columns]
            unknown = [column for column in unknown if like(column, absent)]
        found.warnings += _unused(file.name, unknown)
        return found


def _unused(file: str, columns: Sequence[str]) -> Iterator[Finding]:
    """Yield what is told of columns nobody uses: each, or all at once when they are many.

    A table of an ERP has a hundred; one that is misspelt must not drown among them.
    """
    if len(columns) <= MOST_COLUMNS:
        for column in columns:
            yield Finding("XT-COLUMN-01", Severity.WARNING, Location(file, None, column))
        return
    listed = ", ".join(columns[:MOST_LISTED]) + (", …" if len(columns) > MOST_LISTED else "")
    params = {"count": str(len(columns))}
    yield Finding("XT-COLUMN-02", Severity.WARNING, Location(file), value=listed, params=params)
