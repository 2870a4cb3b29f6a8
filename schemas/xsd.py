"""The XSD gate: no XML leaves that its schema refuses.

``lxml`` judges every invoice against a schema compiled once per process; only for one that fails
does ``xmlschema`` say why (``schemas.xsd_explain``). What cannot be parsed safely is refused: a
document type declaration, and with it every entity, has no place in an invoice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Literal

from lxml import etree

from schemas import allowlist, xsd_explain
from schemas.catalogue import Schema, load_schema, schema_ids
from schemas.paths import line_rank, short_name
from transforms.finding import Finding, Location, Severity
from transforms.invoice import Invoice

LONGEST_TEXT = 10_000_000
"""libxml2 refuses longer text nodes (XML_MAX_TEXT_LENGTH) unless told that the tree is huge."""

_DOCTYPE = b"<!DOCTYPE"

#: Where the parser says again what line and column say.
_PLACE = re.compile(r",? line \d+, column \d+\s*$")

MOST_PLACED = 5000
"""Elements below one up to which the place of each of many errors costs little."""

_WIDE = etree.XPath(f"boolean(//*[count(*) > {MOST_PLACED}])")


class XsdGate:
    """Holds XML of one syntax against its schema.

    UBL has two roots, Invoice and CreditNote, each with its schema; CII is held against D22B and
    then against the D16B allow-list.

    Args:
        syntax: ``cii`` or ``ubl``.

    Raises:
        schemas.catalogue.SchemaFileError: when a schema file is not the pinned one.
    """

    def __init__(self, syntax: Literal["cii", "ubl"]) -> None:
        self._syntax = syntax
        schemas = [load_schema(schema_id) for schema_id in schema_ids(syntax)]
        self._schemas = {schema.root: schema for schema in schemas}
        _compiled(schemas[0].id)  # the one of nearly every invoice: fail at the start, not later

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """Return the schemas of this gate, for manifests and reports."""
        return tuple(self._schemas.values())

    def check(
        self, xml: bytes, invoice: Invoice | None = None
    ) -> tuple[etree._Element | None, tuple[Finding, ...]]:
        """Return the parsed root and what is wrong; without findings the XML may leave.

        The root is None when there is none to trust: XS-FORM-01, XS-UNSAFE-01. Other findings:
        XS-ROOT-01, XS-UNEXPECTED-01, XS-MISSING-01, XS-VALUE-01, XS-OTHER-01, XS-D16B-01,
        XS-D16B-02, each with the path of the element.

        Args:
            xml: the whole file.
            invoice: what it was rendered from: findings then also tell file, line and column of
                the extract.
        """
        root, findings = parse(xml)
        if root is not None:
            findings = self.judge(root)
        if invoice is not None:
            findings = tuple(_located(finding, invoice) for finding in findings)
        return root, findings

    def judge(self, root: etree._Element, *, d16b: bool = True) -> tuple[Finding, ...]:
        """Return what is wrong with a tree of :func:`parse`; see :meth:`check`.

        ``d16b``: whether a CII is held against the D16B allow-list too, as Chorus Pro reads it.
        """
        schema = self._schemas.get(str(root.tag))
        if schema is None:
            return (other_root(root, self._schemas),)
        log = _errors(schema.id, root)
        if log is not None:
            return xsd_explain.explain(schema, root, log)
        return allowlist.check(root) if self._syntax == "cii" and d16b else ()


def parse(xml: bytes) -> tuple[etree._Element | None, tuple[Finding, ...]]:
    """Return the root of ``xml``, parsed safely; None with XS-FORM-01 or XS-UNSAFE-01."""
    parser = _parser()
    if len(xml) > LONGEST_TEXT:
        # An attachment may be one text node over libxml2's limit. A huge tree also lifts the
        # guards against entities that grow, so that nothing may declare one.
        if _DOCTYPE in xml:
            return None, (_unsafe(),)
        parser = _huge_parser()
    try:
        root = etree.fromstring(xml, parser)
    except etree.XMLSyntaxError as error:
        line, column = error.position
        reason = " ".join(_PLACE.sub("", error.msg or "").split())
        params = {"reason": reason, "xml_line": str(line), "xml_column": str(column)}
        return None, (Finding("XS-FORM-01", Severity.FATAL, params=params),)
    if root.getroottree().docinfo.internalDTD is not None:
        return None, (_unsafe(),)
    return root, ()


def syntax_of(root: etree._Element) -> Literal["cii", "ubl"] | None:
    """Return the syntax that a root belongs to; None when it is that of no invoice."""
    for schema_id in schema_ids():
        schema = load_schema(schema_id)
        if schema.root == root.tag:
            return schema.syntax
    return None


def other_root(root: etree._Element, expected: Iterable[str]) -> Finding:
    """Return XS-ROOT-01: ``root`` is none of the ``expected`` ones (``{namespace}name``)."""
    name = short_name(str(root.tag))
    wanted = ", ".join(short_name(tag) for tag in expected)
    where = Location(xpath=f"/{name}")
    return Finding("XS-ROOT-01", Severity.FATAL, where, None, name, {"expected": wanted})


def _located(finding: Finding, invoice: Invoice) -> Finding:
    xpath = finding.location.xpath
    place = invoice.locate(finding.bt, line_rank(xpath) if xpath else None)
    return replace(finding, location=replace(place, xpath=xpath))


def _unsafe() -> Finding:
    return Finding("XS-UNSAFE-01", Severity.FATAL)


def _errors(schema_id: str, root: etree._Element) -> etree._ListErrorLog | None:
    """Return what ``lxml`` says against a tree; None when it is valid."""
    validator = _compiled(schema_id)
    if not _is_wide(root):
        return None if validator.validate(root) else validator.error_log
    # lxml tells the path of each error, counting siblings: a line wrong ten thousand times would
    # take minutes. Validated while it is parsed, a document has no paths.
    parser = etree.XMLParser(
        schema=validator, resolve_entities=False, no_network=True, huge_tree=True
    )
    try:
        etree.fromstring(etree.tostring(root), parser)
    except etree.XMLSyntaxError:
        return parser.error_log
    return None


def _is_wide(root: etree._Element) -> bool:
    """Whether some element has more than ``MOST_PLACED`` children."""
    large = next(islice(root.iter(), MOST_PLACED, None), None) is not None
    return large and bool(_WIDE(root))


@cache
def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
    )


@cache
def _huge_parser() -> etree.XMLParser:
    # UTF-8 is imposed: in another encoding a declaration could hide from the search for it.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=True,
    )


@cache
def _compiled(schema_id: str) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(load_schema(schema_id).main, _parser()))
