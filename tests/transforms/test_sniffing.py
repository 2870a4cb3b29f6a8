"""Encoding and separator of an extract that does not declare them."""

from __future__ import annotations

import codecs
import csv
import io
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from config.profile import Format
from transforms import sniffing
from transforms.column_names import ColumnNames
from transforms.sniffing import Sniffed, encoding_of, first_lines, resolved, separator_of
from transforms.table import TableError, TextTable

AUTO = Format.model_validate({"encoding": "auto", "separator": "auto"})
NAMES = ColumnNames(frozenset({"numéro", "montant", "libellé"}))
TEXT = "numéro;libellé;montant\nF1;Câble réseau;1,50\nF2;Œuvre à 10 €;2,00\n"


def encoding(data: bytes, **settings_: str) -> Sniffed:
    stream = io.BytesIO(data)
    found = encoding_of(stream, AUTO.model_copy(update=settings_))
    assert stream.tell() == 0
    return found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8"),
        (codecs.BOM_UTF8 + TEXT.encode("cp1252"), "utf-8"),
        (TEXT.encode("utf-16"), "utf-16"),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16-le"),
        (TEXT.encode("utf-16-be"), "utf-16-be"),
        (TEXT.encode("cp1252"), "cp1252"),
        (b"a;b\n1;2\n", "utf-8"),
        (b"", "utf-8"),
        (b"a", "utf-8"),
        # One byte that is no text, and no other sign: an accent of the fallback encoding.
        (b"a;b\n1;Caf\xe9\n", "cp1252"),
        # A stray zero byte makes no UTF-16.
        (b"a;b\n1\x00;2\n", "utf-8"),
        ("a;b\n\x001;2\n".encode("utf-16-le"), "utf-16-le"),
    ],
)
def test_the_encoding_is_told_by_fixed_rules(data: bytes, expected: str) -> None:
    assert encoding(data) == Sniffed(expected)


def test_the_fallback_is_that_of_the_profile() -> None:
    assert encoding(b"Caf\xe9", fallback_encoding="latin-1").encoding == "latin-1"


def test_a_declared_encoding_is_kept() -> None:
    assert encoding(TEXT.encode("cp1252"), encoding="utf-8") == Sniffed("utf-8")
    assert encoding(TEXT.encode("cp1252"), encoding="cp1252") == Sniffed("cp1252")


@pytest.mark.parametrize("declared", ["cp1252", "latin-1"])
def test_a_code_page_declared_for_a_file_in_utf_8_is_refused(declared: str) -> None:
    with pytest.raises(TableError, match=f"the file is UTF-8, the profile says {declared}"):
        encoding(TEXT.encode(), encoding=declared)


def test_letters_in_utf_8_among_those_of_the_declared_code_page_are_counted() -> None:
    data = TEXT.encode("cp1252") + "é".encode()
    assert encoding(data, encoding="cp1252") == Sniffed("cp1252", 1)


def test_utf_32_is_refused() -> None:
    with pytest.raises(TableError, match="UTF-32"):
        encoding(TEXT.encode("utf-32"))


def test_bad_bytes_in_utf_8_stay_bad_bytes_and_make_no_other_encoding() -> None:
    # Two accents of the name and one of the text hold the file to UTF-8.
    data = TEXT.encode().replace("â".encode(), b"\xe2")
    assert encoding(data).encoding == "utf-8"
    table = TextTable(io.BytesIO(data), file="a", layout=resolved(io.BytesIO(data), AUTO, NAMES))
    (chunk,) = table.chunks({"libellé"})
    assert [fault.findings[0].rule for fault in chunk.faults] == ["XT-BYTE-01"]


def test_a_file_cut_in_an_accent_stays_utf_8() -> None:
    assert encoding(TEXT.encode()[: TEXT.encode().index(b"\x82")]).encoding == "utf-8"


def test_two_exports_joined_are_told_not_guessed() -> None:
    few = "a;é\n".encode() + b"b;\xe9\n" * sniffing.STRAY
    assert encoding(few) == Sniffed("utf-8")
    assert encoding(few + b"b;\xe9\n") == Sniffed("cp1252", strays=1)


@settings(max_examples=200)
@given(st.data())
def test_no_damage_of_a_few_bytes_turns_accents_into_other_letters(data: st.DataObject) -> None:
    text = data.draw(st.text(st.sampled_from("abc;\n éàçœ€"), min_size=1, max_size=80))
    whole = bytearray(f"é{text}é".encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(2, max(2, len(whole) - 3)))
        whole[place : place + data.draw(st.integers(0, 1))] = data.draw(st.binary(max_size=1))
    assert encoding(bytes(whole)).encoding == "utf-8"


