"""The official EN 16931 rules as a stylesheet, made from the texts of their asserts.

The reference data give each assert of the validation artefacts with its context and test. Put in
templates - a pattern is a mode, and of several contexts the first that matches a node wins, as in
the official stylesheet - they judge any document, not only those whose verdict is on record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from saxonche import PySaxonApiError, PySaxonProcessor, PyXsltExecutable

from config.target import SyntaxName
from flows.referee_process import read_report
from schemas.referee import load_artefact
from transforms.cii import QDT, RAM, RSM, UDT
from transforms.ubl import CAC, CBC, CREDIT_NOTE, INVOICE

_NAMESPACES = {
    "ubl": INVOICE,
    "cn": CREDIT_NOTE,
    "cac": CAC,
    "cbc": CBC,
    "ext": "urn:oasis:names:specification:ubl:schema:xsd:CommonExtensionComponents-2",
    "rsm": RSM,
    "ram": RAM,
    "udt": UDT,
    "qdt": QDT,
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsl": "http://www.w3.org/1999/XSL/Transform",
}
#: Ids of the rules that fire, fatal and warning.
Verdict = tuple[frozenset[str], frozenset[str]]

_ASSERT = re.compile(
    r"(?P<rule>\S+) \| (?P<severity>\S+) \| pattern (?P<pattern>\S+)\n"
    r"  ctx: (?P<context>.*?)\n  test: (?P<test>.*?)\n  msg: ",
    re.DOTALL,
)


class OfficialRules:
    """The rules of both syntaxes, compiled once."""

    def __init__(self, rules: Path) -> None:
        self._processor = PySaxonProcessor(license=False)
        self._sheets = {
            syntax: self._processor.new_xslt30_processor().compile_stylesheet(
                stylesheet_text=stylesheet(rules / f"en16931_{syntax}.txt")
            )
            for syntax in ("ubl", "cii")
        }
        self._published: PyXsltExecutable | None = None

    def verdict(self, syntax: SyntaxName, xml: str) -> Verdict | None:
        """Return the ids that fire, fatal and warning; None when the rules themselves fail."""
        try:
            told = self._sheets[syntax].transform_to_string(
                xdm_node=self._processor.parse_xml(xml_text=xml)
            )
        except PySaxonApiError:
            return None
        fired = [word.split("|") for word in (told or "").split() if word.startswith("BR-")]
        fatal = frozenset(rule for rule, severity in fired if severity == "fatal")
        return fatal, frozenset(rule for rule, severity in fired if severity == "warning")

    def published(self, xml: str) -> Verdict | None:
        """Return what the published stylesheet for UBL says; None when it fails itself."""
        if self._published is None:
            self._published = self._processor.new_xslt30_processor().compile_stylesheet(
                stylesheet_text=load_artefact("ubl").stylesheet
            )
        try:
            report = self._published.transform_to_string(
                xdm_node=self._processor.parse_xml(xml_text=xml)
            )
        except PySaxonApiError:
            return None
        fired = [one for one in read_report(report or "") if one.id.startswith("BR-")]
        fatal = frozenset(one.id for one in fired if not one.warning)
        return fatal, frozenset(one.id for one in fired if one.warning)


def stylesheet(file: Path) -> str:
    """Return the stylesheet of the asserts that ``file`` lists."""
    patterns: dict[str, list[tuple[str, list[re.Match[str]]]]] = {}
    for one in _asserts(file):
        rules = patterns.setdefault(one["pattern"], [])
        if not rules or rules[-1][0] != one["context"]:
            rules.append((one["context"], []))
        rules[-1][1].append(one)
    prefixes = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in _NAMESPACES.items())
    modes = "".join(
        f'<xsl:apply-templates select="/" mode="M{rank}"/>' for rank in range(len(patterns))
    )
    parts = [
        f'<xsl:stylesheet version="2.0" {prefixes}><xsl:output method="text"/>',
        f'<xsl:template match="/">{modes}</xsl:template>',
    ]
    for mode, rules in enumerate(patterns.values()):
        below = f'<xsl:apply-templates select="@*|*" mode="M{mode}"/>'
        parts.append(f'<xsl:template match="node()|@*" mode="M{mode}">{below}</xsl:template>')
        parts.append(f'<xsl:template match="text()" priority="1" mode="M{mode}"/>')
        for rank, (context, tests) in enumerate(rules):
            told = "".join(_told(one) for one in tests)
            parts.append(
                f'<xsl:template match={quoteattr(context)} priority="{1000 - rank}" '
                f'mode="M{mode}">{told}{below}</xsl:template>'
            )
    return "".join([*parts, "</xsl:stylesheet>"])


def _told(one: re.Match[str]) -> str:
    broken = quoteattr(f"not({one['test']})")
    return f"<xsl:if test={broken}>{one['rule']}|{one['severity']} </xsl:if>"


def _asserts(file: Path) -> Iterator[re.Match[str]]:
    for block in re.split(r"(?m)^### ", file.read_text(encoding="utf-8"))[1:]:
        match = _ASSERT.match(block)
        assert match is not None, block[:60]
        yield match
