"""Rows of joined files, kept on disk and asked per invoice."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from config.profile import Join
from flows.joins import JoinIndex
from transforms.grouping import RowBlock
from transforms.records import RowFault

CUSTOMER = Join.model_validate({"name": "customer", "files": "c", "on": {"KUNNR": "ACCOUNT"}})
VAT = Join.model_validate(
    {
        "name": "vat",
        "files": "v",
        "to": "lines",
        "on": {"KNUMV": "header.KNUMV", "KPOSN": "POSNR"},
    }
)
ITEM = Join.model_validate({"name": "item", "files": "i", "to": "lines", "on": {"MATNR": "MATNR"}})
BY_PARTNER = Join.model_validate({"name": "payer", "files": "c", "on": {"KUNNR": "customer.PAYER"}})
HEADER = RowBlock("h", "hh", ("ACCOUNT", "KNUMV"), (("0007", "9"),), (2,))
LINES = RowBlock("l", "ll", ("POSNR", "MATNR"), (("10", "A"), ("20", "B"), ("30", "A")), (2, 3, 4))


def test_an_invoice_gets_the_rows_it_may_join_and_no_others(tmp_path: Path) -> None:
    with closing(JoinIndex(tmp_path / "x" / "j", [CUSTOMER, VAT, ITEM])) as index:
        index.add("customer", "c.csv", "cc", ["KUNNR", "NAME"], [(2, ("7", "a")), (3, ("8", "b"))])
        conditions = [(n, ("9" if n < 4 else "1", str(n * 10))) for n in range(1, 6)]
        index.add("vat", "v.csv", "vv", ["KNUMV", "KPOSN"], conditions)
        index.add("item", "i.csv", "ii", ["MATNR", "T"], [(2, ("B", "b")), (3, ("C", "c"))])
        index.ready()
        files = {"customer": ["cc"], "vat": ["vv"], "item": ["ii"]}
        found = {block.side: block for block in index.blocks(files, HEADER, LINES)}
    assert found["customer"].rows == (("7", "a"),)
    assert (found["customer"].file, found["customer"].lines) == ("c.csv", (2,))
    assert found["vat"].rows == (("9", "10"), ("9", "20"), ("9", "30"))
    assert found["item"].rows == (("B", "b"),)
    assert not (tmp_path / "x" / "j").exists()


def test_a_join_may_ask_for_what_an_earlier_one_brought(tmp_path: Path) -> None:
    with closing(JoinIndex(tmp_path / "j", [CUSTOMER, BY_PARTNER])) as index:
        rows = [(2, ("7", "8")), (3, ("8", ""))]
        for name in ("customer", "payer"):
            index.add(name, "c.csv", "cc", ["KUNNR", "PAYER"], rows)
        index.ready()
        files = {"customer": ["cc"], "payer": ["cc"]}
        found = {block.side: block for block in index.blocks(files, HEADER, LINES)}
    assert found["payer"].rows == (("8", ""),)


def test_rows_of_several_files_make_one_block(tmp_path: Path) -> None:
    with closing(JoinIndex(tmp_path / "j", [CUSTOMER])) as index:
        index.add("customer", "a.csv", "aa", ["KUNNR", "NAME", "X"], [(2, ("7", "a", "x"))])
        index.add("customer", "b.csv", "bb", ["NAME", "KUNNR"], [(5, ("b", "7"))])
        index.ready()
        (block,) = index.blocks({"customer": ["aa", "bb"]}, HEADER, LINES)
    assert (block.columns, block.rows) == (("KUNNR", "NAME"), (("7", "a"), ("7", "b")))


def test_a_file_of_another_set_is_not_asked(tmp_path: Path) -> None:
    with closing(JoinIndex(tmp_path / "j", [CUSTOMER])) as index:
        index.add("customer", "a.csv", "aa", ["KUNNR"], [(2, ("7",))])
        index.ready()
        assert index.blocks({"customer": []}, HEADER, LINES) == ()


def test_a_line_may_lack_an_unreadable_row_of_its_own(tmp_path: Path) -> None:
    with closing(JoinIndex(tmp_path / "j", [ITEM])) as index:
        rows = [(2, ("A", "a")), RowFault(3, (), ("B",), 1), RowFault(4, (), (), 0)]
        columns = ["MATNR", "T"]
        index.add("item", "i.csv", "ii", columns, rows, all_columns=columns)
        index.ready()

        def doubted(lines: RowBlock, *, hold: bool) -> list[int | None]:
            files = {"item": ["ii"]}
            blocks = index.blocks(files, HEADER, lines)
            doubts = index.doubts(files, HEADER, lines, blocks, hold=hold)
            return [finding.location.line for finding in doubts]

        assert doubted(LINES, hold=True) == [3, 4]
        assert doubted(LINES, hold=False) == [3]
        whole = RowBlock("l", "ll", LINES.columns, (("10", "A"),), (2,))
        assert doubted(whole, hold=True) == []
