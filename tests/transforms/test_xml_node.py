"""Elements as the readers want them: absent or typed, strict or tolerant."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from transforms.ubl import CAC, CBC
from transforms.ubl_node import UblNode, is_vat
from transforms.xml_node import Notes, ReadError, content_of, parse_xml


def node(content: str, notes: Notes | None = None) -> UblNode:
    root = etree.fromstring(f'<a xmlns:cbc="{CBC}" xmlns:cac="{CAC}">{content}</a>')
    return UblNode(root, notes)


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
    notes = Notes()
    assert node(content, notes).decimal("cbc:Amount", "BT-92") is None
    assert notes.there == {("BT-92",)}
    assert notes.texts == {("BT-92",): written}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_every_plain_decimal_reads_back(value: Decimal) -> None:
    assert node(f"<cbc:Amount>{value:f}</cbc:Amount>").decimal("cbc:Amount") == value


@pytest.mark.parametrize("written", ["2026-02-31", "31/01/2026", "hier", "2026"])
def test_what_is_no_date_is_noted_or_refused(written: str) -> None:
    content = f"<cbc:IssueDate>{written}</cbc:IssueDate>"
    with pytest.raises(ReadError, match="is no date"):
        node(content).date("cbc:IssueDate")
    notes = Notes()
    assert node(content, notes).date("cbc:IssueDate", "BT-2") is None
    assert notes.texts == {("BT-2",): written}


def test_an_offset_after_a_date_is_left_out() -> None:
    content = "<cbc:IssueDate>2026-03-01+01:00</cbc:IssueDate>"
    assert node(content).date("cbc:IssueDate") == date(2026, 3, 1)


def test_an_empty_element_is_there_without_a_value() -> None:
    notes = Notes()
    reader = node("<cbc:ID> </cbc:ID>", notes)
    assert reader.text("cbc:ID", "BT-1") is None
    assert reader.text("cbc:Note", "BT-22") is None
    assert notes.there == {("BT-1",)}
    assert reader.exists("cbc:ID")
    assert not reader.exists("cbc:Note")


def test_ranks_go_down_to_what_is_read_below() -> None:
    notes = Notes()
    line = "<cac:InvoiceLine><cac:AllowanceCharge><cbc:Amount/></cac:AllowanceCharge>"
    reader = node(f"<cac:InvoiceLine/>{line}</cac:InvoiceLine>", notes)
    second = reader.ranked("cac:InvoiceLine", "BG-25")[1]
    for one in second.ranked("cac:AllowanceCharge", "BG-27"):
        assert one.decimal("cbc:Amount", "BT-136") is None
    assert notes.there == {("BT-136", 1, 0)}
    assert set(notes.places) == {("BG-25", 0), ("BG-25", 1), ("BG-27", 1, 0), ("BT-136", 1, 0)}


def test_nothing_is_found_below_nothing() -> None:
    absent = UblNode(None)
    assert not absent
    assert absent.child("cbc:ID").element is None
    assert absent.children("cbc:ID") == []
    assert absent.ranked("cbc:ID") == []
    assert (absent.text("cbc:ID"), absent.decimal("cbc:ID"), absent.raw("cbc:ID")) == (None,) * 3
    assert absent.attribute("schemeID") is None


def test_the_text_of_an_element_is_that_of_all_below_without_comments() -> None:
    assert content_of(etree.fromstring("<a>x<!-- no -->y<b>z</b> </a>")) == "xyz "


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
