"""Try a profile on extracts: what would be read, from which columns, and all that is wrong.

For ``chorus-flows profile check``: the same reading, mapping and checks as a night, without
ledger, outbox or deposit; nothing is written.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from config.profile import Profile, TermSource
from config.settings import Settings
from config.terms import registry
from flows.convert import source_item
from flows.extract_sets import ExtractFile, WrongProfileError, matching
from flows.extract_sides import Side, sides_of
from flows.extract_tables import ExtractTables
from flows.ledger import utc_now
from flows.sources import load_sources
from flows.worker import Worker
from flows.xml_document import XmlDocument
from flows.xml_source import SourceItem, is_xml, open_sources, read_source
from transforms.finding import Finding
from transforms.formulas import erp_columns
from transforms.invoice import Invoice
from transforms.mapping import Mapper
from transforms.outcome import InvoiceOutcome
from transforms.term_values import values_of

#: Different example values kept of a term.
EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class FileTrial:
    """A file: what it serves as, and its columns held against the profile."""

    name: str
    role: str
    """``header``, ``lines``, ``flat``, ``documents``, the name of a join; empty: nothing fits."""
    used: tuple[str, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    """Columns that the profile would use and the file does not have."""
    required: tuple[str, ...]
    """Those of them without which nothing can be read."""


@dataclass(slots=True)
class TermTrial:
    """A business term: where it comes from, how many invoices have it, and what it looks like."""

    term: str
    source: str
    invoices: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class InvoiceTrial:
    """An invoice as it would go: its outcome, and the invoice itself."""

    outcome: InvoiceOutcome
    invoice: Invoice
    ready: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """What one rule says, how often, and the first time it says it."""

    rule: str
    count: int
    first: Finding
    invoice: str | None


@dataclass(slots=True)
class Trial:
    """What a profile makes of some files."""

    profile: Profile
    files: tuple[FileTrial, ...]
    refused: str = ""
    """Why nothing could be read."""
    terms: list[TermTrial] = field(default_factory=list)
    invoices: list[InvoiceTrial] = field(default_factory=list)
    """The first ones."""
    read: int = 0
    ready: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    problems: tuple[Problem, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether every invoice that no filter leaves out could go."""
        blocked = any(problem.first.blocks for problem in self.problems)
        return not self.refused and not blocked


def try_profile(
    files: Sequence[Path],
    settings: Settings,
    *,
    shown: int = 5,
    clock: Callable[[], datetime] = utc_now,
) -> Trial:
    """Return what the profile of ``settings`` makes of ``files``; ``shown``: invoices kept.

    Raises:
        ConfigurationError: profile or company file cannot be used, or a file not be opened.
    """
    today = clock().astimezone(ZoneInfo(settings.run_date)).date()
    sources = load_sources(settings, run_id="check", run_date=today, outbox=Path())
    profile = sources.setup.profile
    extracts = [ExtractFile.at(path) for path in files]
    trial = Trial(profile, tuple(_file_trials(extracts, profile)))
    tally = _Tally(profile)
    with tempfile.TemporaryDirectory(prefix="chorus-flows-") as scratch:
        try:
            reading = open_sources(extracts, profile, spill_folder=Path(scratch))
        except WrongProfileError as error:
            trial.refused = str(error)
            return trial
        worker, mapper = Worker(sources.setup), Mapper(profile, sources.setup.company)
        items: Iterable[SourceItem] = reading
        for position, rows in enumerate(items):
            item = source_item(position, rows, mapper, settings)
            trial.read += 1
            if item.excluded_by is not None:
                trial.excluded[item.excluded_by] += 1
                continue
            outcome, xml = worker.convert(item)
            trial.ready += xml is not None
            if isinstance(rows, XmlDocument):
                invoice = read_source(rows, limit=settings.attachments.max_invoice_bytes)
            else:
                invoice = mapper.map(rows).invoice
            tally.add(invoice, outcome)
            if len(trial.invoices) < shown:
                trial.invoices.append(InvoiceTrial(outcome, invoice, xml is not None))
        tally.tell((*reading.orphan_findings, *reading.warnings), None)
    trial.terms = tally.terms()
    trial.problems = tally.problems()
    return trial


