"""Builders of model objects."""

from __future__ import annotations

from typing import Any

from transforms.building import Cell, Reading, Wiring, compile_tree
from transforms.converters import ReadError
from transforms.invoice import Address, Identifier, Invoice, Item, Party


def read_text(text: str) -> tuple[Any, str]:
    if text == "bad":
        raise ReadError("MP-NUMBER-01", {"decimal": "."})
    stripped = text.strip()
    return (stripped, stripped) if stripped else (None, "")


def cell(path: str, rank: int) -> Wiring:
    steps = tuple(path.split("/"))
    return Wiring(steps, Cell(steps[-1], rank, read_text, path, f"c{rank}", f"{path}="))


def build(wirings: list[Wiring], *row: str, root: type = Invoice) -> tuple[Any, Reading]:
    reading = Reading("a.csv", 7)
    return compile_tree(root, wirings, {}).build(row, reading), reading


def test_an_optional_object_appears_when_one_of_its_cells_does() -> None:
    wirings = [cell("seller/address/city", 0)]
    assert build(wirings, "Lille")[0].seller.address == Address(city="Lille")
    assert build(wirings, "")[0].seller.address is None
    assert build(wirings, " ")[0] == Invoice()


def test_a_complement_alone_makes_no_object_a_given_value_does() -> None:
    country = Wiring(("seller", "address", "country"), complement="FR")
    wirings = [cell("seller/address/city", 0), country]
    assert build(wirings, "")[0].seller.address is None
    assert build(wirings, "Lille")[0].seller.address == Address(city="Lille", country="FR")
    given = Wiring(("seller", "address", "city"), given="Roubaix")
    assert build([given, country])[0].seller.address == Address(city="Roubaix", country="FR")


def test_a_cell_wins_over_a_given_value() -> None:
    wiring = cell("number", 0)
    wiring.given, wiring.complement = "given", "default"
    assert build([wiring], "cell")[0].number == "cell"
    assert build([wiring], "")[0].number == "given"


def test_columns_that_are_not_in_the_file_cost_nothing_and_make_nothing() -> None:
    tree = compile_tree(Invoice, [Wiring(("payee", "name")), Wiring(("number",))], {})
    assert tree.fixed
    assert tree.build((), Reading()) == Invoice()


def test_a_scheme_without_a_value_identifies_nothing() -> None:
    scheme = Wiring(("seller", "legal_id", "scheme"), complement="1")
    wirings = [cell("seller/legal_id/value", 0), scheme]
    assert build(wirings, "123")[0].seller == Party(legal_id=Identifier("123", "1"))
    assert build(wirings, "")[0].seller == Party()
    assert build([cell("seller/legal_id/scheme", 0)], "2")[0].seller == Party()


def test_members_of_a_repeating_group_that_are_empty_are_left_out() -> None:
    wirings = [cell("attributes[BG-32.1]/0", 0), cell("attributes[BG-32.1]/1", 1)]
    wirings += [cell("attributes[BG-32.2]/0", 2), cell("attributes[BG-32.2]/1", 3)]
    assert build(wirings, "", "", "a", "b", root=Item)[0].attributes == (("a", "b"),)
    assert build(wirings, "a", "", "", "", root=Item)[0].attributes == ()


def test_a_refused_cell_is_reported_where_it_stands_and_still_said() -> None:
    found, reading = build([cell("number", 0)], "bad")
    assert found.number is None
    (finding,) = reading.findings
    assert (finding.rule, finding.bt, finding.value) == ("MP-NUMBER-01", "number", "bad")
    assert str(finding.location) == "a.csv, line 7, column c0"
    assert reading.said == ["number=bad"]


def test_an_object_the_row_says_nothing_of_is_shared() -> None:
    tree = compile_tree(Item, [cell("name", 0)], {})
    assert tree.build(("",), Reading()) is tree.build(("",), Reading())
