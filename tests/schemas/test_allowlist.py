from __future__ import annotations

import pytest
from lxml import etree

from schemas.allowlist import check, load_allowlist
from tests.support.gate_samples import cii


def rules_of(xml: bytes) -> list[tuple[str, str]]:
    return [(one.rule, one.params["element"]) for one in check(etree.fromstring(xml))]


def test_what_we_may_write_passes() -> None:
    assert rules_of(cii(lines=3)) == []


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (
            cii(settlement="<ram:InvoiceReferencedDocument/>" * 3),
            [("XS-D16B-02", "InvoiceReferencedDocument")] * 2,
        ),
        (
            cii(agreement="<ram:RequisitionerReferencedDocument/>"),
            [("XS-D16B-01", "RequisitionerReferencedDocument")],
        ),
        (cii(agreement="<Loose/>"), [("XS-D16B-01", "Loose")]),
        (cii(agreement="<!-- a word --><?and more?>"), []),
        (
            cii(agreement="<ram:BuyerReference/><!-- --><ram:BuyerReference/>"),
            [("XS-D16B-02", "BuyerReference")],
        ),
    ],
)
def test_what_d16b_forbids_is_found(xml: bytes, expected: list[tuple[str, str]]) -> None:
    assert rules_of(xml) == expected


def test_a_finding_tells_the_place_and_the_value() -> None:
    tree = etree.fromstring(cii(agreement="<ram:Odd>text</ram:Odd>"))
    (finding,) = check(tree)
    assert finding.value == "text"
    assert finding.params["parent"] == "ApplicableHeaderTradeAgreement"
    assert finding.location.xpath is not None
    assert finding.location.xpath.endswith("/ram:ApplicableHeaderTradeAgreement/ram:Odd")


def test_every_listed_child_is_reached_from_the_root_and_none_is_listed_twice() -> None:
    listed = load_allowlist()
    reached = {listed.root}
    todo = [listed.root]
    while todo:
        children = listed.elements[todo.pop()]
        names = [*children.one, *children.many]
        assert len(names) == len(set(names))
        new = [name for name in names if name in listed.elements and name not in reached]
        reached.update(new)
        todo += new
    assert reached == set(listed.elements)


def test_only_one_preceding_invoice_is_allowed() -> None:
    settlement = load_allowlist().elements["ram:ApplicableHeaderTradeSettlement"]
    assert "ram:InvoiceReferencedDocument" in settlement.one
