"""Validate XML that is already written: by its schema, by our rules, by the official referee.

Each layer that was asked for ends in a status, and only layers that ran can make a file valid: one
that could not run counts against it. Whatever the input is, the answer is findings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType

from lxml import etree

from config.attachments import attachment_limits
from config.directory import DirectoryView
from config.settings import Environment, TotalsPolicy
from config.target import SyntaxName, Target, TargetError, load_target, target_names
from flows.errors import ConfigurationError
from flows.referee import Question, Referees, unusable, version_of
from flows.validation import (
    DEFAULT_LAYERS,
    LayerName,
    LayerResult,
    LayerStatus,
    Told,
    Validation,
)
from flows.xml_file import read_xml_file
from schemas import referee
from schemas.catalogue import load_schema, package_version, schema_ids
from schemas.registry import RuleContext
from schemas.rules import check_bounded
from schemas.sums import doubtful_figures
from schemas.written import MOST_PER_RULE, attachment_findings, bounded
from schemas.xml_input import parse_input
from schemas.xsd import XsdGate, other_root, syntax_of
from transforms.finding import Finding, Location, Severity
from transforms.invoice import Invoice
from transforms.reading import Reading, read_invoice

#: Largest XML of one invoice (``attachments.max_invoice_bytes``), unless told otherwise.
MAX_BYTES = 120_000_000

_TOTALS = TotalsPolicy()


@dataclass(slots=True)
class _Course:
    """One document on its way through the layers."""

    root: etree._Element
    syntax: SyntaxName
    file: str
    reading: Reading | None = None
    ours: frozenset[str] | None = None
    """Rules of the norm that we found broken; None when our rules were not asked."""
    told: list[Told] = field(default_factory=list)

    def tell(
        self, layer: LayerName, found: Iterable[Finding], more: Mapping[str, int] | None = None
    ) -> None:
        """Keep what a layer found, a bounded number per rule; ``more`` was left out already."""
        kept = bounded(found, more)
        self.told += (Told(layer.value, finding.from_xml()) for finding in kept)

    def read(self) -> Reading:
        """Return what is read of the document, reading it once."""
        if self.reading is None:
            self.reading = read_invoice(self.root, file=self.file)
        return self.reading


class Validator:
    """Layers of one target, for any number of files; close it after use (or use ``with``).

    Args:
        target: receiver whose options and policies hold.
        layers: asked for, in any order.
        run_date: business date (Europe/Paris).
        environment: severities of Chorus Pro's rules differ by environment.
        max_bytes: larger files are refused unread.
        totals: tolerance within which figures may differ from what they follow from.
        timeout: seconds that the referee has for one file.
        directory: tells what the directory says of the recipient of an invoice; None: not asked.
    """

    def __init__(
        self,
        target: Target,
        layers: Sequence[LayerName] = DEFAULT_LAYERS,
        *,
        run_date: date,
        environment: Environment = Environment.PRODUCTION,
        max_bytes: int = MAX_BYTES,
        totals: TotalsPolicy = _TOTALS,
        timeout: float = 60,
        directory: Callable[[Invoice], DirectoryView | None] | None = None,
    ) -> None:
        self._target = target
        self._layers = tuple(name for name in LayerName if name in layers)
        self._run_date = run_date
        self._environment = environment
        self._max_bytes = max_bytes
        self._for_chorus = "chorus" in target.families
        self._limits = replace(attachment_limits(), max_invoice_bytes=max_bytes)
        self._directory = directory
        self._totals = totals
        self._referees = Referees(timeout=timeout)

    def __enter__(self) -> Validator:
        return self

    def __exit__(
        self, type_: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._referees.__exit__(type_, error, trace)

    def validate_file(self, path: Path) -> Validation:
        """Return what is found of the file at ``path``."""
        content = read_xml_file(path, limit=self._max_bytes)
        name = _shown(path)
        if isinstance(content, Finding):
            return self._unread(name, (Told("shape", content),))
        return self.validate(content, name)

    def validate(self, xml: bytes, file: str) -> Validation:
        """Return what is found of ``xml``; ``file`` names it."""
        try:
            root, form = parse_input(xml, utf8_only=self._for_chorus)
        except Exception as error:
            return self._unread(file, (_defect("shape", error),))
        told = tuple(Told(_layer_of(finding), finding.from_xml()) for finding in form)
        if root is None:
            return self._unread(file, told)
        syntax = syntax_of(root)
        if syntax is None:
            roots = [load_schema(schema_id).root for schema_id in schema_ids()]
            return self._unread(file, (*told, Told("xsd", other_root(root, roots).from_xml())))
        course = _Course(root, syntax, file, told=[*told])
        run = {
            LayerName.XSD: self._xsd,
            LayerName.RULES: self._rules,
            LayerName.REFEREE: self._referee,
        }
        results = tuple(self._run(name, run[name], course) for name in self._layers)
        return Validation(
            file=file,
            target=self._target.name,
            syntax=syntax,
            layers=results,
            told=tuple(course.told),
            number=course.reading.invoice.number if course.reading else None,
        )

    # -- layers --------------------------------------------------------------------------------

    def _run(
        self, name: LayerName, layer: Callable[[_Course], LayerStatus], course: _Course
    ) -> LayerResult:
        before = len(course.told)
        try:
            status = layer(course)
        except Exception as error:
            # A defect of ours must not look like a pass, nor stop the files that follow.
            course.told.append(_defect(name, error))
            status = LayerStatus.FAILED
        if status is LayerStatus.OK and len(course.told) > before:
            status = LayerStatus.FINDINGS
        return LayerResult(name, _version(name, course.syntax, str(course.root.tag)), status)

    def _xsd(self, course: _Course) -> LayerStatus:
        gate = _gate(course.syntax)
        found = gate.judge(course.root, d16b=self._for_chorus)
        course.tell(LayerName.XSD, found)
        return LayerStatus.OK

    def _rules(self, course: _Course) -> LayerStatus:
        reading = course.read()
        context = self._context(reading)
        judged, more = check_bounded(reading.invoice, context, MOST_PER_RULE)
        found = list(judged)
        if self._for_chorus:
            found += doubtful_figures(reading.invoice, found, self._totals)
            found += attachment_findings(reading.invoice, self._limits)
        if LayerName.REFEREE in self._layers:
            course.ours = referee.broken(reading, context)
        course.tell(LayerName.RULES, found, more)
        return LayerStatus.OK

    def _referee(self, course: _Course) -> LayerStatus:
        if reason := unusable((course.syntax,)):
            finding = Finding("RF-ENGINE-01", Severity.ERROR, params={"reason": reason})
            course.told.append(Told(LayerName.REFEREE, finding))
            return LayerStatus.NOT_RUN
        reading = course.read()
        about = {"number": reading.invoice.number or "", "kept": course.file}
        answer = self._referees.judge(Question(course.syntax, course.root))
        if answer.failure:
            params = {**about, "reason": answer.failure}
            finding = Finding("RF-FAILED-01", Severity.ERROR, params=params)
            course.told.append(Told(LayerName.REFEREE, finding))
            return LayerStatus.FAILED
        found = [*referee.findings_of(reading, course.root, answer.fired, self._target)]
        if course.ours is not None:
            found += referee.disagreements(
                referee.compare(
                    reading,
                    course.root,
                    course.ours,
                    answer.fired,
                    referee.waived(
                        self._target,
                        syntax=course.syntax,
                        type_code=reading.invoice.type_code,
                    ),
                ),
                about,
            )
        course.tell(LayerName.REFEREE, found)
        return LayerStatus.OK

    # -- helpers -------------------------------------------------------------------------------

    def _context(self, reading: Reading) -> RuleContext:
        return RuleContext(
            environment=self._environment,
            target=self._target,
            run_date=self._run_date,
            syntax=reading.syntax,
            facts=reading.facts,
            directory=self._directory(reading.invoice) if self._directory else None,
        )

    def _unread(self, file: str, told: tuple[Told, ...]) -> Validation:
        """Return the validation of a file that no layer could look at.

        What the schema layer would have said at once, that it is no XML or no invoice, is its
        finding when it was asked for.
        """
        by_xsd = any(one.layer == LayerName.XSD for one in told)
        layers = tuple(
            LayerResult(
                name,
                _version(name, None, ""),
                LayerStatus.FINDINGS if name is LayerName.XSD and by_xsd else LayerStatus.NOT_RUN,
            )
            for name in self._layers
        )
        return Validation(file, self._target.name, layers=layers, told=told)


def open_validator(
    target: str,
    layers: str,
    *,
    run_date: date,
    environment: Environment = Environment.PRODUCTION,
    max_bytes: int = MAX_BYTES,
) -> Validator:
    """Return the validator that the words of a command line ask for.

    Args:
        target: name of a target that ships.
        layers: names separated by commas.
        run_date: business date (Europe/Paris).
        environment: of Chorus Pro.
        max_bytes: larger files are refused unread.

    Raises:
        ConfigurationError: unknown target or layer.
    """
    names = [name.strip() for name in layers.split(",") if name.strip()]
    known = [name.value for name in LayerName]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"unknown layer {unknown[0]!r}" if unknown else "no layer"
        raise ConfigurationError(
            f"--layers: {what}.", next_step=f"Layers: {', '.join(known)}, separated by commas."
        )
    try:
        loaded = load_target(target)
    except TargetError as error:
        message = f"--target: {error}."
        raise ConfigurationError(message, next_step=f"One of {', '.join(target_names())}.") from (
            error
        )
    return Validator(
        loaded,
        [LayerName(name) for name in names],
        run_date=run_date,
        environment=environment,
        max_bytes=max_bytes,
    )


@cache
def _gate(syntax: SyntaxName) -> XsdGate:
    return XsdGate(syntax)


@cache
def _version(name: LayerName, syntax: SyntaxName | None, root: str) -> str:
    """Return the version of what judges documents of this syntax and root in a layer."""
    if name is LayerName.RULES:
        return f"chorus-flows {version('chorus-flows')}"
    if syntax is None:
        return package_version() if name is LayerName.XSD else ""
    if name is LayerName.REFEREE:
        return version_of(syntax)
    schemas = [load_schema(schema_id) for schema_id in schema_ids(syntax)]
    used = next(schema for schema in schemas if schema.root == root)
    return f"{used.id} {used.version}, {package_version()}"


def _layer_of(finding: Finding) -> str:
    return LayerName.XSD.value if finding.rule.startswith("XS-") else "shape"


def _defect(layer: str, error: Exception) -> Told:
    finding = Finding(
        "XI-DEFECT-01", Severity.ERROR, Location(), None, repr(error)[:300], {"layer": str(layer)}
    )
    return Told(str(layer), finding)


def _shown(path: Path) -> str:
    """Return a path as text that can always be printed, whatever bytes it holds."""
    return bytes(path).decode("utf-8", "replace")
