"""What a mutated extract may become: the same invoices, findings, or what the extract now says.

An invoice that is ready must equal the original one of its key, or carry a finding. A third class
is narrow: a naive reading of both texts, which shares nothing with the engine, finds for its key
the same rows with other cells, and the invoice differs only in the terms that these columns feed.
Rows that came or went may only be such that no total knows (amount zero), and the control of the
file must tell it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from typing import Any

from config.profile import Profile
from config.terms import registry
from flows.control import Expected, compare
from tests.support.extract_bases import Base, Sheet
from tests.support.extract_engine import Engine, Result
from tests.support.extract_forms import Row
from transforms.grouping import KEY_MARK
from transforms.invoice import Invoice

#: A leaf of the model: its path, without ranks but for lines, and its value.
Leaf = tuple[str, Any]
Cells = dict[str, str]

#: Terms that say how another one is meant, and what they change with it.
_MEANS: Mapping[str, tuple[str, ...]] = {
    "CF-LINE-VAT": ("lines[].vat_category", "lines[].vat_rate"),
    "CF-ALLOWANCE-VAT": ("allowances[].vat_category", "allowances[].vat_rate"),
    "CF-CHARGE-VAT": ("allowances[].vat_category", "allowances[].vat_rate"),
}
#: Fields that every object of a kind has, once it has another.
_CONSTANT = ("is_charge", "scheme", "country", "0", "1")


# -- the naive reading ---------------------------------------------------------------------------


@dataclass
class Naive:
    """Rows by key of one file, as a naive reading finds them."""

    columns: Row
    rows: dict[str, list[Cells | None]]
    """None stands for a row that is not as long as the heading."""


def naive(base: Base, sheet: Sheet, data: bytes) -> Naive:
    """Return the rows of ``data``, read as ``sheet``."""
    grid = base.form.parse(data)
    if not grid:
        return Naive((), {})
    known = {name.casefold(): name for name in sheet.columns} if base.ignore_case else {}
    names = (known.get(name.strip().casefold(), name.strip()) for name in grid[0])
    columns = tuple(base.names.get(name, name) for name in names)
    ranks = [columns.index(name) for name in sheet.key if name in columns]
    rows: dict[str, list[Cells | None]] = {}
    for row in grid[1:]:
        whole = len(row) == len(columns)
        parts = [row[rank].strip() if rank < len(row) else "" for rank in ranks]
        key = KEY_MARK.join(parts)
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        rows.setdefault(key, []).append(cells if whole else None)
    return Naive(columns, rows)


# -- the oracle ----------------------------------------------------------------------------------


class Oracle:
    """Judges what a base extract became."""

    def __init__(self, base: Base, engine: Engine) -> None:
        self._base = base
        self._engine = engine
        self._feeds = _feeds(engine.profile, base)
        self.files = {s.name: base.form.write(s.rows) for s in base.sheets}
        self._naive = {s.name: naive(base, s, self.files[s.name]) for s in base.sheets}
        self.original = engine.run(self.files)
        other = engine.run({s.name: base.form.write(s.rows) for s in base.other})
        self._sound(self.original)
        self._sound(other)
        self._known: dict[str, list[Invoice]] = {}
        for result in (self.original, other):
            for key, found in result.ready.items():
                self._known.setdefault(key, []).extend(invoice for invoice, _ in found)
        self._leaves = {
            id(invoice): leaves(invoice) for found in self._known.values() for invoice in found
        }
        counted = self.original.counted
        self._expected = Expected(counted.invoices, counted.rows, counted.total)

    @staticmethod
    def _sound(result: Result) -> None:
        assert not result.refused, result.refused
        assert result.ready
        assert not result.held, result.held
        assert result.rules == set(), result.rules

    def faults(self, files: Mapping[str, bytes], *, strict: bool) -> tuple[Result, list[str]]:
        """Return what became of ``files``, and what is wrong with that.

        Args:
            strict: no cell was given another meaning: a difference without finding is a fault even
                where the naive reading sees other letters.
        """
        result = self._engine.run(files)
        if result.refused:
            return result, [] if len(result.refused) > 20 else [f"unclear: {result.refused}"]
        now = {
            sheet.name: naive(self._base, sheet, files[sheet.name])
            for sheet in self._base.sheets
            if sheet.name in files
        }
        found = [*self._missing(result, now)]
        if not strict:
            found += self._untold_columns(result, now)
        told = bool(compare("extract", self._expected, result.counted))
        for key, findings in result.held.items():
            if not any(finding.blocks for finding in findings):
                found.append(f"{key}: held back without a finding")
            if any(finding.rule == "XT-INTERNAL-01" for finding in findings):
                found.append(f"{key}: {findings[-1].value} {findings[-1].params}")
        for key, several in result.ready.items():
            if len(several) > 1:
                found.append(f"{key}: ready {len(several)} times")
            for invoice, findings in several:
                if not findings:
                    mixed = strict and "XT-MIXED-01" not in {w.rule for w in result.warnings}
                    found += self._different(key, invoice, now, told=told, strict=mixed)
        return result, found

    def _missing(self, result: Result, now: Mapping[str, Naive]) -> Iterator[str]:
        """Yield the invoices that went without a word."""
        there = {*result.ready, *result.held}
        for key in self.original.ready:
            if key in there:
                continue
            if key in result.excluded:
                changed = self._changed(key, now)
                if changed is None or not changed & self._base.excludes:
                    yield f"{key}: excluded by no cell of its own"
                continue
            gone = not any(key in read.rows for read in now.values())
            told = compare("extract", self._expected, result.counted)
            if not result.orphans and not (gone and told):
                yield f"{key}: gone without a word"

    def _untold_columns(self, result: Result, now: Mapping[str, Naive]) -> Iterator[str]:
        """Yield columns that lost their name, with their cells still there, without a word."""
        for name, read in now.items():
            before = self._naive[name].columns
            lost = set(before) - set(read.columns)
            sheet = next(sheet for sheet in self._base.sheets if sheet.name == name)
            if sheet.completes:  # only a name that looks like a known one is told
                lost = {
                    column for column in lost if get_close_matches(column, read.columns, 1, 0.8)
                }
            if lost & set(self._feeds) and len(before) == len(read.columns) and read.rows:
                strange = [column for column in read.columns if column not in self._feeds]
                empty = not any(self._filled(read, name) for name in strange)
                if (
                    strange
                    and not empty
                    and not {"XT-COLUMN-01", "XT-COLUMN-02", "XT-COLUMN-03"} & result.rules
                ):
                    yield f"{name}: {lost} became {strange} without a word"

    @staticmethod
    def _filled(read: Naive, column: str) -> bool:
        rows = (row for rows in read.rows.values() for row in rows)
        return any(row is not None and row.get(column, "") for row in rows)

    def _different(
        self, key: str, invoice: Invoice, now: Mapping[str, Naive], *, told: bool, strict: bool
    ) -> Iterator[str]:
        known = self._known.get(key, [])
        if not known:
            yield f"{key}: an invoice of a key that no extract has"
            return
        if any(invoice is original for original in known):
            return
        have = leaves(invoice)
        faults = []
        for original in known:
            had = self._leaves[id(original)]
            paths = {path for path, _ in (have - had) + (had - have)}
            if not paths:
                return
            faults.append(self._explained(key, original, invoice, paths, now, told, strict))
            if not faults[-1]:
                return
        yield f"{key}: {faults[0]}"

    def _explained(
        self,
        key: str,
        original: Invoice,
        invoice: Invoice,
        paths: set[str],
        now: Mapping[str, Naive],
        told: bool,
        strict: bool,
    ) -> str:
        """Return why a difference is a fault; empty when the extract itself says it."""
        if strict:
            return f"differs silently in {sorted(paths)[:6]}"
        changed = self._changed(key, now)
        if changed is not None:
            allowed = {path for column in changed for path in self._feeds.get(column, ())}
            outside = {p for p in paths if _bare(p) not in allowed}
            if not outside:
                return ""
            if not changed and self._moved(original, invoice, paths):
                return ""
            return f"differs in {sorted(outside)[:6]}, cells changed: {sorted(changed)}"
        # Rows came or went: only such as no total knows, and the control tells them.
        same_totals = original.totals == invoice.totals and original.vat == invoice.vat
        only_lines = all(path.startswith("lines[") for path in paths)
        gone = Counter(original.lines) - Counter(invoice.lines)
        come = Counter(invoice.lines) - Counter(original.lines)
        free = all(not line.net for line in (*gone, *come)) or _notes_only(gone, come)
        if same_totals and only_lines and free and told:
            return ""
        return f"rows came or went; differs in {sorted(paths)[:6]}"

    @staticmethod
    def _moved(original: Invoice, invoice: Invoice, paths: Iterable[str]) -> bool:
        """Whether the lines are the same in another order (a comment may follow another line)."""
        plain = [
            Counter((line.id, line.net, line.item.name, line.price) for line in one.lines)
            for one in (original, invoice)
        ]
        return plain[0] == plain[1] and all(path.startswith("lines[") for path in paths)

    def _changed(self, key: str, now: Mapping[str, Naive]) -> frozenset[str] | None:
        """Return the columns with changed cells in the rows of a key; None when rows differ."""
        changed: set[str] = set()
        rows = (row for read in self._naive.values() for row in read.rows.get(key, []))
        named = {cell.lstrip("0") for row in rows for cell in (row or {}).values()}
        for sheet in self._base.sheets:
            before, after = self._naive[sheet.name], now.get(sheet.name)
            if after is None:
                return None
            keys: Iterable[str] = (key,)
            if sheet.completes:
                keys = [one for one in before.rows if one.lstrip("0") in named]
            for one in keys:
                had, have = before.rows.get(one, []), after.rows.get(one, [])
                if len(had) != len(have) or None in have:
                    return None
                if _same_rows(had, have):
                    continue
                for old, new in zip(had, have, strict=True):
                    assert old is not None
                    assert new is not None
                    changed |= {
                        column
                        for column in {*old, *new}
                        if old.get(column, "") != new.get(column, "")
                    }
        return frozenset(changed)


def _same_rows(had: Sequence[Cells | None], have: Sequence[Cells | None]) -> bool:
    first, second = (
        Counter(tuple(sorted((row or {}).items())) for row in rows) for rows in (had, have)
    )
    return first == second


def _notes_only(gone: Counter[Any], come: Counter[Any]) -> bool:
    """Whether lines differ in their note alone: a row of comment came or went."""
    plain = [
        Counter(
            (line.id, line.quantity, line.net, line.price, line.item, line.vat_rate) for line in c
        )
        for c in (gone.elements(), come.elements())
    ]
    return plain[0] == plain[1]


def _bare(path: str) -> str:
    head, mark, rest = path.partition("]")
    return f"lines[]{rest}" if mark and head.startswith("lines[") else path


def _feeds(profile: Profile, base: Base) -> dict[str, set[str]]:
    """Return the paths of the model that each column feeds."""
    feeds: dict[str, set[str]] = {column: set() for sheet in base.sheets for column in sheet.key}
    for sheet in base.sheets:
        for column in sheet.columns:
            feeds.setdefault(base.names.get(column, column), set())
    for column, paths in base.feeds.items():
        feeds.setdefault(column, set()).update(paths)
    sources = [*profile.header.items(), *profile.lines.items()]
    counted = [(key, source, 1) for key, source in sources]
    for repeated in profile.repeated:
        counted += [(key, source, repeated.count) for key, source in repeated.terms.items()]
    for key, source, count in counted:
        term = registry().terms[key]
        if source.column is None:
            continue
        paths = set(_MEANS.get(key, ()))
        if term.path is not None:
            path = f"lines[].{term.path}" if term.level == "line" else term.path
            parent = path.rpartition(".")[0]
            paths |= {path, *(f"{parent}.{name}" for name in _CONSTANT if parent)}
        for rank in range(1, count + 1):
            feeds.setdefault(source.column.replace("{n}", str(rank)), set()).update(paths)
    return feeds


def leaves(invoice: Invoice) -> Counter[Leaf]:
    """Return every value of an invoice with its path."""
    return Counter(_leaves(invoice, ""))


def _leaves(value: Any, path: str) -> Iterator[Leaf]:
    if is_dataclass(value):
        for item in fields(value):
            if item.compare:
                step = f"{path}.{item.name}" if path else item.name
                yield from _leaves(getattr(value, item.name), step)
    elif isinstance(value, tuple):
        is_pair = len(value) == 2 and all(isinstance(one, str) for one in value)
        for rank, one in enumerate(value):
            if is_pair:
                yield from _leaves(one, f"{path}.{rank}")
            else:
                yield from _leaves(one, f"{path}[{rank}]" if path == "lines" else f"{path}[]")
    elif value is not None:
        yield path, value
