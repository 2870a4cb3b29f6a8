"""The strict pass over a text extract."""

from __future__ import annotations

import io

import pytest

from config.profile import Format
from transforms.records import HeaderError, Record, Records, RowFault

Item = Record | RowFault


def read(data: bytes | str, layout: Format | None = None, trailer: str = "") -> list[Item]:
    raw = data.encode() if isinstance(data, str) else data
    records = Records(
        io.BytesIO(raw), file="a.csv", layout=layout or Format(), trailer_mark=trailer
    )
    records.header()
    return list(records)


def lines(items: list[Item]) -> list[tuple[int, str]]:
    """Line and text of each sound record, line and rules of each fault."""
    return [
        (item.line, item.text)
        if isinstance(item, Record)
        else (item.line, "+".join(finding.rule for finding in item.findings))
        for item in items
    ]


def test_sound_records_keep_their_physical_lines() -> None:
    found = read('a;b\n1;2\n\n"3";"x;y"\n"4";"two\r\nlines"\n5;6')
    assert lines(found) == [
        (2, "1;2"),
        (4, '"3";"x;y"'),
        (5, '"4";"two\r\nlines"'),
        (7, "5;6"),
    ]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a;b\n1\n2;3\n", [(2, "XT-FIELDS-01"), (3, "2;3")]),
        ("a;b\n1;2;3\n2;3\n", [(2, "XT-FIELDS-02"), (3, "2;3")]),
        ('a;b\n1;"x\n2;3\n', [(2, "XT-QUOTE-01"), (3, "2;3")]),
        ('a;b\n1;"x\n2;"3"\n4;5\n', [(2, "XT-QUOTE-01"), (3, '2;"3"'), (4, "4;5")]),
        ('a;b\n1;"x"y\n2;3\n', [(2, "XT-QUOTE-02"), (3, "2;3")]),
        ('a;b\n1;27" screen\n2;3\n', [(2, "XT-QUOTE-02"), (3, "2;3")]),
        ("a;b\n1;x\x07\n2;3\n", [(2, "XT-CONTROL-01"), (3, "2;3")]),
        ("a;b\n1;\ufeffx\n2;3\n", [(2, "XT-CONTROL-01"), (3, "2;3")]),
        ("a;b\r1;2\r3;4\r", [(2, "1;2"), (3, "3;4")]),
        ("a;b\n1;2\n;\n ; \n;;;\n", [(2, "1;2"), (4, " ; ")]),
    ],
)
def test_one_bad_record_never_touches_the_next(data: str, expected: list[tuple[int, str]]) -> None:
    assert lines(read(data)) == expected


def test_an_open_quote_is_given_up_after_the_declared_number_of_lines() -> None:
    data = 'a;b\n1;"x\n' + "2;3\n" * 5 + '4;"y"\n'
    found = read(data, Format(max_record_lines=3))
    assert lines(found)[0] == (2, "XT-QUOTE-01")
    assert [line for line, _ in lines(found)[1:]] == [3, 4, 5, 6, 7, 8]


def test_without_a_quote_character_quotes_are_text() -> None:
    assert lines(read('a;b\n1;27" screen\n"2;3\n', Format(quote=""))) == [
        (2, '1;27" screen'),
        (3, '"2;3'),
    ]


@pytest.mark.parametrize(
    ("encoding", "data", "byte"),
    [
        ("utf-8", b"a;b\n1;Caf\xe9\n2;ok\n", "0xE9"),
        ("cp1252", b"a;b\n1;\x81\n2;\x80 \xe9\n", "0x81"),
        (
            "utf-16-le",
            "a;b\n1;".encode("utf-16-le") + b"\x00\xd8" + "\n2;x\n".encode("utf-16-le"),
            "",
        ),
    ],
)
def test_a_bad_byte_is_told_with_its_column_and_the_rest_is_read(
    encoding: str, data: bytes, byte: str
) -> None:
    bad, good = read(data, Format.model_validate({"encoding": encoding}))
    assert isinstance(bad, RowFault)
    assert isinstance(good, Record)
    finding = bad.findings[0]
    assert finding.rule == "XT-BYTE-01"
    assert (finding.location.line, finding.location.column) == (2, "b")
    assert byte in finding.params["byte"]
    assert "\ufffd" in (finding.value or "")
    assert bad.cells[0] == "1"
    assert bad.trusted == 2


def test_latin_1_text_that_is_cp1252_is_noticed() -> None:
    (bad,) = read("a;b\n1;12 €\n".encode("cp1252"), Format(encoding="latin-1"))
    assert isinstance(bad, RowFault)
    assert bad.findings[0].rule == "XT-CONTROL-01"