class _Tally:
    """What all invoices together show: terms and problems."""

    def __init__(self, profile: Profile) -> None:
        self._terms = {term: TermTrial(term, source) for term, source in _sources(profile)}
        self._counts: Counter[str] = Counter()
        self._first: dict[str, tuple[Finding, str | None]] = {}

    def add(self, invoice: Invoice, outcome: InvoiceOutcome) -> None:
        for key, trial in self._terms.items():
            values = list(values_of(invoice, registry().terms[key]))
            trial.invoices += bool(values)
            for value in values:
                if len(trial.examples) < EXAMPLES and value not in trial.examples:
                    trial.examples.append(value)
        self.tell(outcome.findings, outcome.number)

    def tell(self, findings: Iterable[Finding], invoice: str | None) -> None:
        for finding in findings:
            self._counts[finding.rule] += 1
            self._first.setdefault(finding.rule, (finding, invoice))

    def terms(self) -> list[TermTrial]:
        return list(self._terms.values())

    def problems(self) -> tuple[Problem, ...]:
        found = [Problem(rule, count, *self._first[rule]) for rule, count in self._counts.items()]
        return tuple(sorted(found, key=lambda one: (not one.first.blocks, -one.count)))


def amounts_of(invoice: Invoice) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Return the totals of an invoice: without VAT, VAT, with VAT."""
    totals = invoice.totals
    return totals.without_vat, totals.vat, totals.with_vat


def _sources(profile: Profile) -> Iterable[tuple[str, str]]:
    """Yield each term of the profile with where it comes from, in the words of the profile."""
    for section in (profile.header, profile.lines):
        for term, source in section.items():
            yield term, _told(source)
    for repeated in profile.repeated:
        for term, source in repeated.terms.items():
            yield term, _told(source)


def _told(source: TermSource) -> str:
    parts = [source.column or source.value or ""]
    parts += ["company file"] if source.company else []
    fixed = source.constant if source.constant is not None else source.default
    parts += [f"'{fixed}'"] if fixed is not None else []
    return ", else ".join(part for part in parts if part)


def _file_trials(files: Sequence[ExtractFile], profile: Profile) -> Iterable[FileTrial]:
    if is_xml(profile) or profile.shape.kind == "documents":
        yield from (FileTrial(file.name, "documents", (), (), (), ()) for file in files)
        return
    sides = sides_of(profile)
    roles: dict[str, Side] = {"flat" if sides.lines is None else "header": sides.header}
    if sides.lines is not None:
        roles["lines"] = sides.lines
    # A file that also serves a join of its own invoices is what it is.
    itself = {join.name for join in profile.joined if join.of_itself}
    roles |= {name: side for name, side in sides.joined.items() if name not in itself}
    tables = ExtractTables(profile)
    for file in files:
        found = {role: _columns(tables, file, side) for role, side in roles.items()}
        role = _role_of(file.name, found, profile, roles)
        side = roles.get(role)
        if side is None:
            yield FileTrial(file.name, "", (), max(found.values(), key=len), (), ())
            continue
        columns = found[role]
        missing = tuple(sorted(side.wanted - set(columns)))
        yield FileTrial(
            file.name,
            role,
            tuple(column for column in columns if column in side.wanted),
            tuple(column for column in columns if column and column not in side.wanted),
            missing,
            tuple(column for column in side.required if column in missing),
        )


def _columns(tables: ExtractTables, file: ExtractFile, side: Side) -> tuple[str, ...]:
    try:
        return tables.columns(file, side)
    except WrongProfileError:
        return ()


def _role_of(
    name: str, found: Mapping[str, Sequence[str]], profile: Profile, roles: Mapping[str, Side]
) -> str:
    """Return what a file serves as: by its name, else as what it has most columns of."""
    patterns = {join.name: join.files or () for join in profile.joined if join.name in roles}
    if "lines" in roles:
        patterns = {
            "header": profile.shape.header_files,
            "lines": profile.shape.lines_files,
            **patterns,
        }
    named = {
        role: pattern
        for role, names in patterns.items()
        if (pattern := matching(name, names)) is not None
    }
    if named:
        return max(named, key=lambda role: (len(named[role]), role in ("header", "lines")))
    shared = {role: len(side.wanted & set(found[role])) for role, side in roles.items()}
    best = max(shared, key=lambda role: shared[role])
    return best if shared[best] else ""


def unmapped_terms(profile: Profile) -> tuple[str, ...]:
    """Return the terms that the profile never feeds, those of groups left out."""
    fed = {*profile.header, *profile.lines, *erp_columns(profile)}
    fed |= {term for repeated in profile.repeated for term in repeated.terms}
    return tuple(
        key
        for key, term in registry().terms.items()
        if key not in fed and term.group is None and term.path is not None
    )
