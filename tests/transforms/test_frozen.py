"""Frozen dataclasses that are made faster are frozen dataclasses all the same."""

from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from transforms import invoice
from transforms.frozen import made_fast
from transforms.invoice import (
    AllowanceCharge,
    Identifier,
    Invoice,
    InvoiceLine,
    Party,
    Price,
    Provenance,
)


@made_fast
@dataclass(frozen=True, slots=True)
class Made:
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    fourth: int = field(default=4, kw_only=True)


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    fourth: int = field(default=4, kw_only=True)


def values(one: object) -> list[object]:
    return [getattr(one, name) for name in ("first", "second", "third", "fourth")]


def test_arguments_and_defaults_are_those_of_the_dataclass() -> None:
    assert values(Made(1)) == values(Plain(1))
    assert values(Made(1, "b", [3], fourth=5)) == values(Plain(1, "b", [3], fourth=5))
    assert Made(1).third is not Made(1).third
    for wrong in ({}, {"first": 1, "fifth": 5}):
        with pytest.raises(TypeError):
            Made(**wrong)
    assert list(inspect.signature(Made).parameters) == list(inspect.signature(Plain).parameters)


def test_it_stays_frozen_and_compares_and_copies_as_before() -> None:
    one = Made(1, fourth=7)
    with pytest.raises(FrozenInstanceError):
        one.first = 2
    assert replace(one, first=2) == Made(2, fourth=7)
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one
    assert repr(one) == "Made(first=1, second='two', third=[], fourth=7)"


def test_an_invoice_without_anything_has_its_parts() -> None:
    assert Invoice().seller == Party()
    assert InvoiceLine().price == Price()
    assert AllowanceCharge(is_charge=True).amount is None
    assert Identifier("1", "2").scheme_version is None


PARTS = [
    part
    for part in vars(invoice).values()
    if inspect.isclass(part) and part.__module__ == invoice.__name__ and part is not Provenance
]


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_the_model_takes_its_own_argument(part: Any) -> None:
    given = {one.name: object() for one in fields(part)}
    made = part(**given)
    assert {name: getattr(made, name) for name in given} == given
