"""Faults of settings, profiles and company files in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from config.company import Company
from config.profile import Profile
from config.settings import Settings
from flows.wording import faults_of


def told(model: type[BaseModel], values: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(values)
    return [(".".join(keys), reason) for keys, reason in faults_of(caught.value, model)]


@pytest.mark.parametrize(
    ("model", "values", "expected"),
    [
        (Company, {"seler": {}}, ("seler", "there is no such key (did you mean 'seller'?)")),
        (
            Company,
            {"seller": {"adress": {}}},
            ("seller.adress", "there is no such key (did you mean 'address'?)"),
        ),
        (
            Company,
            {"payee": {"nam": "F"}},
            ("payee.nam", "there is no such key (did you mean 'name'?)"),
        ),
        (
            Company,
            {"vat_codes": {"N": {"categry": "S"}}},
            ("vat_codes.N.categry", "there is no such key (did you mean 'category'?)"),
        ),
        (
            Profile,
            {"profile": "p", "header": {"BT-1": {"column": "n", "constnat": "x"}}},
            ("header.BT-1.constnat", "there is no such key (did you mean 'constant'?)"),
        ),
        (
            Profile,
            {
                "profile": "p",
                "header": {},
                "filters": [{"name": "x", "colunm": "T", "equals": "a"}],
            },
            ("filters.0.colunm", "there is no such key (did you mean 'column'?)"),
        ),
        (Settings, {"zebra": 1}, ("zebra", "there is no such key")),
        (
            Company,
            {"seller": {"siret": 73282932000074}},
            ("seller.siret", "must be text: write it in quotes, '73282932000074'"),
        ),
        (
            Profile,
            {"profile": "p", "header": {}, "numbers": {"decimal": ",", "thousands": ","}},
            ("numbers", "the decimal and the thousands mark are the same"),
        ),
        (Profile, {"header": {}}, ("profile", "this key is needed")),
        (
            Settings,
            {"syntax": "edifact"},
            ("syntax", "must be 'cii' or 'ubl', not 'edifact'"),
        ),
        (
            Settings,
            {"bundle": {"max_invoices": 900}},
            ("bundle.max_invoices", "must be less than or equal to 500, not 900"),
        ),
    ],
)
def test_a_fault_names_its_key_and_says_what_to_write(
    model: type[BaseModel], values: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert expected in told(model, values)


def test_a_long_or_nested_value_is_not_repeated() -> None:
    assert told(Settings, {"landing": {"folder": ["x"] * 40}})[0][1].count("x") == 0
    assert "y" * 61 not in told(Settings, {"syntax": "y" * 61})[0][1]
