"""Read extracts into invoices: every row belongs to one invoice or is an orphan finding.

Memory stays bounded whatever the size of the files: contiguous files are streamed, others are
gathered on disk. A first pass over the keys of a contiguous file (about 100 bytes of memory per
invoice) finds those that come back, so that no invoice goes out with only its first rows.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from config.profile import Profile
from flows.documents import DocumentReading
from flows.extract_columns import missing_keys, unjoined
from flows.extract_sets import ExtractFile, ExtractSet, WrongProfileError, sets_of
from flows.extract_sides import Side, sides_of
from flows.extract_tables import ExtractTables
from flows.joins import JoinIndex
from flows.profiles import load_company, load_profile
from flows.spill import Spill
from transforms.finding import Finding, Location, Severity
from transforms.grouping import InvoiceRows, Keying, Part, RowBlock, gather, joined_key
from transforms.records import RowFault
from transforms.table import Table, in_order

__all__ = [
    "ExtractFile",
    "ExtractReading",
    "WrongProfileError",
    "load_company",
    "load_profile",
    "read_extracts",
]


def read_extracts(
    files: Sequence[ExtractFile], profile: Profile, *, spill_folder: Path, trailer_mark: str = ""
) -> ExtractReading | DocumentReading:
    """Return the reading of ``files``; the headers of all of them are checked at once.

    Args:
        spill_folder: where rows are gathered on disk when they must be; emptied again.
        trailer_mark: first cell of a trailer record, which is no data (see ``TableControl``).

    Raises:
        WrongProfileError: naming every missing column of every file, before anything is read.
    """
    if profile.shape.kind == "documents":
        return DocumentReading(files, profile)
    return ExtractReading(files, profile, spill_folder, trailer_mark)


class ExtractReading:
    """The invoices of some extracts, in the order of the files; iterate once.

    Attributes:
        rows_read: data rows seen so far, unreadable ones included.
        rows_by_file: the same per file name.
        orphan_findings: what is wrong with rows that belong to no invoice, filled while iterating.
        warnings: what is worth telling about the files themselves, complete after the iteration.
    """

    def __init__(
        self,
        files: Sequence[ExtractFile],
        profile: Profile,
        spill_folder: Path,
        trailer_mark: str = "",
    ) -> None:
        self._files = tuple(files)
        self._profile = profile
        self._spill_folder = spill_folder
        self._sides = sides_of(profile)
        self._flat = self._sides.lines is None
        self.rows_read = 0
        self.rows_by_file: dict[str, int] = {file.name: 0 for file in files}
        self.orphan_findings: list[Finding] = []
        self.warnings: list[Finding] = []
        self._of_itself = {join.name for join in profile.joined if join.optional and join.of_itself}
        self._kept: dict[str, tuple[str, ...]] = {}
        #: Files that only complete others and were counted: several joins may read one.
        self._told: set[str] = set()
        self._tables = ExtractTables(profile, trailer_mark)
        self._sets = sets_of(files, profile, self._sides, self._tables.fits)
        checked: dict[tuple[str, str], None] = {}
        faults: list[str] = []
        for group in self._sets:
            for file, side in zip(group.invoices, self._sides.all, strict=True):
                faults += self._check(file, side)
            checked |= {(n, f.name): None for n, found in group.joined.items() for f in found}
        self._sides = self._sides.without_keys(
            missing_keys(self._sets, self._sides, profile.shape, self._tables.columns)
        )
        for name, file_name in checked:
            file = next(file for file in files if file.name == file_name)
            faults += self._check(file, self._sides.joined[name], name)
        faults += unjoined(self._sets, self._sides, profile, self._tables.columns)
        if faults:
            message = f"The profile {profile.profile} does not fit: {'; '.join(faults)}."
            step = "Check source.profile in the settings, or the columns of the extract."
            raise WrongProfileError(message, next_step=step)

    def __iter__(self) -> Iterator[InvoiceRows]:
        """Yield each invoice with all its rows."""
        if not self._sides.joined:
            for group in self._sets:
                yield from self._of_set(group)
            return
        joins = [join for join in self._profile.joined if join.name in self._sides.joined]
        hold = self._profile.shape.unreadable_rows == "quarantine_neighbours"
        with closing(JoinIndex(self._spill_folder / "joined.rows", joins)) as index:
            self._fill(index)
            for group in self._sets:
                files = {n: [file.sha256 for file in found] for n, found in group.joined.items()}
                for rows in self._of_set(group):
                    header, lines = rows.blocks[0], rows.blocks[-1]
                    joined = index.blocks(files, header, lines)
                    doubts = index.doubts(files, header, lines, joined, hold=hold)
                    yield InvoiceRows(rows.key, (*rows.blocks, *joined), (*rows.findings, *doubts))

    def _of_set(self, group: ExtractSet) -> Iterator[InvoiceRows]:
        if group.lines is None:
            return self._one_file(group.header)
        return self._two_files(group.header, group.lines)

    # -- files -----------------------------------------------------------------------------------

    def _fill(self, index: JoinIndex) -> None:
        """Put the rows of all joined files where invoices ask for them."""
        done: set[tuple[str, str]] = set()
        for group in self._sets:
            for name, found in group.joined.items():
                for file in found:
                    kept = self._kept.get(f"{name}:{file.name}", ())
                    if kept and (name, file.sha256) not in done:
                        done.add((name, file.sha256))
                        side = self._sides.joined[name]
                        rows = self._joined(file, side, kept)
                        columns = self._tables.columns(file, side)
                        index.add(name, file.name, file.sha256, kept, rows, all_columns=columns)
        index.ready()

    def _joined(
        self, file: ExtractFile, side: Side, kept: tuple[str, ...]
    ) -> Iterator[tuple[int, tuple[str, ...]] | RowFault]:
        own = any(file in group.invoices for group in self._sets)
        told = own or file.name in self._told
        self._told.add(file.name)
        with self._tables.open(file, side) as table:
            for chunk in table.chunks(kept):
                if not told:
                    count = len(chunk.lines) + len(chunk.faults)
                    self.rows_read += count
                    self.rows_by_file[file.name] += count
                    self.orphan_findings += [f for fault in chunk.faults for f in fault.findings]
                yield from in_order(chunk)
            if not told:
                self.warnings += table.warnings

    def _check(self, file: ExtractFile, side: Side, join: str = "") -> list[str]:
        # Master data has many more columns than an invoice needs: they are not told.
        checked = self._tables.check(file, side, strange=not join)
        if checked.faults and join in self._of_itself:
            return []  # the extract does not say by what its invoices name one another
        self._kept[f"{join}:{file.name}" if join else file.name] = checked.kept
        self.warnings += [w for w in checked.warnings if w not in self.warnings]
        return checked.faults

    # -- rows ------------------------------------------------------------------------------------

    def _keying(self, file: ExtractFile, table: Table, side: Side) -> Keying:
        shape = self._profile.shape
        # A header row lacks in no other invoice than its own.
        alone = not self._flat and side is self._sides.header
        hold = bool(shape.contiguous) and shape.unreadable_rows == "quarantine_neighbours"
        return Keying(
            file=file.name,
            columns=side.key,
            ranks=[table.columns.index(column) for column in side.key],
            hold_neighbours=hold and not alone,
            blank_continues=shape.blank_key == "continues" and not alone,
        )

    def _keys(self, file: ExtractFile, side: Side) -> dict[str, list[int]]:
        """Return the keys of a file in order, each with the lines where its rows begin."""
        found: dict[str, list[int]] = {}
        with self._tables.open(file, side) as table:
            if not table.columns:
                return found
            keying = self._keying(file, table, side)
            last = None
            for row in keying.rows(_keyed(table, side.key)):
                if row.key != last:
                    found.setdefault(row.key, []).append(row.line)
                    last = row.key
        return found

    def _parts(self, file: ExtractFile, side: Side) -> Generator[Part, None, None]:
        """Yield the rows of a file that stand together under one key."""
        kept = self._kept[file.name]
        if not kept:
            return
        with self._tables.open(file, side) as table:
            keying = self._keying(file, table, side)
            ranks = tuple(kept.index(column) for column in side.key)
            yield from gather(keying.rows(self._rows(file, table, kept, ranks)))
            self.orphan_findings += keying.orphans
            self.warnings += table.warnings

    def _rows(
        self, file: ExtractFile, table: Table, kept: tuple[str, ...], ranks: tuple[int, ...]
    ) -> Iterator[tuple[int, str, tuple[str, ...]] | RowFault]:
        rank = ranks[0]
        for chunk in table.chunks(kept):
            count = len(chunk.lines) + len(chunk.faults)
            self.rows_read += count
            self.rows_by_file[file.name] += count
            for item in in_order(chunk):
                if isinstance(item, RowFault):
                    yield item
                elif len(ranks) == 1:
                    yield item[0], item[1][rank], item[1]
                else:
                    yield item[0], joined_key([item[1][r] for r in ranks]), item[1]

    # -- one flat file ---------------------------------------------------------------------------

    def _one_file(self, file: ExtractFile) -> Iterator[InvoiceRows]:
        side, contiguous = self._sides.header, self._profile.shape.contiguous
        places: dict[str, list[int]] = {}
        if contiguous:
            places = {key: at for key, at in self._keys(file, side).items() if len(at) > 1}
        if not contiguous or (contiguous == "auto" and places):
            yield from self._gathered((file,))
            return
        for part in self._parts(file, side):
            findings = list(part.findings)
            if part.key in places:
                findings.append(_comes_back(part, file, side.key[0], places[part.key]))
            yield InvoiceRows(part.key, (self._block([part], file),), tuple(findings))

    # -- a header file and a lines file ----------------------------------------------------------

    def _two_files(self, header: ExtractFile, lines: ExtractFile) -> Iterator[InvoiceRows]:
        if not self._profile.shape.contiguous:
            yield from self._gathered((header, lines))
            return
        of_header = self._keys(header, self._sides.all[0])
        of_lines = self._keys(lines, self._sides.all[1])
        once = all(len(places) == 1 for keys in (of_header, of_lines) for places in keys.values())
        same_order = [key for key in of_header if key in of_lines] == [
            key for key in of_lines if key in of_header
        ]
        if once and same_order:
            yield from self._side_by_side(header, lines, of_header.keys())
        else:
            yield from self._gathered((header, lines))

    def _side_by_side(
        self, header: ExtractFile, lines: ExtractFile, known: Iterable[str]
    ) -> Iterator[InvoiceRows]:
        keys = frozenset(known)
        sides = self._sides.all
        left, right = self._parts(header, sides[0]), self._parts(lines, sides[1])
        with closing(left), closing(right):
            waiting = next(right, None)
            for part in left:
                while waiting is not None and waiting.key not in keys:
                    yield self._pair(waiting.key, [], [waiting], header, lines)
                    waiting = next(right, None)
                if waiting is not None and waiting.key == part.key:
                    yield self._pair(part.key, [part], [waiting], header, lines)
                    waiting = next(right, None)
                else:
                    yield self._pair(part.key, [part], [], header, lines)
            while waiting is not None:
                yield self._pair(waiting.key, [], [waiting], header, lines)
                waiting = next(right, None)

    # -- gathered on disk ------------------------------------------------------------------------

    def _gathered(self, files: tuple[ExtractFile, ...]) -> Iterator[InvoiceRows]:
        with closing(Spill(self._spill_folder / f"{files[0].sha256[:32]}.rows")) as spill:
            for rank, (file, side) in enumerate(zip(files, self._sides.all, strict=True)):
                for part in self._parts(file, side):
                    spill.add(rank, part)
            for key, (first, second) in spill.parts():
                if self._flat:
                    findings = tuple(finding for part in first for finding in part.findings)
                    yield InvoiceRows(key, (self._block(first, files[0]),), findings)
                else:
                    yield self._pair(key, first, second, *files)

    def _pair(
        self,
        key: str,
        first: list[Part],
        second: list[Part],
        header: ExtractFile,
        lines: ExtractFile,
    ) -> InvoiceRows:
        """Return an invoice of two files; a side that is missing or there twice is a finding."""
        findings = [finding for part in (*first, *second) for finding in part.findings]
        key_of = tuple(side.key[0] for side in self._sides.all)
        if self._profile.shape.contiguous is True:
            for parts, file, column in ((first, header, key_of[0]), (second, lines, key_of[1])):
                places = [part.first_line for part in parts]
                if len(parts) > 1:
                    findings.append(_comes_back(parts[1], file, column, places))
        rows = sum(len(part.lines) for part in first)
        if rows > 1:
            place = Location(header.name, first[-1].lines[-1], key_of[0])
            params = {"first_line": str(first[0].lines[0])}
            findings.append(
                Finding("XT-HEADER-01", Severity.ERROR, place, value=key, params=params)
            )
        elif not first:
            place = Location(lines.name, second[0].first_line, key_of[1])
            params = {"other_file": header.name}
            findings.append(Finding("XT-JOIN-01", Severity.ERROR, place, value=key, params=params))
        if not second:
            place = Location(header.name, first[0].first_line, key_of[0])
            params = {"other_file": lines.name}
            findings.append(Finding("XT-JOIN-02", Severity.ERROR, place, value=key, params=params))
        blocks = (self._block(first, header), self._block(second, lines))
        return InvoiceRows(key, blocks, tuple(findings))

    def _block(self, parts: Sequence[Part], file: ExtractFile) -> RowBlock:
        return RowBlock(
            file.name,
            file.sha256,
            self._kept[file.name],
            tuple(row for part in parts for row in part.rows),
            tuple(line for part in parts for line in part.lines),
        )


def _comes_back(part: Part, file: ExtractFile, column: str, places: Sequence[int]) -> Finding:
    """Return the finding of a key that comes back: where it does, and the other places."""
    here = part.first_line
    others = ", ".join(str(line) for line in places if line != here)
    return Finding(
        "XT-KEY-01",
        Severity.ERROR,
        Location(file.name, here, column),
        value=part.key,
        params={"others": others},
    )


def _keyed(
    table: Table, key: tuple[str, ...]
) -> Iterator[tuple[int, str, tuple[str, ...]] | RowFault]:
    """Yield the key of each row, and the faults; the cells are not looked at."""
    for item in table.keys(key):
        yield item if isinstance(item, RowFault) else (item[0], joined_key(item[1]), ())
