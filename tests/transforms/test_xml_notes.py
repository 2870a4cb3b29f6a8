"""Notes are kept under the ranks of the group they were taken in."""

from __future__ import annotations

from lxml import etree

from transforms.ubl_node import UBL_LAYOUT
from transforms.xml_notes import Notes
from transforms.xml_outline import Outline


def notes() -> Notes:
    return Notes(Outline(etree.fromstring("<a/>"), UBL_LAYOUT))


def test_a_note_bears_the_ranks_of_its_group() -> None:
    taken = notes()
    charge = taken.group(2).ranked(0)
    charge.note_there("BT-141")
    charge.note_text("BT-142", " 1 ")
    charge.note_foreign("BG-28-VAT")
    charge.note_unformatted("BT-134")
    charge.note_indicator("BG-28", "yes")
    assert taken.there == {("BT-141", 2, 0)}
    assert taken.texts == {("BT-142", 2, 0): " 1 "}
    assert taken.foreign == {("BG-28-VAT", 2, 0)}
    assert taken.unformatted == {("BT-134", 2, 0)}
    assert taken.indicators == {("BG-28", 2, 0): "yes"}


def test_groups_of_the_same_ranks_share_their_places() -> None:
    taken = notes()
    element = etree.fromstring("<b/>")
    taken.group(1).places["BG-25"] = element
    taken.group().ranked(1).places["BT-126"] = element
    assert set(taken.places[1,]) == {"BG-25", "BT-126"}
