"""The allow-list of CII elements, row by row, against UN/CEFACT's D16B schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree

from schemas.allowlist import AllowList, check, load_allowlist
from schemas.catalogue import load_schema
from tests.conformance.conftest import AIFE_FOLDERS, D16B

pytestmark = pytest.mark.conformance

Element = xmlschema.validators.XsdElement


def walk(listed: AllowList, root: Element) -> dict[tuple[str, str], list[Element | None]]:
    """Return per listed row (parent, child) the declarations met on every allowed path."""
    met: dict[tuple[str, str], list[Element | None]] = {}
    done: set[tuple[str, str | None]] = set()
    todo = [(listed.root, root)]
    while todo:
        name, declared = todo.pop()
        if (name, declared.type.name) in done or name not in listed.elements:
            continue
        done.add((name, declared.type.name))
        kind: Any = declared.type  # a complex one: it has listed children
        content = kind.content
        known: dict[str, Element] = {one.name: one for one in content.iter_elements()}
        children = listed.elements[name]
        for child in (*children.one, *children.many):
            found = known.get(listed.tag(child))
            met.setdefault((name, child), []).append(found)
            if found is not None:
                todo.append((child, found))
    return met


@pytest.fixture(scope="module")
def listed() -> AllowList:
    return load_allowlist()


@pytest.fixture(scope="module")
def in_d16b(data_folder: Path, listed: AllowList) -> dict[tuple[str, str], list[Element | None]]:
    schema = xmlschema.XMLSchema10(str(data_folder / D16B), allow="local")
    return walk(listed, schema.elements["CrossIndustryInvoice"])


@pytest.fixture(scope="module")
def in_d22b(listed: AllowList) -> dict[tuple[str, str], list[Element | None]]:
    schema = xmlschema.XMLSchema10(str(load_schema("cii-d22b").main), allow="local")
    return walk(listed, schema.elements["CrossIndustryInvoice"])


def test_every_row_is_met(
    listed: AllowList, in_d16b: dict[tuple[str, str], list[Element | None]]
) -> None:
    rows = {
        (parent, child)
        for parent, children in listed.elements.items()
        for child in (*children.one, *children.many)
    }
    assert len(rows) > 250
    assert set(in_d16b) == rows


def test_every_allowed_path_exists_in_d16b(
    in_d16b: dict[tuple[str, str], list[Element | None]],
) -> None:
    assert [row for row, declared in in_d16b.items() if None in declared] == []


def test_no_row_allows_more_than_d16b(
    listed: AllowList, in_d16b: dict[tuple[str, str], list[Element | None]]
) -> None:
    too_many = [
        (parent, child)
        for (parent, child), declared in in_d16b.items()
        for one in declared
        if one is not None and one.max_occurs is not None and child in listed.elements[parent].many
    ]
    assert too_many == []


def test_what_d16b_requires_is_required_by_the_gate(
    in_d16b: dict[tuple[str, str], list[Element | None]],
    in_d22b: dict[tuple[str, str], list[Element | None]],
) -> None:
    """Two mandatory elements of D16B are optional in D22B; our rules ask for both."""
    looser = {
        row
        for row, declared in in_d16b.items()
        for old, new in zip(declared, in_d22b[row], strict=True)
        if old is not None and new is not None and old.min_occurs > new.min_occurs
    }
    assert looser == {
        ("rsm:ExchangedDocument", "ram:ID"),  # BT-1: BR-02
        ("ram:IncludedSupplyChainTradeLineItem", "ram:AssociatedDocumentLineDocument"),  # BR-21
    }


def test_the_gate_admits_no_attribute_that_d16b_does_not_know(
    in_d16b: dict[tuple[str, str], list[Element | None]],
    in_d22b: dict[tuple[str, str], list[Element | None]],
) -> None:
    newer = {
        (row, str(attribute))
        for row, declared in in_d16b.items()
        for old, new in zip(declared, in_d22b[row], strict=True)
        if old is not None and new is not None
        for attribute in set(new.attributes) - set(old.attributes)
    }
    assert newer == set()


def test_aife_samples_hold_only_allowed_elements(data_folder: Path) -> None:
    paths = [p for name in AIFE_FOLDERS for p in (data_folder / "chorus" / name).glob("*.xml")]
    assert len(paths) == 60
    refused = {path.name: check(etree.parse(path).getroot()) for path in paths}
    assert {name: found for name, found in refused.items() if found} == {}
