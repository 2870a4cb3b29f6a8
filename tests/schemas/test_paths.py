from __future__ import annotations

from typing import cast

import pytest
from lxml import etree

from schemas.paths import PREFIXES, line_rank, local_name, short_name, term_of, xpath_of
from tests.support.gate_samples import cii, ubl

CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
TREE = etree.fromstring(
    f'<Invoice xmlns:x="{CBC}"><x:Note>a</x:Note><x:ID/><x:Note>b<deep/></x:Note></Invoice>'
)


def one(root: etree._Element, expression: str) -> etree._Element:
    prefixes = {prefix: namespace for namespace, prefix in PREFIXES.items()}
    (element,) = cast("list[etree._Element]", root.xpath(expression, namespaces=prefixes))
    return element


@pytest.mark.parametrize(
    ("expression", "path"),
    [
        ("/Invoice", "/Invoice"),
        ("/Invoice/*[1]", "/Invoice/cbc:Note[1]"),
        ("/Invoice/*[2]", "/Invoice/cbc:ID"),
        ("/Invoice/*[3]/deep", "/Invoice/cbc:Note[2]/deep"),
    ],
)
def test_a_path_has_usual_prefixes_and_ranks_where_needed(expression: str, path: str) -> None:
    element = one(TREE, expression)
    assert xpath_of(element) == path
    assert one(TREE, path) is element


def test_names_are_shortened() -> None:
    assert short_name(f"{{{CBC}}}ID") == "cbc:ID"
    assert short_name("{urn:other}ID") == "ID"
    assert short_name("ID") == "ID"
    assert local_name(TREE[1]) == "ID"


@pytest.mark.parametrize(
    ("xml", "expression", "term"),
    [
        (cii(), "//rsm:ExchangedDocument/ram:ID", "BT-1"),
        (cii(), "//ram:NetPriceProductTradePrice/ram:ChargeAmount", "BT-146"),
        (cii(), "//ram:ApplicableHeaderTradeDelivery", None),
        (ubl(), "/*/cbc:ID", "BT-1"),
        (ubl(), "/*/cbc:IssueDate", "BT-2"),
    ],
)
def test_the_business_term_of_an_element_is_told_when_known(
    xml: bytes, expression: str, term: str | None
) -> None:
    assert term_of(one(etree.fromstring(xml), expression)) == term


@pytest.mark.parametrize(
    ("xpath", "rank"),
    [
        ("/rsm:A/ram:IncludedSupplyChainTradeLineItem[3]/ram:X", 2),
        ("/rsm:A/ram:IncludedSupplyChainTradeLineItem/ram:X", 0),
        ("/ubl:Invoice/cac:InvoiceLine[2]", 1),
        ("/cn:CreditNote/cac:CreditNoteLine[1]/cbc:ID", 0),
        ("/ubl:Invoice/cbc:ID", None),
    ],
)
def test_the_rank_of_a_line_is_read_from_a_path(xpath: str, rank: int | None) -> None:
    assert line_rank(xpath) == rank
