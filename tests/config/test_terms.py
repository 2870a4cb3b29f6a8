"""The registry of business terms."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from config.terms import Group, Term, TermError, name_of, parse_registry, registry, term
from transforms import invoice as model

ENTRY = "groups: {}\nterms:\n  BT-1: {kind: identifier, path: number, fr: N, en: N}\n"


def leaf_type(root: type, path: str) -> Any:
    """Follow ``path`` through the model; raises when a step does not exist."""
    kind: Any = root
    for step in path.split("."):
        name = step.removesuffix("[]")
        if get_origin(kind) is tuple:
            return get_args(kind)[int(name)]
        assert is_dataclass(kind), path
        kind = get_type_hints(kind, vars(model), vars(model))[name]
        if (get_origin(kind) is tuple and step.endswith("[]")) or get_origin(kind) is UnionType:
            kind = get_args(kind)[0]
    return kind


@pytest.mark.parametrize(
    "entry", [t for t in registry().terms.values() if t.path], ids=lambda t: t.id
)
def test_every_path_leads_to_a_field_of_the_kind_it_says(entry: Term) -> None:
    root = model.Invoice if entry.level == "document" else model.InvoiceLine
    expected = {"date": "date", "amount": "Decimal", "quantity": "Decimal", "price": "Decimal"}
    expected["rate"] = "Decimal"
    assert leaf_type(root, entry.path or "").__name__ == expected.get(entry.kind, "str")


@pytest.mark.parametrize("group", registry().groups.values(), ids=lambda g: g.id)
def test_every_group_is_a_tuple_of_the_model_and_fixes_fields_of_its_members(group: Group) -> None:
    root = model.Invoice if group.level == "document" else model.InvoiceLine
    member = leaf_type(root, group.path)
    assert group.path.endswith("[]")
    if group.fixed:
        assert set(group.fixed) <= {item.name for item in fields(member)}


def test_each_term_has_a_place_of_its_own() -> None:
    places = [(t.level, t.group, t.path) for t in registry().terms.values() if t.path]
    assert len(places) == len(set(places))


def test_names_are_given_in_both_languages_and_unknown_ids_stay_as_they_are() -> None:
    assert name_of("BT-1", "fr") == "Numéro de facture"
    assert name_of("BT-1", "en") == "Invoice number"
    assert name_of("BG-20", "en") == "Document allowance"
    assert name_of("BT-999", "fr") == "BT-999"
    assert name_of(None, "fr") == ""


def test_an_unknown_term_is_refused_by_name() -> None:
    with pytest.raises(TermError, match="BT-999"):
        term("BT-999")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ENTRY.replace("identifier", "colour"), "colour"),
        (ENTRY.replace("en: N", "en: N, shade: 1"), "shade"),
        (ENTRY.replace("en: N", "en: N, group: BG-9"), "BG-9"),
        (
            'groups: {BG-1: {path: "notes[]", fr: N, en: N}}\n'
            "terms: {BT-22: {kind: text, path: number, group: BG-1, fr: N, en: N}}",
            "not below",
        ),
        ("groups: {BG-1: {fr: N, en: N}}\nterms: {}", "BG-1"),
    ],
)
def test_a_malformed_registry_names_its_entry(text: str, reason: str) -> None:
    with pytest.raises(TermError, match=reason):
        parse_registry(text)


@pytest.mark.parametrize(
    ("term_id", "text", "accepted"),
    [
        ("BT-92", "10.50", True),
        ("BT-92", "10,50", False),
        ("BT-92", "NaN", False),
        ("BT-2", "2026-02-28", True),
        ("BT-2", "28/02/2026", False),
        ("BT-1", "anything", True),
    ],
)
def test_fixed_values_are_iso_dates_and_numbers_with_a_point(
    term_id: str, text: str, accepted: bool
) -> None:
    assert term(term_id).accepts(text) is accepted
