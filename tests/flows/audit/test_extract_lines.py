"""The lines of one invoice, cut out of an extract byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.audit.extract_lines import cut_naming, cut_span

HEAD = "NUM;CLIENT;MONTANT"


def extract(folder: Path, content: str, encoding: str = "utf-8") -> Path:
    path = folder / "ventes.csv"
    path.write_bytes(content.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("lines", "first", "last", "head", "taken"),
    [
        ([HEAD, "F-1;a;1", "F-2;b;2", "F-3;c;3"], 3, 3, 1, (1, 3)),
        (["Ventes du mois", "", HEAD, "F-1;a;1", "F-2;b;2"], 5, 5, 3, (1, 2, 3, 5)),
        ([HEAD, "F-1;a;1", "F-1;b;2", "F-2;c;3"], 2, 3, 1, (1, 2, 3)),
        (["F-1;a;1", "F-2;b;2"], 2, 2, 0, (2,)),
        # The last record goes on over two more lines.
        ([HEAD, 'F-1;"a', "b", 'c";1', "F-2;b;2"], 2, 2, 1, (1, 2, 3, 4)),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
def test_the_header_and_the_lines_of_the_span_are_taken_as_they_are(
    tmp_path: Path,
    lines: list[str],
    first: int,
    last: int,
    head: int,
    taken: tuple[int, ...],
    end: str,
    encoding: str,
) -> None:
    named = [line.replace("a", "é") for line in lines]
    path = extract(tmp_path, "".join(line + end for line in named), encoding)
    cut = cut_span(path, first=first, last=last, head=head, number="F-1", shared=False)
    assert cut is not None
    assert cut.lines == taken
    expected = "".join(named[line - 1] + end for line in taken)
    assert cut.content == expected.encode(encoding)
    assert cut.note == ""


def test_rows_of_other_invoices_in_between_stay_out_and_it_is_said(tmp_path: Path) -> None:
    path = extract(tmp_path, f"{HEAD}\nF-1;a;1\nF-10;b;2\nF-2;c;3\nF-1;d;4\n")
    cut = cut_span(path, first=2, last=5, head=1, number="F-1", shared=True)
    assert cut is not None
    assert cut.content.decode() == f"{HEAD}\nF-1;a;1\nF-1;d;4\n"
    assert "d'autres factures" in cut.note


def test_utf_16_comes_out_as_utf_8(tmp_path: Path) -> None:
    path = extract(tmp_path, f"{HEAD}\r\nF-1;é;1\r\nF-2;b;2\r\n", "utf-16")
    cut = cut_span(path, first=2, last=2, head=1, number="F-1", shared=False)
    assert cut is not None
    assert cut.content.decode("utf-8") == f"{HEAD}\r\nF-1;é;1\r\n"


def test_a_workbook_is_not_cut(tmp_path: Path) -> None:
    path = tmp_path / "ventes.xlsx"
    path.write_bytes(b"PK\x03\x04rest")
    assert cut_span(path, first=2, last=2, head=1, number="F-1", shared=False) is None
    assert cut_naming(path, "FA-00001") is None


@pytest.mark.parametrize(
    ("number", "taken"),
    [("FA-00001", (1, 3)), ("FA-0000", None), ("FA-1", None), ("", None), ("Fé-00002", (1, 4))],
)
def test_lines_of_a_second_file_are_found_by_the_whole_number(
    tmp_path: Path, number: str, taken: tuple[int, ...] | None
) -> None:
    path = extract(tmp_path, "NUM;LIGNE\nFA-000011;1\nFA-00001;2\nFé-00002;3\n")
    cut = cut_naming(path, number)
    assert (None if cut is None else cut.lines) == taken
