"""XML given from outside: guards before it is parsed, and what is said of its form.

Time and memory are bounded before a parser sees the bytes: the size by whoever reads the file,
the number of nodes here. What libxml2 guards itself (nesting, entities) it keeps on guarding.
"""

from __future__ import annotations

import codecs

from lxml import etree

from schemas import xsd
from transforms.finding import Finding, Severity

#: Tags and quoted attributes beyond which nothing is parsed: an invoice of 30,000 lines has
#: about as many. The tree of such a file takes some hundred megabytes.
MOST_MARKUP = 2_000_000
#: Attributes of one element; no element of UBL or CII has ten. A schema compares each with each.
MOST_ATTRIBUTES = 100

#: Whether an element has one more; to count those of each element takes ten times as long.
_too_many_attributes = etree.XPath(f"boolean(/descendant::*/attribute::*[{MOST_ATTRIBUTES + 1}])")

_MARKS = (
    (codecs.BOM_UTF8, "UTF-8"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
#: Files that are often taken for the XML of an invoice, by their first bytes.
_OTHER_KINDS = (
    (b"%PDF", "PDF"),
    (b"PK\x03\x04", "ZIP"),
    (b"\x1f\x8b", "GZIP"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<!DOCTYPE html", "HTML"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
)
_UTF8 = frozenset({"UTF-8", "UTF8", "US-ASCII", "ASCII"})


def parse_input(
    xml: bytes, *, utf8_only: bool = True
) -> tuple[etree._Element | None, tuple[Finding, ...]]:
    """Return the root of ``xml`` and what is wrong with its form.

    The root is None when there is none to trust: XI-EMPTY-01, XI-MARKUP-01, XI-MARKUP-02,
    XS-FORM-01, XS-FORM-02, XS-UNSAFE-01. Beside a root, where ``utf8_only``: XI-ENCODING-01,
    XI-BOM-01.

    Args:
        xml: the whole file.
        utf8_only: whether the receiver wants UTF-8, as Chorus Pro does.
    """
    if not xml.strip(b" \t\r\n\0\xef\xbb\xbf\xff\xfe"):
        return None, (Finding("XI-EMPTY-01", Severity.FATAL),)
    if len(xml) > MOST_MARKUP and _markup(xml) > MOST_MARKUP:
        return None, (_too_much("XI-MARKUP-01", MOST_MARKUP),)
    root, findings = xsd.parse(xml)
    if root is None:
        kind = next((name for start, name in _OTHER_KINDS if xml.lstrip().startswith(start)), None)
        return None, (Finding("XS-FORM-02", Severity.FATAL, value=kind),) if kind else findings
    if _too_many_attributes(root):
        return None, (_too_much("XI-MARKUP-02", MOST_ATTRIBUTES),)
    return root, _encoding(xml, root) if utf8_only else ()


def _too_much(rule: str, limit: int) -> Finding:
    return Finding(rule, Severity.ERROR, params={"limit": str(limit)})


def _markup(xml: bytes) -> int:
    # Long base64 holds neither: counting is what parsing would cost in memory.
    return xml.count(b"<") + (xml.count(b'"') + xml.count(b"'")) // 2


def _encoding(xml: bytes, root: etree._Element) -> tuple[Finding, ...]:
    mark = next((name for mark, name in _MARKS if xml.startswith(mark)), None)
    encoding = mark or root.getroottree().docinfo.encoding or "UTF-8"
    if encoding.upper() not in _UTF8:
        return (Finding("XI-ENCODING-01", Severity.FATAL, value=encoding),)
    return (Finding("XI-BOM-01", Severity.WARNING),) if mark else ()
