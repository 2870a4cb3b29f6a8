"""The referee's artefacts, and how its verdict is held against ours.

The official Schematron is run elsewhere (``flows.referee``); here is which file judges which
syntax, what its ids are called by us, and what cannot be compared. A rule is compared when the
artefact has it, under its own id or a twin's, and we have it too. What differs is a defect of
ours, until the artefact is proven wrong (``config/codes/referee.yaml``, differences).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

from lxml import etree
from pydantic import BaseModel, ConfigDict

from config.catalogue import load_catalogue
from config.target import SyntaxName, Target
from config.yaml_text import load_yaml
from schemas.catalogue import SchemaFileError, Sha256, package_folder
from schemas.paths import term_of, xpath_of
from schemas.policy import apply_policy
from schemas.registry import RuleContext
from schemas.rules import FAMILIES
from transforms.finding import Finding, Location, Severity
from transforms.reading import Reading

_ID = re.compile(r'<xsl:attribute name="id">([^<]+)</xsl:attribute>')
_STEP = re.compile(
    r"/\*:(?P<name>[^/\[]+)\[namespace-uri\(\)='(?P<space>[^']*)'\](?P<rank>\[\d+\])?"
)
_PARAMETER = "codedb"
_FIRST_PARAMETER = '<xsl:param name="archiveDirParameter" />'

_OURS = frozenset(rule for family in FAMILIES["en16931"] for rule in family.rules)


class Fired(NamedTuple):
    """One assertion that an artefact found broken, as the artefact says it."""

    id: str
    """Empty for a report without an id."""
    warning: bool
    location: str
    text: str


class Comparison(NamedTuple):
    """Our verdict against the referee's, by rule ids of ours."""

    missed: tuple[str, ...]
    """The referee found them broken, we did not."""
    extra: tuple[str, ...]
    """We found them broken, the referee did not."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """An official stylesheet whose files have been verified.

    Attributes:
        id: name of ours.
        stylesheet: its text; a code database is read from the parameter ``codedb``.
        database: text of its code database; None when it has none.
        ids: ids it can report, in our words: a twin's id for those that have one.
    """

    id: str
    title: str
    version: str
    syntax: SyntaxName
    stylesheet: str
    database: str | None
    ids: frozenset[str]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    version: str
    syntax: SyntaxName
    main: str
    database: str | None = None


class Untwinned(BaseModel):
    """Ids of artefacts without a rule of ours, by their beginnings, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: tuple[str, ...]
    told: bool
    reason: str


class Difference(BaseModel):
    """Rules on which an artefact departs from the norm's own Schematron; see referee.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[str, ...]
    artefact: Literal["stricter", "laxer", "either"]
    reason: str
    foreign_tax: bool = False
    values: tuple[str, ...] = ()

    def excuses(self, rule: str, *, reported: bool, reading: Reading, root: etree._Element) -> bool:
        """Whether the artefact's word on ``rule`` (``reported`` or not) is no word of the norm."""
        if self.artefact == ("laxer" if reported else "stricter"):
            return False
        if not any(fnmatchcase(rule, pattern) for pattern in self.rules):
            return False
        if self.foreign_tax and not reading.facts.foreign:
            return False
        return not self.values or _holds_one_of(root, self.values)


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    distribution: str
    package: str
    base: str
    artefacts: Mapping[str, _Entry]
    files: Mapping[str, Sha256]
    twins: Mapping[str, tuple[str, ...]]
    without_twin: tuple[Untwinned, ...]
    differences: Mapping[str, tuple[Difference, ...]]


def artefact_name(syntax: SyntaxName) -> tuple[str, str]:
    """Return id and version of the artefact that judges a syntax, without reading it."""
    key, entry = _entry(syntax)
    return key, entry.version


@cache
def load_artefact(syntax: SyntaxName) -> Artefact:
    """Return the artefact that judges a syntax, its files verified (once per process).

    Raises:
        SchemaFileError: a file is absent or is not the pinned one.
    """
    key, entry = _entry(syntax)
    text = _pinned_text(entry.main)
    database = None
    if entry.database is not None:
        database = _pinned_text(entry.database)
        text = _with_parameter(text, entry.database.rpartition("/")[2])
    return Artefact(
        id=key,
        title=entry.title,
        version=entry.version,
        syntax=entry.syntax,
        stylesheet=text,
        database=database,
        ids=frozenset(our_id(found) for found in _ID.findall(text)),
    )


def our_id(official: str) -> str:
    """Return the rule of ours for an id of an artefact: its twin's, or the id itself."""
    return _twins().get(official, official)


def differences(syntax: SyntaxName) -> tuple[Difference, ...]:
    """Return where the artefact of a syntax departs from the norm."""
    key, _ = _entry(syntax)
    return _table().differences.get(key, ())


def without_twin() -> tuple[Untwinned, ...]:
    """Return which ids of the artefacts stand for no rule of ours, and why."""
    return _table().without_twin


def compared(artefact: Artefact) -> frozenset[str]:
    """Return the rules of ours that the artefact can confirm or contradict."""
    return _OURS & artefact.ids


def not_compared(artefact: Artefact) -> frozenset[str]:
    """Return the rules of ours on which this artefact says nothing that could be compared."""
    return _OURS - compared(artefact)


def waived(target: Target, *, syntax: SyntaxName, type_code: str | None) -> frozenset[str]:
    """Return the rules that the target waives for a document of this syntax and type (BT-3)."""
    return frozenset(
        rule
        for rule in target.policies
        if target.action(rule, syntax=syntax, type_code=type_code) == "waive"
    )


