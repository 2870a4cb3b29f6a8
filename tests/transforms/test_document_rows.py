"""Rows of documents: one of the header, one for each line."""

from __future__ import annotations

from config.profile import Profile
from transforms.document_rows import Document, DocumentRows
from transforms.finding import Finding, Severity
from transforms.grouping import InvoiceRows
from transforms.segments import Segment

PROFILE = Profile.model_validate(
    {
        "profile": "documents",
        "format": {"kind": "edifact"},
        "shape": {"kind": "documents", "lines": "LIN"},
        "header": {"BT-1": "BGM.1004", "BT-13": "RFF[1153=ON].1154"},
        "lines": {"BT-126": "LIN.1082", "BT-127": "/FTX.4440", "BT-153": "IMD.7008*"},
        "repeated": [{"group": "BG-1", "count": 2, "terms": {"BT-22": "FTX#{n}.4440"}}],
        "ignored_columns": ["UNS"],
    }
)


def made(name: str, line: int, *children: Segment, **fields: str) -> Segment:
    return Segment(
        name, {key.removeprefix("c"): text for key, text in fields.items()}, line, list(children)
    )


def invoice(*more: Segment, number: str = "F1") -> Document:
    root = made(
        "UNH",
        2,
        made("BGM", 3, c1004=number),
        made("FTX", 4, c4440="note"),
        *more,
        made("LIN", 10, made("IMD", 11, c7008="a", c7008_2="b"), c1082="1"),
        made("LIN", 12, c1082="2"),
        made("UNS", 14),
    )
    return Document(root, 7)


def rows(document: Document, profile: Profile = PROFILE) -> InvoiceRows:
    return DocumentRows(profile, "a.edi", "ab" * 32, "auto").rows(document)


def test_a_document_has_a_header_row_and_a_row_for_each_line() -> None:
    found = rows(invoice(made("RFF", 5, c1153="ON", c1154="O1")))
    assert found.key == "F1"
    header, lines = found.blocks
    assert (header.lines, lines.lines) == ((2,), (10, 12))
    assert dict(zip(header.columns, header.rows[0], strict=True)) == {
        "BGM.1004": "F1",
        "RFF[1153=ON].1154": "O1",
        "FTX#1.4440": "note",
        "FTX#2.4440": "",
    }
    assert lines.columns == ("LIN.1082", "/FTX.4440", "IMD.7008*")
    assert lines.rows == (("1", "note", "a b"), ("2", "note", ""))
    assert not found.findings
    assert found.span.first_line == 2


def test_a_document_without_number_is_known_by_its_rank() -> None:
    assert rows(invoice(number=" ")).key == "#7"
    assert rows(invoice(number="F\x01")).key == "#7"


def test_several_different_values_are_a_finding_and_no_cell() -> None:
    found = rows(
        invoice(made("RFF", 5, c1153="ON", c1154="O1"), made("RFF", 6, c1153="ON", c1154="O2"))
    )
    [finding] = found.findings
    assert (finding.rule, finding.severity) == ("XT-SEVERAL-01", Severity.ERROR)
    assert finding.params == {"values": "O1, O2", "count": "2"}
    assert finding.location.column == "RFF[1153=ON].1154"
    assert found.blocks[0].rows[0][1] == ""


def test_many_values_are_not_all_told() -> None:
    many = [made("RFF", 5, c1153="ON", c1154=f"O{n}") for n in range(9)]
    [finding] = rows(invoice(*many)).findings
    assert finding.params == {"values": "O0, O1, O2, O3, O4…", "count": "9"}


def test_what_a_repeated_group_leaves_out_is_a_finding() -> None:
    notes = [made("FTX", 5, c4440=f"n{n}") for n in range(2)]
    more = PROFILE.model_copy(update={"lines": {}})
    found = rows(invoice(*notes), more)
    assert [(f.rule, f.params, f.location.column) for f in found.findings] == [
        ("XT-MORE-01", {"count": "2"}, "FTX")
    ]


def test_characters_that_no_invoice_holds_are_findings() -> None:
    found = rows(invoice(made("RFF", 5, c1153="ON", c1154="O\x02")))
    assert [finding.rule for finding in found.findings] == ["XT-CONTROL-01"]


def test_findings_of_the_document_stay_with_it() -> None:
    document = invoice()
    document.findings.append(Finding("XT-CUT-01", Severity.ERROR))
    assert [finding.rule for finding in rows(document).findings] == ["XT-CUT-01"]


def test_segments_that_no_path_names_are_noted_once_with_their_first_place() -> None:
    reader = DocumentRows(PROFILE, "a.edi", "", "auto")
    for _ in range(2):
        reader.rows(invoice(made("LOC", 5), made("LOC", 6, made("RFF", 7))))
    assert reader.unused == {"LOC": 5}
    assert ("BGM", "1004") in reader.seen


def test_rows_survive_being_spooled() -> None:
    found = rows(invoice())
    assert InvoiceRows.from_json(found.to_json()) == found
