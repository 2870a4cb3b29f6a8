"""Lines of YAML that findings propose."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transforms.company_words import file_params, yaml_key


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("EXO", "EXO"),
        ("Z-30_a", "Z-30_a"),
        ("20", '"20"'),
        ("0030", '"0030"'),
        ("no", '"no"'),
        ("a b", '"a b"'),
        ("É", '"É"'),
        ('"', '"\\""'),
    ],
)
def test_a_code_is_quoted_where_yaml_would_not_take_it_for_text(code: str, key: str) -> None:
    assert yaml_key(code) == key


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=8))
def test_yaml_reads_every_key_back(code: str) -> None:
    assert yaml.safe_load(f"{yaml_key(code)}: 1") == {code: 1}


def test_a_company_file_is_called_by_its_name_when_it_has_one() -> None:
    assert file_params("societe.yaml")["company_file_fr"] == "societe.yaml"
    assert file_params(None)["company_file_fr"] == "votre fichier société"
