"""JSON Schemas of the files that people write: they accept what the types accept, and help."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from config.company import Company
from config.json_schema import SCHEMA_NAMES, SchemaName, json_schema
from config.settings import Settings
from config.yaml_text import load_yaml

ROOT = Path(__file__).parents[2]
PROFILES = sorted((ROOT / "config" / "profiles").glob("*.yaml"))


def faults(name: SchemaName, value: Any) -> list[str]:
    return [error.message for error in Draft7Validator(json_schema(name)).iter_errors(value)]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from nodes(item)
    elif isinstance(value, list):
        for item in value:
            yield from nodes(item)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_each_schema_is_one_and_holds_together(name: SchemaName) -> None:
    schema = json_schema(name)
    Draft7Validator.check_schema(schema)
    json.dumps(schema)
    references = {node["$ref"] for node in nodes(schema) if isinstance(node.get("$ref"), str)}
    assert references <= {f"#/$defs/{key}" for key in schema["$defs"]}
    assert all(len(node) == 1 for node in nodes(schema) if isinstance(node.get("$ref"), str))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_the_shipped_profiles_are_right(path: Path) -> None:
    assert faults("profile", load_yaml(path.read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "profile",
    [
        {"profile": "p", "extends": "generic"},
        {"profile": "p", "header": {"BT-1": "N", "BT-3": {"column": "T", "default": "380"}}},
        {"profile": "p", "header": {}, "shape": {"key": "N"}},
        {"profile": "p", "header": {}, "shape": {"key": ["A", "B"], "contiguous": "auto"}},
        {"profile": "p", "header": {}, "filters": [{"name": "a", "column": "C", "in": ["x"]}]},
        {"profile": "p", "header": {}, "aliases": {"N": "Number", "D": ["Day", "Date"]}},
        {"profile": "p", "header": {}, "derived": {"lines": {"a": "number(B)"}}},
    ],
)
def test_a_profile_may_be_written_short(profile: dict[str, Any]) -> None:
    assert faults("profile", profile) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", {}),
        ("profile", {"profile": "p", "colour": "red"}),
        ("profile", {"profile": "p", "header": {"BT-999": "x"}}),
        ("profile", {"profile": "p", "header": {"BT-126": "x"}}),
        ("profile", {"profile": "p", "header": {"BT-1": {"colum": "x"}}}),
        ("profile", {"profile": "p", "format": {"encoding": "ebcdic"}}),
        ("profile", {"profile": "p", "repeated": [{"group": "BG-99", "terms": {"BT-22": "x"}}]}),
        ("company", {"sellr": {}}),
        ("company", {"seller": {"siret": 73282932000074}}),
        ("company", {"vat_codes": {"N": {"category": "X"}}}),
        ("company", {"defaults": {"BT-126": "x"}}),
        ("company", {"enrichment": [{"file": "a", "key": {"BT-84": "x"}, "gives": {}}]}),
        ("company", {"payment_terms": {"A": {"days": -1}}}),
        ("settings", {"landing": {"foldr": "x"}}),
        ("settings", {"environment": "moon"}),
    ],
)
def test_what_the_types_refuse_an_editor_shows(name: SchemaName, value: dict[str, Any]) -> None:
    assert faults(name, value)


COMPANY: dict[str, Any] = {
    "seller": {"name": "A", "siret": "73282932000074"},
    "payee": None,
    "vat_codes": {
        "N": {"category": "S", "rate": 20},
        "R": {"category": "S", "rate": 5.5},
        "D": {"category": "S", "rate": "2.1"},
        "H": {"category": "O", "reason": "Hors champ"},
    },
    "payment_terms": {"Z045": {"days": 45, "end_of_month": True, "day": 10}},
    "companies": {"0010": {"seller": {"name": "B"}, "defaults": {"BT-8": "5"}}},
    "enrichment": [
        {"file": "a.csv", "key": {"CF-CUSTOMER": "client"}, "gives": {"BT-47": "siret"}}
    ],
}


def test_a_company_file_is_right_for_the_types_and_for_the_schema() -> None:
    Company.model_validate(COMPANY)
    assert faults("company", COMPANY) == []
    demo = load_yaml((ROOT / "flows" / "demo" / "data" / "company.yaml").read_text("utf-8"))
    assert faults("company", demo) == []


def test_settings_are_right_for_the_types_and_for_the_schema() -> None:
    assert faults("settings", json.loads(Settings().model_dump_json(exclude_none=True))) == []
    text = '[channel]\nkind = "folder"\nroot = "x"\n[totals]\ntolerance = 0.05\n'
    assert faults("settings", tomllib.loads(text)) == []


def test_an_editor_shows_what_a_key_means() -> None:
    profile, company = json_schema("profile"), json_schema("company")
    header = profile["properties"]["header"]["properties"]
    assert header["BT-1"]["description"] == "Numéro de facture / Invoice number"
    assert "default" in profile["$defs"]["TermSource"]["anyOf"][1]["properties"]
    terms = company["$defs"]["PaymentTerms"]["properties"]
    assert terms["days"]["description"] == "Days after the invoice date."
    texts = [
        node["description"] for node in nodes(company) if isinstance(node.get("description"), str)
    ]
    assert not [text for text in texts if "\n" in text or "``" in text]
