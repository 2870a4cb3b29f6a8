"""XML that somebody else wrote, judged whole: its form, its schema, our rules, its attachments.

The same for a file given to ``validate`` and for one that a night is to deposit as it is. Findings
are stamped as those of XML, so that they are told in the words of XML and not of a column.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from config.attachments import AttachmentLimits
from config.settings import TotalsPolicy
from config.target import SyntaxName
from schemas.catalogue import load_schema, schema_ids
from schemas.registry import RuleContext
from schemas.rules import check_reading
from schemas.sums import doubtful_figures
from schemas.xml_input import parse_input
from schemas.xsd import XsdGate, other_root, syntax_of
from transforms import attachments
from transforms.finding import Finding, Location, Severity
from transforms.invoice import Invoice
from transforms.reading import Reading, read_invoice
from transforms.xml_path import line_of, xpath_of

#: Findings of one rule kept per layer; what is left out is counted (XI-MORE-01).
MOST_PER_RULE = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as far as it could be opened: without a reading there is nothing to judge."""

    findings: tuple[Finding, ...]
    root: etree._Element | None = None
    reading: Reading | None = None


def open_written(xml: bytes, *, file: str, syntax: SyntaxName) -> Opened:
    """Return what ``xml`` holds, and what is wrong with its form.

    The reading is there for an invoice of the other syntax too, beside XI-SYNTAX-01, so that it
    can be told by its number; it is None for what is no XML or no invoice.

    Args:
        xml: the whole file.
        file: name told in findings.
        syntax: the one expected.
    """
    root, form = parse_input(xml)
    if root is None:
        return Opened(tuple(located(form, file=file)))
    found = syntax_of(root)
    if found is None:
        roots = [load_schema(schema_id).root for schema_id in schema_ids(syntax)]
        return Opened(tuple(located((*form, other_root(root, roots)), file=file, root=root)))
    if found != syntax:
        params = {"expected": syntax.upper()}
        other = Finding("XI-SYNTAX-01", Severity.ERROR, value=found.upper(), params=params)
        form = (*form, other)
    reading = read_invoice(root, file=file)
    return Opened(tuple(located(form, file=file, root=root)), root, reading)


def judge_written(
    root: etree._Element,
    reading: Reading,
    *,
    file: str,
    gate: XsdGate,
    context: RuleContext,
    limits: AttachmentLimits,
    totals: TotalsPolicy,
) -> tuple[Finding, ...]:
    """Return what schema, rules and limits of attachments say of an XML of Chorus Pro.

    Figures that the rules let pass and that are doubtful all the same warn.

    Args:
        root, reading: of :func:`open_written`.
        file: name told in findings.
        gate: of the syntax of the document.
        context: of the run; syntax and facts are those of the document.
        limits: of attachments.
        totals: tolerance of figures.
    """
    by_schema = bounded(gate.judge(root))
    told = check_reading(reading, context)
    doubtful = doubtful_figures(reading.invoice, told, totals)
    by_rules = bounded((*told, *doubtful, *attachment_findings(reading.invoice, limits)))
    return tuple(located((*by_schema, *by_rules), file=file, root=root))


def attachment_findings(invoice: Invoice, limits: AttachmentLimits) -> Iterator[Finding]:
    """Yield what Chorus Pro refuses of attachments that cannot be renamed any more."""
    for finding in attachments.check(invoice, limits):
        if finding.rule != "AT-NAME-01":
            yield finding
            continue
        too_long = len(finding.value or "") > limits.max_name
        severity = Severity.FATAL if too_long else Severity.WARNING
        yield replace(finding, rule="XI-NAME-01", severity=severity)


def bounded(found: Iterable[Finding], more: Mapping[str, int] | None = None) -> list[Finding]:
    """Return the findings, of one rule not more than are read; XI-MORE-01 counts the others.

    Args:
        more: how many of a rule were left out already (``schemas.rules.check_bounded``).
    """
    left = more or {}
    kept: list[Finding] = []
    counts: Counter[str] = Counter(left)
    for finding in found:
        counts[finding.rule] += 1
        if counts[finding.rule] - left.get(finding.rule, 0) <= MOST_PER_RULE:
            kept.append(finding)
    for rule, count in counts.items():
        if count > MOST_PER_RULE:
            params = {"count": str(count - MOST_PER_RULE)}
            kept.append(Finding("XI-MORE-01", Severity.WARNING, value=rule, params=params))
    return kept


def located(
    findings: Iterable[Finding], *, file: str, root: etree._Element | None = None
) -> Iterator[Finding]:
    """Yield findings stamped as those of XML, each with file and, when it can be told, line.

    What is missing altogether stands nowhere: its place is the root, when there is one.
    """
    for finding in findings:
        place = finding.location
        line = place.line
        if line is None and finding.params.get("xml_line", "").isdecimal():
            line = int(finding.params["xml_line"])
        xpath = place.xpath
        if root is not None and xpath in (None, xpath_of(root)):
            xpath, line = xpath_of(root), line or line_of(root)
        yield replace(finding.from_xml(), location=Location(file, line or None, xpath=xpath))
