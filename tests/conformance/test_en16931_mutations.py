"""Our EN 16931 rules against the official ones on documents that nobody has seen before.

Documents and unit tests of the reference data are broken at random, by a fixed seed: an element
left out or emptied, another code, another amount, blanks around a text, an attribute changed; or
given another structure: pieces of other documents, repeated ones, another root. The verdict must
still be the official one; for UBL the second run asks the published stylesheet itself.
"""

from __future__ import annotations

import random
import re
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from config.target import SyntaxName
from tests.conformance.test_en16931_verdicts import Case, documents, ours, unit_tests
from tests.support.coverage import Score
from tests.support.official_rules import OfficialRules
from tests.support.xml_structures import Structures

pytestmark = pytest.mark.conformance

SEED = 16931
MUTANTS = 1500
STRUCTURES = 1200
LARGEST = 40_000  # bytes of a document, so that the run stays short

TEXTS = (
    *("", "X", "0", "1", "-1", "100.005", "S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B"),
    *("FR", "IT", "EUR", "USD", "380", "381", "30", "58", "true", "false", "VAT", "LOC", "VA"),
    *("0002", "0088", "ZZZ", "2026-01-31", "20260131", "F", "130", "50", "72", "#ABC#x"),
)
STEPS = ("0.01", "-0.01", "0.99", "1.01", "-2", "100", "0.001", "0.4", "-200")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def leaves(root: etree._Element) -> list[etree._Element]:
    return [one for one in root.iter(etree.Element) if len(one) == 0 and one is not root]


def mutate(root: etree._Element, chance: random.Random) -> None:
    kind = chance.choice(("remove", "empty", "text", "amount", "swap", "pad", "attribute"))
    if len(root) == 0:
        return
    element = chance.choice(leaves(root))
    if kind == "remove":
        element = chance.choice(list(root.iterdescendants(etree.Element)))
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)
    elif kind == "empty":
        element.text = None
    elif kind == "text":
        element.text = chance.choice(TEXTS)
    elif kind == "pad":
        element.text = chance.choice((" {}", "{}\n")).format(element.text or "")
    elif kind == "swap":
        same = [one for one in leaves(root) if one.tag == element.tag]
        element.text = chance.choice(same).text
    elif kind == "amount":
        numbers = [one for one in leaves(root) if _NUMBER.fullmatch(one.text or "")]
        if numbers:
            element = chance.choice(numbers)
            element.text = f"{Decimal(element.text or '0') + Decimal(chance.choice(STEPS)):f}"
    elif element.attrib:
        name = chance.choice(sorted(element.attrib))
        element.set(name, chance.choice(TEXTS))


def syntax_of(case: Case) -> SyntaxName:
    return "cii" if case.kind.endswith("cii") else "ubl"


def parsed(case: Case) -> etree._Element:
    return etree.fromstring(case.xml, etree.XMLParser(remove_comments=True))


@pytest.fixture(scope="module")
def official(data_folder: Path) -> OfficialRules:
    return OfficialRules(data_folder / "rules")


@pytest.fixture(scope="module")
def sources(data_folder: Path) -> dict[SyntaxName, list[Case]]:
    found: dict[SyntaxName, list[Case]] = {"ubl": [], "cii": []}
    for case in (*unit_tests(data_folder), *documents(data_folder)):
        if len(case.xml) <= LARGEST:
            found[syntax_of(case)].append(case)
    return found


def test_a_broken_document_has_the_official_verdict(
    official: OfficialRules, sources: dict[SyntaxName, list[Case]], verdicts: Score
) -> None:
    chance = random.Random(SEED)
    wrong = []
    judged = 0
    while judged < MUTANTS:
        syntax: SyntaxName = chance.choice(("ubl", "cii"))
        case = chance.choice(sources[syntax])
        root = parsed(case)
        for _ in range(chance.randint(1, 3)):
            mutate(root, chance)
        xml = etree.tostring(root, encoding="unicode")
        told = official.verdict(syntax, xml)
        if told is None:
            continue  # the official rules fail themselves: a number or date that is none
        judged += 1
        mine = ours(xml.encode())
        differing = (mine[0] ^ told[0]) | (mine[1] ^ told[1])
        verdicts.count(f"mutants {syntax}", right=not differing)
        if differing:
            wrong.append((case.name, sorted(differing)))
    assert wrong == []


def test_a_document_of_another_structure_has_the_official_verdict(
    official: OfficialRules, sources: dict[SyntaxName, list[Case]], verdicts: Score
) -> None:
    chance = random.Random(SEED)
    structures = {
        syntax: Structures(syntax, map(parsed, (one for one in cases if "unit" not in one.kind)))
        for syntax, cases in sources.items()
    }
    wrong = []
    judged = 0
    while judged < STRUCTURES:
        syntax: SyntaxName = chance.choice(("ubl", "cii"))
        case = chance.choice(sources[syntax])
        root = parsed(case)
        for _ in range(chance.randint(1, 4)):
            root = structures[syntax].change(root, chance)
        if chance.random() < 0.5:
            mutate(root, chance)
        xml = etree.tostring(root, encoding="unicode")
        told = official.published(xml) if syntax == "ubl" else official.verdict(syntax, xml)
        if told is None:
            continue
        judged += 1
        mine = ours(xml.encode())
        differing = (mine[0] ^ told[0]) | (mine[1] ^ told[1])
        verdicts.count(f"structures {syntax}", right=not differing)
        if differing:
            wrong.append((case.name, sorted(differing)))
    assert wrong == []
