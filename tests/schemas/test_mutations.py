"""The mutation check: what is broken is caught, or named with its reason."""

from __future__ import annotations

import pytest

from config.target import SyntaxName
from config.terms import registry
from schemas.rules import check
from tests.support.full_invoices import credited, exempt
from tests.support.mutation_table import (
    BEGIN,
    END,
    ONE_SYNTAX,
    PAGE,
    REASONS,
    Row,
    render,
    rows,
)
from tests.support.mutations import SYNTAXES, TARGETS, judge, rule_context
from tests.support.xml_mutations import XmlMutation, judge_xml, source, xml_mutations
from transforms.invoice import Invoice

#: Terms that Chorus Pro or EN 16931 ask for in every invoice: without one the rules block.
MANDATORY = frozenset(
    [
        "BT-1",
        "BT-2",
        "BT-3",
        "BT-5",
        "BT-27",
        "BT-30",
        "BT-44",
        "BT-47",
        "BT-55",
        "BT-81",
        "BT-84",
        "BT-106",
        "BT-109",
        "BT-112",
        "BT-115",
        "BT-116",
        "BT-117",
        "BT-118",
        "BT-119",
        "BT-126",
        "BT-129",
        "BT-130",
        "BT-131",
        "BT-146",
        "BT-151",
        "BT-153",
    ]
)


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return rows()


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("invoice", [credited(), exempt()], ids=["credited", "exempt"])
def test_nothing_is_wrong_before_it_is_broken(
    invoice: Invoice, target: str, syntax: SyntaxName
) -> None:
    assert check(invoice, rule_context(target, syntax)) == ()
    assert judge(invoice, target, syntax) == ()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_xml_is_valid_before_it_is_broken(syntax: SyntaxName) -> None:
    assert judge_xml(source(syntax).encode(), syntax) == ()


def test_every_term_of_the_model_is_broken(table: list[Row]) -> None:
    terms = {term.id for term in registry().terms.values() if term.path is not None}
    assert terms <= {row.term for row in table}


def test_every_miss_for_chorus_pro_has_its_reason(table: list[Row]) -> None:
    missed = [row for row in table if row.missed_in()]
    assert [(row.term, row.way) for row in missed if row.reason is None] == []


def test_no_reason_outlives_its_miss(table: list[Row]) -> None:
    missed = {(row.term, row.way) for row in table if len(row.missed_in()) == len(SYNTAXES)}
    assert {(term, way) for way, term in REASONS if term is not None} <= missed
    assert set(ONE_SYNTAX) <= {(row.term, row.way) for row in table if len(row.missed_in()) == 1}


def test_an_invoice_without_a_mandatory_term_is_blocked_by_the_rules(table: list[Row]) -> None:
    for row in table:
        if row.way == "removed" and row.term in MANDATORY:
            for syntax in SYNTAXES:
                verdict = row.verdicts["chorus_direct", syntax]
                assert any(one.layer == "rules" and one.blocks for one in verdict), row.term


def test_no_code_and_no_wrong_sum_passes_in_silence(table: list[Row]) -> None:
    ways = {"unknown code", "too many decimals", "in 1926"}
    passed = {row.term for row in table if row.way in ways and len(row.missed_in()) == 2}
    assert passed == {"CP-SOUS-TYPE-LIGNE"}


@pytest.mark.parametrize(
    "broken", list(xml_mutations()), ids=lambda one: f"{one.syntax}-{one.term}-{one.way}"
)
def test_what_the_model_cannot_hold_is_caught_in_the_xml(broken: XmlMutation) -> None:
    assert any(one.blocks for one in judge_xml(broken.xml, broken.syntax))


def test_the_page_has_the_tables(table: list[Row]) -> None:
    page = PAGE.read_text("utf-8")
    section = page.partition(BEGIN)[2].partition(END)[0]
    assert section == "\n" + render(table), "run: python -m tools.mutations"