def broken(reading: Reading, context: RuleContext) -> frozenset[str]:
    """Return the rules of the norm that we find broken, before any policy of the target."""
    return frozenset(
        hit.rule
        for family in FAMILIES["en16931"]
        for check in family.checks
        for hit in check.run(reading.invoice, context)
    )


def compare(
    reading: Reading,
    root: etree._Element,
    ours: Iterable[str],
    fired: Iterable[Fired],
    left_out: Iterable[str] = (),
) -> Comparison:
    """Return where our verdict and the referee's differ.

    Args:
        reading: what was read of the document.
        root: the document.
        ours: rules that we found broken, before any policy.
        fired: what the artefact reported.
        left_out: rules that are not compared, those the target waives.
    """
    common = compared(load_artefact(reading.syntax)) - frozenset(left_out)
    mine = common & frozenset(ours)
    theirs = common & {our_id(one.id) for one in fired}
    missed = (rule for rule in theirs - mine if not _excused(rule, True, reading, root))
    extra = (rule for rule in mine - theirs if not _excused(rule, False, reading, root))
    return Comparison(tuple(sorted(missed)), tuple(sorted(extra)))


def disagreements(differing: Comparison, about: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return RF-MISSED-01 and RF-EXTRA-01, defects of ours.

    ``about``: number of the invoice and where its XML is kept.
    """
    missed = (
        Finding("RF-MISSED-01", Severity.ERROR, value=rule, params={**about})
        for rule in differing.missed
    )
    extra = (
        Finding("RF-EXTRA-01", Severity.WARNING, value=rule, params={**about})
        for rule in differing.extra
    )
    return (*missed, *extra)


def findings_of(
    reading: Reading, root: etree._Element, fired: Iterable[Fired], target: Target
) -> tuple[Finding, ...]:
    """Return the referee's verdict as findings; what is no rule of the norm is left out.

    A rule of ours has our words (the catalogue) and the referee's severity. The other rules of the
    norm's own artefact are told in the referee's words as RF-OFFICIAL-01. A policy of the target
    changes a severity as it does for our own rules; a rule that it waives is left out.
    """
    found: dict[tuple[str, str], Finding] = {}
    type_code = reading.invoice.type_code
    for one in fired:
        rule = our_id(one.id)
        if not rule or (rule not in _OURS and _is_untold(rule)):
            continue
        if _excused(rule, True, reading, root):
            continue
        action = target.action(rule, syntax=reading.syntax, type_code=type_code)
        severity = apply_policy(Severity.WARNING if one.warning else Severity.FATAL, action)
        if severity is None:
            continue
        where, term = _place(one.location, root)
        if rule in load_catalogue():
            told = Finding(rule, severity, Location(xpath=where), term)
        else:
            params = {"official": rule, "text": one.text}
            told = Finding("RF-OFFICIAL-01", severity, Location(xpath=where), term, rule, params)
        found.setdefault((rule, where), told)
    return tuple(found.values())


def _excused(rule: str, reported: bool, reading: Reading, root: etree._Element) -> bool:
    return any(
        one.excuses(rule, reported=reported, reading=reading, root=root)
        for one in differences(reading.syntax)
    )


def _holds_one_of(root: etree._Element, values: Collection[str]) -> bool:
    return any(
        (element.text or "").strip() in values or any(v in values for v in element.values())
        for element in root.iter(etree.Element)
    )


def _is_untold(rule: str) -> bool:
    return any(
        rule.startswith(start) for entry in without_twin() if not entry.told for start in entry.ids
    )


def _place(location: str, root: etree._Element) -> tuple[str, str | None]:
    """Return the path and the business term of a location of a Schematron report."""
    steps = [
        f"{{{step['space']}}}{step['name']}{step['rank'] or ''}"
        for step in _STEP.finditer(location)
    ]
    if not steps:
        return location, None
    element = root.find("/".join(steps[1:])) if len(steps) > 1 else root
    return (location, None) if element is None else (xpath_of(element), term_of(element))


def _with_parameter(text: str, database: str) -> str:
    """Return a stylesheet that reads its code database from a parameter instead of a file."""
    call = f"document('{database}')"
    if text.count(_FIRST_PARAMETER) != 1 or call not in text:
        msg = f"the stylesheet does not read {database} as expected"
        raise SchemaFileError(msg)
    declared = f'<xsl:param name="{_PARAMETER}" />{_FIRST_PARAMETER}'
    return text.replace(call, f"${_PARAMETER}").replace(_FIRST_PARAMETER, declared)


def _entry(syntax: SyntaxName) -> tuple[str, _Entry]:
    return next(item for item in _table().artefacts.items() if item[1].syntax == syntax)


@cache
def _table() -> _Table:
    text = (files("config") / "codes" / "referee.yaml").read_text("utf-8")
    return _Table.model_validate(load_yaml(text))


@cache
def _twins() -> dict[str, str]:
    return {official: rule for rule, ids in _table().twins.items() for official in ids}


def _pinned_text(name: str) -> str:
    table = _table()
    path = package_folder(table.package) / table.base / name
    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"referee file {path} cannot be read: {error.strerror}"
        raise SchemaFileError(msg) from error
    found = hashlib.sha256(content).hexdigest()
    if found != table.files[name]:
        msg = (
            f"referee file {path} is not the pinned one (SHA-256 {found}, expected "
            f"{table.files[name]}); install the locked requirements"
        )
        raise SchemaFileError(msg)
    return content.decode("utf-8-sig")
