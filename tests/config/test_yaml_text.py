"""Strict YAML."""

from __future__ import annotations

import pytest

from config.yaml_text import YamlTextError, load_yaml


def test_a_document_is_read() -> None:
    assert load_yaml("a: {b: [1, 'x']}\n") == {"a": {"b": [1, "x"]}}
    assert load_yaml("") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\na: 3", "line 3, column 1: key 'a' is given twice"),
        ("a: {b: 1, b: 2}", "line 1, column 11: key 'b' is given twice"),
        ("a: [1\n", "line 2, column 1: did not find expected"),
        ("a: !!python/object:os.system x", "could not determine a constructor"),
        ("a: \x00", "control characters are not allowed"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(YamlTextError, match=told):
        load_yaml(text)