@pytest.mark.parametrize(
    ("encoding", "codec"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("cp1252", "cp1252"),
        ("latin-1", "latin-1"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
    ],
)
def test_declared_encodings_are_read(encoding: str, codec: str) -> None:
    layout = Format.model_validate({"encoding": encoding})
    records = Records(io.BytesIO("clé;b\né;ç\n".encode(codec)), file="a", layout=layout)
    assert records.header() == ("clé", "b")
    assert [item.text for item in records if isinstance(item, Record)] == ["é;ç"]


@pytest.mark.parametrize(
    ("encoding", "data", "reason"),
    [
        ("cp1252", "clé;b\n".encode("utf-8-sig"), "UTF-8"),
        ("utf-8", "clé;b\n".encode("cp1252"), "utf-8"),
        ("utf-8", "a;b\n".encode("utf-16"), "utf-8"),
        ("utf-8", b'"a;b\n1;2\n', "header"),
    ],
)
def test_a_header_in_another_encoding_is_refused(encoding: str, data: bytes, reason: str) -> None:
    layout = Format.model_validate({"encoding": encoding})
    with pytest.raises(HeaderError, match=reason):
        Records(io.BytesIO(data), file="a", layout=layout).header()


def test_an_empty_file_has_no_columns_and_no_records() -> None:
    records = Records(io.BytesIO(b"\xef\xbb\xbf\n\n"), file="a", layout=Format())
    assert records.header() == ()
    assert list(records) == []


def test_a_trailer_is_no_data_and_nothing_may_follow_it() -> None:
    data = "a;b;c\n1;2;3\nTRAILER;invoices=1\n4;5;6\n"
    found = read(data, trailer="TRAILER")
    assert lines(found) == [(2, "1;2;3"), (4, "XT-TRAILER-01")]
    assert lines(read(data))[1] == (3, "XT-FIELDS-01")


@pytest.mark.parametrize(
    ("data", "cells", "trusted"),
    [
        ("a;b;c\n1;2\n", ("1", "2"), 1),
        ("a;b;c\n1;2;3;4\n", ("1", "2", "3", "4"), 1),
        # As many as two rows that lost the line end between them: the second begins somewhere.
        ("a;b;c\nF1;2;3F2;2;3\n", (), 0),
        ("a;b;c\nF1;2;3;F2;2;3\n", (), 0),
        ('a;b;c\n1;2;"x\n', ("1", "2", "x"), 2),
        ('a;b;c\n"1"x;2;3\n', ("1x", "2", "3"), 0),
    ],
)
def test_a_fault_says_how_many_of_its_cells_are_certain(
    data: str, cells: tuple[str, ...], trusted: int
) -> None:
    (fault,) = read(data)
    assert isinstance(fault, RowFault)
    assert fault.cells == cells
    assert fault.trusted == trusted


@pytest.mark.parametrize(("data", "told"), [("a\n1\n", False), ("a\n1", True), ("", False)])
def test_a_last_line_without_end_is_told(data: str, told: bool) -> None:
    records = Records(io.BytesIO(data.encode()), file="a", layout=Format())
    records.header()
    list(records)
    assert [finding.rule for finding in records.warnings] == (["XT-END-01"] if told else [])


def told(data: str) -> tuple[list[tuple[int, str]], list[tuple[str, int | None]]]:
    """Lines as above, and the warnings of the file."""
    records = Records(io.BytesIO(data.encode()), file="a.csv", layout=Format())
    records.header()
    found = lines(list(records))
    return found, [(warning.rule, warning.location.line) for warning in records.warnings]


def test_rows_that_stray_quotes_would_join_are_not_joined() -> None:
    # Nobody quotes here: a text begins with a quote, that of the next row ends with an inch mark.
    found = read('a;b;c\n1;"Promo;2\n3;Screen 24";4\n5;x;6\n')
    assert lines(found) == [(2, "XT-QUOTE-01"), (3, "XT-QUOTE-02"), (4, "5;x;6")]


def test_a_text_of_several_lines_may_hold_separators() -> None:
    assert lines(read('a;b;c\n1;"x;y\nz";2\n')) == [(2, '1;"x;y\nz";2')]


def test_a_quoted_cell_may_be_longer_than_the_module_csv_takes() -> None:
    text = f'"F;1";"{"x" * 140_000}";"say ""yes""";'
    records = Records(io.BytesIO(b""), file="a.csv", layout=Format())
    assert records.cells(text) == ("F;1", "x" * 140_000, 'say "yes"', "")
    assert records.cells(f'"F1"x;{text}')[0] == '"F1"x'


def test_a_heading_that_comes_again_is_passed_over_and_told() -> None:
    found = told("no;net\n1;2\nno;net\n3;4\n")
    assert found == ([(2, "1;2"), (4, "3;4")], [("XT-HEADING-01", 3)])


def test_rows_below_another_heading_are_not_read_under_the_first() -> None:
    found = read("no;name;city\n1;a;b\nno;city;name\n2;c;d\n3;e\nno;name;city\n4;f;g\n")
    assert lines(found) == [
        (2, "1;a;b"),
        (3, "XT-HEADING-02"),
        (4, "XT-HEADING-02"),
        (5, "XT-HEADING-02"),
        (7, "4;f;g"),
    ]


def test_values_below_no_name_are_told_and_an_empty_end_of_each_row_is_not() -> None:
    assert told("a;b;\n1;2;\n3;4;\n")[1] == []
    assert told("a;b;\n1;2;\n3;4;x\n")[1] == [("XT-COLUMN-03", 3)]
