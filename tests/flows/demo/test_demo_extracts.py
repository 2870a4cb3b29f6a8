"""The sample extracts that ship: they come out the same again, and hold what they should."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import pytest
from pypdf import PdfReader

from flows.demo.generate import ENERGY_FILE, WORKS_FILE, Generator
from flows.demo.stage import scenario_text
from flows.demo.story import load_story
from flows.demo.wrong import FORMER, LATE, UNEXPLAINED, WRONGS
from flows.extracts import load_company
from flows.ledger import InvoiceState
from flows.sandbox import parse_scenario

DATA = Path(str(files("flows.demo"))) / "data"


@pytest.fixture(scope="module")
def generated() -> Mapping[str, bytes]:
    return Generator().files()


@pytest.fixture(scope="module")
def lines(generated: Mapping[str, bytes]) -> list[dict[str, str]]:
    """The rows of both extracts; a bad byte is replaced, headers are carried on."""
    found = []
    for name, separator in ((ENERGY_FILE, ";"), (WORKS_FILE, "\t")):
        text = generated[f"night1/{name}"].decode("utf-8", "replace")
        head: dict[str, str] = {}
        for row in csv.DictReader(io.StringIO(text), delimiter=separator, restval=""):
            if row["invoice_number"] != head.get("invoice_number"):
                head = row
            found.append({**head, **{key: cell for key, cell in row.items() if cell}})
    return found


def test_the_generator_makes_the_files_that_ship(generated: Mapping[str, bytes]) -> None:
    for name, content in generated.items():
        assert (DATA / name).read_bytes() == content, name


def test_nothing_else_ships_and_it_is_small(generated: Mapping[str, bytes]) -> None:
    names = {path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file()}
    assert names == {*generated, "company.yaml", "scenario.yaml"}
    assert sum(len(content) for content in generated.values()) < 1_500_000


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("document_type", {"380", "381"}),
        ("process_code", {"A1", "A2", "A9"}),
        ("payment_means", {"30", "58", "48", "20", "10"}),
        ("contract_kind", {"BC", "CT"}),
        ("vat_code", {"N20", "I10", "R55", "P21", "EXO", "AUTO"}),
    ],
)
def test_a_column_holds_every_value_it_should(
    lines: list[dict[str, str]], column: str, values: set[str]
) -> None:
    counted = Counter(row.get(column, "") for row in lines)
    assert all(counted[value] >= 5 for value in values), counted


def test_numbers_codes_and_names_are_those_of_a_real_night(lines: list[dict[str, str]]) -> None:
    assert len({row["invoice_number"] for row in lines}) >= 2000
    assert any(row["invoice_number"].startswith("00") for row in lines)
    assert any(row["engagement_number"].startswith("0") for row in lines)
    assert any(row["buyer_postcode"].startswith("0") for row in lines)
    assert any("\n" in row["note_1"] for row in lines)
    assert any('"' in row["item_name"] for row in lines)
    assert any("œ" in row["item_name"] for row in lines)
    credit_notes = [row for row in lines if row["document_type"] == "381"]
    assert all(row["preceding_invoice_1_number"] for row in credit_notes)


def test_a_right_invoice_uses_only_vat_codes_and_units_of_the_company_file(
    lines: list[dict[str, str]],
) -> None:
    company = load_company(DATA / "company.yaml")
    wrong = {fate.number for fate in load_story()[0].fates}
    right = [row for row in lines if row["invoice_number"] not in wrong]
    assert {row["vat_code"] for row in right} == set(company.vat_codes)
    assert {row["unit"] for row in right} <= set(company.units)


def test_attachments_that_ship_are_real_pdfs(generated: Mapping[str, bytes]) -> None:
    shipped = [content for name, content in generated.items() if name.endswith(".pdf")]
    real = [content for content in shipped if content]
    assert len(real) == len(shipped) - 1 >= 40
    for content in real:
        assert len(PdfReader(io.BytesIO(content), strict=True).pages) == 1
    assert {f"attachments-late/{name}" for name in LATE} <= set(generated)


def test_the_script_tells_every_wrong_invoice() -> None:
    first, second = load_story()
    expected = Counter(wrong.rule for wrong in WRONGS for _ in range(wrong.count))
    expected += Counter({"XT-KEY-01": 2, "LG-SAME-NIGHT-01": 1})
    assert first.reasons == dict(sorted(expected.items()))
    assert sum(wrong.count for wrong in WRONGS) >= 36
    assert len(WRONGS) >= 24
    for night in (first, second):
        assert sum(night.states.values()) == night.read
    corrected = sum(wrong.count for wrong in WRONGS if wrong.corrected)
    assert second.states[InvoiceState.INTEGRATED] == corrected + len(LATE)


def test_the_documentation_tells_every_way_of_being_wrong() -> None:
    page = (Path(__file__).parents[3] / "docs" / "demo.md").read_text(encoding="utf-8")
    for wrong in WRONGS:
        assert f"| {wrong.what} | `{wrong.rule}` | {wrong.count} |" in page, wrong.what


def test_the_scenario_knows_the_numbers_it_is_about() -> None:
    scenario = parse_scenario(scenario_text(), "scenario.yaml")
    assert list(scenario.rejections_of(UNEXPLAINED, "", "", 1))
    assert not list(scenario.rejections_of("0026104000", "", "", 1))
    assert all(scenario.life(number, "", "", 90).statuses == () for number in FORMER)
