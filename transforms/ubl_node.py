"""Elements of a UBL 2.1 invoice as the reader wants them: absent, or typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from transforms.facts import BLANKS
from transforms.ubl import CAC, CBC
from transforms.xml_node import Node

UBL_NAMESPACES: Final = {"cac": CAC, "cbc": CBC}


class UblNode(Node):
    """An element of a UBL invoice, or the absence of one."""

    __slots__ = ()
    namespaces: Mapping[str, str] = UBL_NAMESPACES


def is_vat(node: Node) -> bool:
    """Whether the tax scheme of ``node`` is VAT, as the artefacts compare it."""
    return (node.raw("cac:TaxScheme/cbc:ID") or "").strip(BLANKS).upper() == "VAT"
