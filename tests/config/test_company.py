"""The company file."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from config.company import PLACES, Company
from config.terms import registry

COMPANY: dict[str, Any] = {
    "key": "north",
    "seller": {
        "name": "Papeterie du Nord",
        "siret": "732 829 320 00074",
        "address": {
            "line1": "1 rue du Port",
            "postcode": "59000",
            "city": "Lille",
            "country": "FR",
        },
    },
    "payment": {"means": "30", "iban": "FR7630006000011234567890189"},
    "defaults": {"BT-8": "5"},
    "vat_codes": {"N": {"category": "S", "rate": "20"}},
}


def test_everyday_words_become_business_terms() -> None:
    values = Company.model_validate(COMPANY).values
    assert values["BT-27"] == "Papeterie du Nord"
    assert values["BT-30"] == "73282932000074"
    assert values["BT-30-1"] == "1"
    assert values["BT-84"] == "FR7630006000011234567890189"
    assert values["BT-8"] == "5"


def test_an_identifier_type_without_identifier_says_nothing() -> None:
    values = Company.model_validate({"seller": {"name": "A"}, "payee": {"name": "F"}}).values
    assert "BT-30-1" not in values
    assert "BT-61-1" not in values
    assert Company().values == {}


def test_every_place_of_the_file_feeds_an_existing_term() -> None:
    assert set(PLACES.values()) <= set(registry().terms)


def test_rates_are_exact_decimals() -> None:
    rates = Company.model_validate({"vat_codes": {"R": {"category": "S", "rate": "5.5"}}})
    assert rates.vat_codes["R"].rate == Decimal("5.5")


def test_a_company_travels_to_worker_processes() -> None:
    company = Company.model_validate(COMPANY)
    assert company.values
    assert pickle.loads(pickle.dumps(company)) == company


def test_known_sellers_are_those_of_the_file() -> None:
    assert Company.model_validate(COMPANY).sellers == ("73282932000074",)
    assert Company().sellers == ()


@pytest.mark.parametrize(
    "change",
    [
        {"sellr": {}},
        {"seller": {"siret": 73282932000074}},
        {"defaults": {"BT-999": "x"}},
        {"defaults": {"BT-126": "1"}},
        {"defaults": {"BT-9": "tomorrow"}},
        {"vat_codes": {"N": {"category": "X"}}},
        {"vat_codes": {"N": {"category": "S", "rate": "120"}}},
        {"vat_codes": {"N": {"category": "S"}}},
        {"vat_codes": {"N": {"category": "S", "rate": "0"}}},
        {"vat_codes": {"X": {"category": "E", "rate": "20"}}},
        {"vat_codes": {"X": {"category": "O", "rate": "5.5"}}},
        {"vat_codes": {"X": {"category": "L"}}},
        {"vat_codes": {"X": {"category": "B", "rate": "0"}}},
        {"vat_codes": {20: {"category": "S", "rate": "20"}}},
        {"companies": {10: {}}},
        {"seller": {"address": {"country": "France"}}},
    ],
)
def test_wrong_keys_and_values_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Company.model_validate(change)


CODES: dict[str, Any] = COMPANY | {
    "companies": {
        "0010": {
            "seller": {"siret": "73282932000082", "address": {"city": "Lens"}},
            "vat_codes": {"N": {"category": "O", "reason": "Hors champ"}},
            "defaults": {"BT-11": "P"},
        },
        "0020": {},
    }
}


def test_a_company_code_replaces_what_it_gives_and_keeps_the_rest() -> None:
    company = Company.model_validate(CODES)
    found = company.for_code("0010")
    assert found is not None
    assert found.values["BT-30"] == "73282932000082"
    assert (found.values["BT-37"], found.values["BT-38"]) == ("Lens", "59000")
    assert (found.values["BT-8"], found.values["BT-11"]) == ("5", "P")
    assert found.vat_codes["N"].category == "O"  # not O with the rate of 20 below it
    same = company.for_code("0020")
    assert same is not None
    assert same.values == company.values
    assert company.for_code("0030") is None


def test_each_company_code_is_made_once_and_travels_light() -> None:
    company = Company.model_validate(CODES)
    before = len(pickle.dumps(company))
    found = company.for_code("0010")
    assert found is not None
    assert company.for_code("0010") is found
    assert len(pickle.dumps(company)) == before
    assert pickle.loads(pickle.dumps(company)) == company


def test_sellers_of_every_company_code_are_known() -> None:
    assert Company.model_validate(CODES).sellers == ("73282932000074", "73282932000082")


def test_a_company_remembers_its_file() -> None:
    company = Company.model_validate(CODES).kept_at("/etc/firm/societe.yaml")
    assert (company.path, company.file_name) == ("/etc/firm/societe.yaml", "societe.yaml")
    found = company.for_code("0010")
    assert found is not None
    assert found.file_name == "societe.yaml"
    assert pickle.loads(pickle.dumps(company)).file_name == "societe.yaml"
    assert Company().file_name == ""


@pytest.mark.parametrize("entry", [{"category": "L", "rate": "0"}, {"category": "M", "rate": "4"}])
def test_every_category_of_the_norm_can_be_given(entry: dict[str, Any]) -> None:
    Company.model_validate({"vat_codes": {"X": entry}})
