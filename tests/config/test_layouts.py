"""Layouts of IDoc and EDIFACT segments that ship."""

from __future__ import annotations

from config.layouts import edifact_layout, idoc_layout


def test_fields_of_a_flat_idoc_follow_one_another() -> None:
    layout = idoc_layout()
    for segment, fields in layout.fields.items():
        at = 0 if segment == "EDI_DC40" else layout.head
        for begin, end in fields.values():
            assert begin == at < end
            at = end
        assert at <= (524 if segment == "EDI_DC40" else layout.head + 1000), segment
    assert layout.fields["EDI_DC40"]["SERIAL"] == (504, 524)
    assert layout.fields["E1EDS01"]["SUMME"] == (66, 84)


def test_every_parent_is_a_segment() -> None:
    layout = idoc_layout()
    known = {*layout.fields, *layout.parents}
    assert {*layout.parents.values(), *layout.beginnings.values()} <= known


def test_a_field_may_be_known_by_name_only() -> None:
    layout = idoc_layout()
    assert layout.knows("E1EDK28", "BIBAN")
    assert layout.knows("E1EDK28", "ACNUM")
    assert not layout.knows("E1EDK28", "IBAN")


def test_components_that_repeat_are_numbered() -> None:
    layout = edifact_layout()
    [_, _, _, name, street, *_] = layout.segments["NAD"]
    assert name.names == ("3036", "3036_2", "3036_3", "3036_4", "3036_5", "3045")
    assert street.names[-1] == "3042_4"
    assert layout.segments["PIA"][1].each
    assert {"5004", "5118", "6060"} <= layout.numbers
    assert "1131_2" in layout.fields("NAD")
    assert not layout.fields("XXX")


def test_every_place_of_an_edifact_segment_is_a_segment() -> None:
    layout = edifact_layout()
    for segment, parents in layout.parents.items():
        assert {segment, *parents} <= set(layout.segments)
