"""Where an element stands in an XML invoice, and the business term it carries."""

from __future__ import annotations

import re

from lxml import etree

from schemas.platform_messages import term_of_path
from transforms.xml_path import PREFIXES, local_name, short_name, xpath_of

__all__ = ["PREFIXES", "line_rank", "local_name", "short_name", "term_of", "xpath_of"]

_LINE = re.compile(
    r"/(?:ram:IncludedSupplyChainTradeLineItem|cac:InvoiceLine|cac:CreditNoteLine)"
    r"(?:\[(?P<rank>\d+)\])?"
)


def term_of(element: etree._Element) -> str | None:
    """Return the business term that an element carries, when ``platform_paths.yaml`` knows it."""
    steps = [local_name(step) for step in element.iterancestors()]
    steps.reverse()
    return term_of_path(".".join([*steps[1:], local_name(element)]))


def line_rank(xpath: str) -> int | None:
    """Return the rank, from 0, of the invoice line in a path of :func:`xpath_of`; else None."""
    match = _LINE.search(xpath)
    return int(match["rank"] or 1) - 1 if match else None