@settings(max_examples=200)
@given(st.binary(max_size=40), st.integers(1, 7))
def test_counting_does_not_depend_on_the_blocks(data: bytes, block: int) -> None:
    at_once = sniffing.utf8_counts(io.BytesIO(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sniffing, "BLOCK", block)
        assert sniffing.utf8_counts(io.BytesIO(data)) == at_once
    decoded = data.decode(errors="ignore")
    assert at_once[0] <= sum(character > "\x7f" for character in decoded)
    assert at_once[1] == sum(byte > 0x7F for byte in data) - sum(
        len(character.encode()) for character in decoded if character > "\x7f"
    )


def test_a_large_file_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffing, "BLOCK", 64)
    assert encoding((TEXT * 50).encode()).encoding == "utf-8"
    assert encoding((TEXT * 50).encode("cp1252")).encoding == "cp1252"


# -- separator -----------------------------------------------------------------------------------


def separator(data: bytes | str, names: ColumnNames = NAMES, **settings_: object) -> str:
    raw = data.encode() if isinstance(data, str) else data
    layout = AUTO.model_copy(update={"encoding": "utf-8", **settings_})
    return separator_of(io.BytesIO(raw), layout, names)


@pytest.mark.parametrize("mark", ["\t", ";", ",", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_separator_is_the_one_that_gives_the_columns(mark: str, end: str) -> None:
    text = TEXT.replace(",", ".").replace(";", mark).replace("\n", end)
    assert separator(text) == mark
    assert separator(codecs.BOM_UTF8 + text.encode()) == mark


def test_separators_in_the_names_of_columns_do_not_count() -> None:
    names = ColumnNames(frozenset({"a, b", "c", "d|e"}))
    assert separator('"a, b";c;"d|e"\n', names) == ";"


def test_aliases_and_capitals_count_for_the_separator() -> None:
    names = ColumnNames(frozenset({"number", "net"}), {"number": ("N°",)}, ignore_case=True)
    assert separator("n°\tNET\n", names) == "\t"


@pytest.mark.parametrize("text", ["x;y;z\n", "numéro\n", "numéro;x,montant\n"])
def test_no_column_or_as_many_under_two_separators_is_refused(text: str) -> None:
    with pytest.raises(TableError, match=r"tab \d, semicolon \d, comma \d, bar \d"):
        separator(text)


def test_an_empty_file_needs_no_separator() -> None:
    assert separator("") == ";"
    assert separator("\n\n") == ";"
    assert separator("\n\n", sap_list=True) == ";"


def test_the_heading_of_a_sap_download_may_stand_below_titles() -> None:
    text = "12.03.2026;x\tListe, page 1\n\n\tnuméro\tmontant\n\t1\t2\n"
    assert separator(text, sap_list=True) == "\t"


def test_first_lines_end_as_lines_do() -> None:
    stream = io.BytesIO("a\rb\r\nc\n\nd".encode("utf-16"))
    assert first_lines(stream, "utf-16", 9) == ["a", "b", "c", "", "d"]
    assert first_lines(stream, "utf-16", 2) == ["a", "b"]


# Letters that every encoding here holds.
letters = st.text(st.sampled_from("abcxyz0189 .-éèàçÉÀœŒ€°'"), max_size=8)


def test_a_capital_before_a_punctuation_mark_proves_no_utf_8() -> None:
    # É and a no-break space are one letter of UTF-8; the é of Numéro is none.
    assert encoding("Numéro;QUANTITÉ\u00a0: 5;\n".encode("cp1252")) == Sniffed("cp1252")


@settings(max_examples=150)
@given(
    rows=st.lists(st.tuples(letters, letters), min_size=1, max_size=6),
    mark=st.sampled_from(["\t", ";", ",", "|"]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    code=st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"]),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_a_table_written_in_any_way_is_read_back_equal(
    rows: list[tuple[str, str]], mark: str, end: str, code: str, quoting: int
) -> None:
    # Three such letters in a row are one of UTF-8: no text holds them.
    assume(not re.search("[éèàç][œŒ€°]{2}", str(rows)))
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=mark, lineterminator=end, quoting=quoting)
    writer.writerow(["numéro", "libellé", "montant"])
    writer.writerows((f"F{rank}", *row) for rank, row in enumerate(rows))
    data = written.getvalue().encode(code)
    layout = resolved(io.BytesIO(data), AUTO, NAMES)
    table = TextTable(io.BytesIO(data), file="a", layout=layout)
    assert table.columns == ("numéro", "libellé", "montant")
    (chunk,) = table.chunks(set(table.columns))
    assert chunk.rows == tuple((f"F{rank}", *row) for rank, row in enumerate(rows))
    assert chunk.faults == ()
    assert chunk.lines == tuple(range(2, len(rows) + 2))
