"""XML from outside before it is judged: what is parsed at all, and what is said of its form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.xml_input import MOST_ATTRIBUTES, MOST_MARKUP, parse_input


@given(st.binary(max_size=300))
def test_any_bytes_give_a_root_or_a_finding(content: bytes) -> None:
    root, findings = parse_input(content)
    assert (root is None) == any(finding.blocks for finding in findings if root is None)
    assert root is not None or len(findings) == 1


@given(st.text(alphabet="<>/ab=\"'&;!-[]?x ", max_size=60))
def test_anything_like_xml_gives_a_root_or_a_finding(content: str) -> None:
    root, findings = parse_input(content.encode())
    assert root is not None or len(findings) == 1


@pytest.mark.parametrize(
    ("count", "rules"), [(MOST_ATTRIBUTES, []), (MOST_ATTRIBUTES + 1, ["XI-MARKUP-02"])]
)
def test_attributes_are_counted_per_element(count: int, rules: list[str]) -> None:
    xml = "<a><b " + " ".join(f'c{rank}="1"' for rank in range(count)) + "/></a>"
    root, findings = parse_input(xml.encode())
    assert [finding.rule for finding in findings] == rules
    assert (root is None) == bool(rules)


def test_quotes_in_a_text_are_counted_as_markup_only_in_masses() -> None:
    assert parse_input(b"<a>" + b"l'" * 1000 + b"</a>")[0] is not None
    assert parse_input(b"<a>" + b"''" * (MOST_MARKUP + 1) + b"</a>")[0] is None


def test_the_encoding_is_told_where_utf8_is_wanted() -> None:
    xml = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1")
    (finding,) = parse_input(xml)[1]
    assert (finding.rule, finding.value) == ("XI-ENCODING-01", "ISO-8859-1")
    assert parse_input(xml, utf8_only=False)[1] == ()
