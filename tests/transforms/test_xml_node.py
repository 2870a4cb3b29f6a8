"""Elements as the readers want them: absent or typed, strict or tolerant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from transforms.ubl import CAC, CBC
from transforms.ubl_node import UBL_LAYOUT, is_vat
from transforms.xml_node import ABSENT, Node, ReadError, open_document, parse_xml


def node(content: str, *, strict: bool = True) -> Node:
    root = etree.fromstring(f'<a xmlns:cbc="{CBC}" xmlns:cac="{CAC}">{content}</a>')
    return open_document(root, UBL_LAYOUT, strict=strict)


def tolerant(content: str) -> Node:
    return node(content, strict=False)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12.50", Decimal("12.50")),
        (" +1 ", Decimal(1)),
        (".5", Decimal("0.5")),
        ("3.", Decimal(3)),
        ("-0.00", Decimal(0)),
    ],
)
def test_what_xml_schema_takes_as_a_decimal_is_one(written: str, value: Decimal) -> None:
    assert node(f"<cbc:Amount>{written}</cbc:Amount>").decimal("cbc:Amount") == value


@pytest.mark.parametrize("written", ["1,5", "1e3", "NaN", "INF", "1_0", "1 000", "١", "--1", "."])
def test_anything_else_is_no_number(written: str) -> None:
    content = f"<cbc:Amount>{written}</cbc:Amount>"
    with pytest.raises(ReadError, match="is no number"):
        node(content).decimal("cbc:Amount")
    reader = tolerant(content)
    assert reader.decimal("cbc:Amount", "BT-92") is None
    assert reader.group.notes.there == {("BT-92",)}
    assert reader.group.notes.texts == {("BT-92",): written}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_every_plain_decimal_reads_back(value: Decimal) -> None:
    assert node(f"<cbc:Amount>{value:f}</cbc:Amount>").decimal("cbc:Amount") == value


@pytest.mark.parametrize("written", ["2026-02-31", "31/01/2026", "hier", "2026"])
def test_what_is_no_date_is_noted_or_refused(written: str) -> None:
    content = f"<cbc:IssueDate>{written}</cbc:IssueDate>"
    with pytest.raises(ReadError, match="is no date"):
        node(content).date("cbc:IssueDate")
    reader = tolerant(content)
    assert reader.date("cbc:IssueDate", "BT-2") is None
    assert reader.group.notes.texts == {("BT-2",): written}


def test_an_offset_after_a_date_is_left_out() -> None:
    content = "<cbc:IssueDate>2026-03-01+01:00</cbc:IssueDate>"
    assert node(content).date("cbc:IssueDate") == date(2026, 3, 1)


def test_an_empty_element_is_there_without_a_value() -> None:
    reader = tolerant("<cbc:ID> </cbc:ID>")
    assert reader.text("cbc:ID", "BT-1") is None
    assert reader.text("cbc:Note", "BT-22") is None
    assert reader.group.notes.there == {("BT-1",)}
    assert reader.exists("cbc:ID")
    assert not reader.exists("cbc:Note")


def test_ranks_go_down_to_what_is_read_below() -> None:
    line = "<cac:InvoiceLine><cac:AllowanceCharge><cbc:Amount/></cac:AllowanceCharge>"
    reader = tolerant(f"<cac:InvoiceLine/>{line}</cac:InvoiceLine>")
    second = reader.ranked("cac:InvoiceLine", "BG-25")[1]
    for one in second.ranked("cac:AllowanceCharge", "BG-27"):
        assert one.decimal("cbc:Amount", "BT-136") is None
    notes = reader.group.notes
    assert notes.there == {("BT-136", 1, 0)}
    assert {at: set(places) for at, places in notes.places.items()} == {
        (): set(),
        (0,): {"BG-25"},
        (1,): {"BG-25"},
        (1, 0): {"BG-27", "BT-136"},
    }


def test_nothing_is_found_below_nothing() -> None:
    absent = ABSENT
    assert not absent
    assert absent.child("cbc:ID").element is None
    assert absent.child("cac:Party/cbc:ID") is absent
    assert absent.children("cbc:ID") == []
    assert absent.ranked("cbc:ID") == []
    assert (absent.text("cbc:ID"), absent.decimal("cbc:ID"), absent.raw("cbc:ID")) == (None,) * 3
    assert absent.attribute("schemeID") is None


def test_the_text_of_an_element_is_that_of_all_below_without_comments() -> None:
    content = "<cbc:Note>x<!-- no -->y<?no no?><cbc:ID>z</cbc:ID> </cbc:Note>"
    assert node(content).text("cbc:Note") == "xyz"
    assert node(content).raw("cbc:Note") == "xyz "


PARTIES = (
    "<cac:Party/><!-- second --><cac:Party><cbc:Name/></cac:Party>"
    "<cac:Party><cbc:ID>1</cbc:ID><cbc:ID>2</cbc:ID></cac:Party>"
)


def test_a_path_leads_below_each_of_its_steps_not_only_the_first() -> None:
    reader = node(PARTIES)
    assert reader.text("cac:Party/cbc:ID") == "1"
    assert reader.exists("cac:Party/cbc:Name")
    assert not reader.exists("cac:Party/cbc:Note")
    assert [one.text() for one in reader.children("cac:Party/cbc:ID")] == ["1", "2"]
    assert len(reader.children("cac:Party")) == 3
    assert reader.children("cac:PayeeParty/cbc:ID") == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", False),
        (" <cac:Party> <cbc:Name> </cbc:Name></cac:Party>", False),
        ("<!-- x --><?x x?>", False),
        ("x", True),
        ("<cac:Party/><cac:Party><cbc:Name>x</cbc:Name></cac:Party>", True),
        ("<cac:Party><cbc:Name/>x</cac:Party>", True),
        ("<cac:Party><cac:Party><cac:Party><cac:Party><cbc:Name>x</cbc:Name></cac:Party>"
         "</cac:Party></cac:Party></cac:Party>", True),
    ],
)  # fmt: skip
def test_an_element_says_something_when_there_is_text_in_it(content: str, says: bool) -> None:
    assert bool(node(content)) is says


def test_a_blank_attribute_is_noted_where_it_is_asked_for() -> None:
    reader = tolerant('<cbc:ID a=" " b=" x "/>')
    identifier = reader.child("cbc:ID")
    assert identifier.attribute("a", "BT-130") is None
    assert identifier.attribute("b", "BT-150") == "x"
    assert identifier.attribute("c", "BT-157") is None
    assert reader.group.notes.there == {("BT-130",)}


@pytest.mark.parametrize(
    ("scheme", "vat"), [("VAT", True), (" vat\n", True), ("LOC", False), ("", False)]
)
def test_a_tax_scheme_is_vat_whatever_its_case(scheme: str, vat: bool) -> None:
    content = f"<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme>"
    assert is_vat(node(content)) is vat


@pytest.mark.parametrize("data", [b"", b"<a>", b"\x00", b"<a>&x;</a>"])
def test_what_is_not_well_formed_is_refused(data: bytes) -> None:
    with pytest.raises(ReadError, match="not well-formed"):
        parse_xml(data)
