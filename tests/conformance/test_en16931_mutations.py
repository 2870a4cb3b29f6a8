"""Our EN 16931 rules against the official ones on documents that nobody has seen before.

Documents and unit tests of the reference data are broken at random, by a fixed seed: an element
left out or emptied, another code, another amount, blanks around a text, an attribute changed. The
verdict must still be the official one.
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

pytestmark = pytest.mark.conformance

SEED = 16931
MUTANTS = 1500
LARGEST = 40_000  # bytes of a document, so that the run stays short

#: Where the artefacts compute in binary, a difference of exactly one unit, or a half cent, falls
#: on either side; we compute in decimals.
BINARY = {
    "ubl": frozenset({"BR-S-08", "BR-AF-08", "BR-AG-08"}),
    "cii": frozenset({"BR-CO-10"}),
}

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


def test_a_broken_document_has_the_official_verdict(data_folder: Path, verdicts: Score) -> None:
    official = OfficialRules(data_folder / "rules")
    chance = random.Random(SEED)
    sources: dict[SyntaxName, list[Case]] = {"ubl": [], "cii": []}
    for case in (*unit_tests(data_folder), *documents(data_folder)):
        if len(case.xml) <= LARGEST:
            sources[syntax_of(case)].append(case)
    wrong = []
    judged = 0
    while judged < MUTANTS:
        syntax: SyntaxName = chance.choice(("ubl", "cii"))
        case = chance.choice(sources[syntax])
        root = etree.fromstring(case.xml, etree.XMLParser(remove_comments=True))
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
        if differing - BINARY[syntax]:
            wrong.append((case.name, sorted(differing)))
    assert wrong == []
