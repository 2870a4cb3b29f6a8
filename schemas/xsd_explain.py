"""Why an XML is not valid, in findings: which element, where, and what was expected.

``xmlschema`` explains what ``lxml`` has refused. It takes seconds to build a large schema, so
that it is built at the first failure of a process only. The verdict is never its to give: when it
finds nothing to say, the messages of ``lxml`` are passed on.
"""

from __future__ import annotations

from functools import cache
from itertools import islice

import xmlschema
from lxml import etree

from schemas.catalogue import Schema, load_schema
from schemas.paths import local_name, short_name, term_of, xpath_of
from transforms.finding import Finding, Location, Severity
from transforms.xml_path import line_of

MOST_FINDINGS = 50
"""Findings given for one XML: it is refused from the first, and a broken one may have thousands."""

MOST_EXPLAINED = 100_000
"""Elements up to which a tree is explained: ``xmlschema`` walks about 5,000 a second."""

_LONGEST_VALUE = 500  # longer ones are attachments; the path tells which


def explain(schema: Schema, root: etree._Element, log: etree._ListErrorLog) -> tuple[Finding, ...]:
    """Return from one to ``MOST_FINDINGS`` findings for a tree that ``schema`` refuses.

    Args:
        schema: the schema that refuses it.
        root: root of the tree.
        log: what ``lxml`` said, used when ``xmlschema`` has nothing to say.
    """
    if root.xpath(f"count(//*) > {MOST_EXPLAINED}"):
        return tuple(_raw(entry) for entry in islice(log, MOST_FINDINGS))
    try:
        errors = islice(_explainer(schema.id).iter_errors(root), MOST_FINDINGS)
        found = tuple(_finding(error, root) for error in errors)
    except xmlschema.XMLSchemaException:
        found = ()  # the refusal stands; only its explanation is poorer
    return found or tuple(_raw(entry) for entry in islice(log, MOST_FINDINGS))


@cache
def _explainer(schema_id: str) -> xmlschema.XMLSchema10:
    return xmlschema.XMLSchema10(str(load_schema(schema_id).main), allow="local")


def _finding(error: xmlschema.XMLSchemaValidationError, root: etree._Element) -> Finding:
    faulty: object = error.elem  # typed as the standard library's, but it is of our own tree
    element = faulty if isinstance(faulty, etree._Element) else root
    params = {"element": local_name(element), "reason": error.reason or ""}
    if not isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        return _at(element, "XS-VALUE-01", params)
    params["parent"] = local_name(element)
    params["expected"] = ", ".join(_expected(error))
    child: object = error.invalid_child
    if isinstance(child, etree._Element):
        params["element"] = local_name(child)
        if not params["expected"]:
            del params["expected"]  # the parent is complete: nothing more may come
        return _at(child, "XS-UNEXPECTED-01", params)
    where = Location(line=line_of(element), xpath=xpath_of(element))
    return Finding("XS-MISSING-01", Severity.FATAL, where, None, None, params)


def _at(element: etree._Element, rule: str, params: dict[str, str]) -> Finding:
    where = Location(line=line_of(element), xpath=xpath_of(element))
    return Finding(rule, Severity.FATAL, where, term_of(element), _value(element), params)


def _expected(error: xmlschema.XMLSchemaChildrenValidationError) -> list[str]:
    names = [getattr(particle, "name", None) for particle in error.expected or ()]
    return [short_name(name) for name in names if name]


def _value(element: etree._Element) -> str | None:
    text = (element.text or "").strip()
    return text if text and len(text) <= _LONGEST_VALUE else None


def _raw(entry: etree._LogEntry) -> Finding:
    where = Location(line=entry.line or None, xpath=entry.path)
    return Finding("XS-OTHER-01", Severity.FATAL, where, params={"reason": entry.message})
