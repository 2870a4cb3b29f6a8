"""Elements of a UBL 2.1 invoice as the reader wants them: absent, or typed."""

from __future__ import annotations

from typing import Final

from transforms.facts import BLANKS
from transforms.ubl import CAC, CBC
from transforms.xml_node import Node
from transforms.xml_outline import Layout, Names

UBL_LAYOUT: Final = Layout(
    Names({"cac": CAC, "cbc": CBC}), lines=frozenset({"cac:InvoiceLine", "cac:CreditNoteLine"})
)


def is_vat(node: Node) -> bool:
    """Whether the tax scheme of ``node`` is VAT, as the artefacts compare it."""
    return (node.raw("cac:TaxScheme/cbc:ID") or "").strip(BLANKS).upper() == "VAT"
