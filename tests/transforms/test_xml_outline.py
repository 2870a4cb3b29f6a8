"""The outline of an XML invoice: children by name, codes and groups wherever they stand."""

from __future__ import annotations

from lxml import etree

from transforms.cii import RAM, RSM
from transforms.cii_node import CII_LAYOUT
from transforms.ubl import CAC, CBC
from transforms.ubl_node import UBL_LAYOUT
from transforms.xml_outline import Names, Outline, attribute_within, keep_group, text_within

CODE = ("BR-CL-04", "currencies", "BT-5")


def ubl(content: str) -> etree._Element:
    return etree.fromstring(f'<a xmlns:cbc="{CBC}" xmlns:cac="{CAC}">{content}</a>')


def test_children_are_found_by_name_and_comments_are_none() -> None:
    root = ubl("<!-- x --><cbc:ID>1</cbc:ID><?x x?><cbc:Note/><cbc:ID>2</cbc:ID><b/>")
    outline = Outline(root, UBL_LAYOUT)
    children = outline.children[root]
    assert list(children) == ["cbc:ID", "cbc:Note", "}b"]
    assert children["cbc:ID"].text == "1"
    assert [one.text for one in outline.alike(children["cbc:ID"])] == ["1", "2"]
    assert outline.alike(children["cbc:Note"]) == [children["cbc:Note"]]


def test_the_prefixes_are_those_of_the_readers_whatever_the_document_has() -> None:
    root = etree.fromstring(f'<x xmlns:a="{CBC}" xmlns:cbc="urn:other"><a:ID/><cbc:ID/></x>')
    assert list(Outline(root, UBL_LAYOUT).children[root]) == ["cbc:ID", "{urn:other}ID"]


def test_names_of_hostile_documents_are_not_kept_for_ever() -> None:
    names = Names({"cbc": CBC})
    for number in range(3000):
        assert names[f"{{{CBC}}}N{number}"] == f"cbc:N{number}"
    assert len(names) == 2000


def test_codes_are_told_in_order_with_the_line_they_stand_in() -> None:
    layout = UBL_LAYOUT._replace(
        finders={
            "cbc:Amount": attribute_within(CODE, "currencyID", default="none"),
            "cbc:ID": text_within(CODE, [f"{{{CAC}}}Item"]),
        }
    )
    item = "<cac:Item><cbc:ID>{}</cbc:ID></cac:Item>"
    root = ubl(
        '<cbc:ID>0</cbc:ID><cbc:Amount currencyID="EUR"/>'
        f"<cac:InvoiceLine>{item.format(1)}</cac:InvoiceLine>"
        f"<cac:InvoiceLine><cac:SubInvoiceLine>{item.format(2)}</cac:SubInvoiceLine>"
        "</cac:InvoiceLine><cbc:Amount/>"
    )
    found = [(use.value, use.line) for use in Outline(root, layout).codes]
    assert found == [("EUR", None), ("1", 0), ("2", 1), ("none", None)]


def test_lines_of_a_cii_are_below_its_transaction() -> None:
    layout = CII_LAYOUT._replace(finders={"ram:Name": keep_group})
    line = (
        "<ram:IncludedSupplyChainTradeLineItem><ram:Name/></ram:IncludedSupplyChainTradeLineItem>"
    )
    root = etree.fromstring(
        f'<rsm:CrossIndustryInvoice xmlns:rsm="{RSM}" xmlns:ram="{RAM}">{line}'
        f"<rsm:SupplyChainTradeTransaction>{line}<ram:Name/>{line}"
        "</rsm:SupplyChainTradeTransaction><ram:Name/></rsm:CrossIndustryInvoice>"
    )
    seen = Outline(root, layout).groups("ram:Name")
    assert [one.line for one in seen] == [None, 0, None, 1, None]
    assert seen[1].part is seen[1].element.getparent()
    assert seen[2].part is seen[2].element
