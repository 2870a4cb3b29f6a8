from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.naming import (
    FlowName,
    NamingError,
    flow_id,
    flow_name,
    member_name,
    own_flow,
    parse_name,
)

APPLICATIONS = st.from_regex(r"[A-Z0-9]{6}", fullmatch=True)
INTERFACES = st.from_regex(r"(FSO|CSO|FEN)[0-9]{4}[A-Z]", fullmatch=True)
SEQUENCES = st.integers(min_value=1, max_value=10**15 - 1)


def test_a_flow_name_has_the_form_of_the_written_rule() -> None:
    assert flow_id("ABC123", "FSO1106A", 42) == "ABC1231106000000000000042"
    assert flow_name("ABC123", "FSO1106A", 42) == "FSO1106A_ABC123_ABC1231106000000000000042"
    assert member_name("ABC123", "FSO1106A", 42) == "FSO1106A_ABC123_ABC1231106000000000000042.xml"


@given(APPLICATIONS, INTERFACES, SEQUENCES)
def test_names_have_their_fixed_length_and_read_back(
    application: str, interface: str, sequence: int
) -> None:
    name = flow_name(application, interface, sequence)
    assert len(name) == 41
    assert len(flow_id(application, interface, sequence)) == 25
    assert parse_name(name) == FlowName(interface, application, sequence)
    assert parse_name(name).flow_id == name[-25:]
    member = parse_name(member_name(application, interface, sequence))
    assert member == FlowName(interface, application, sequence, ".xml")
    assert member.text == name + ".xml"


@pytest.mark.parametrize(
    ("application", "interface", "sequence"),
    [
        ("abc123", "FSO1106A", 1),
        ("ABC12", "FSO1106A", 1),
        ("ABC123\n", "FSO1106A", 1),
        ("ABC123", "FSO1106", 1),
        ("ABC123", "fso1106a", 1),
        ("ABC123", "FSO1106A", 0),
        ("ABC123", "FSO1106A", -1),
        ("ABC123", "FSO1106A", 10**15),
    ],
)
def test_a_part_that_does_not_fit_is_refused(
    application: str, interface: str, sequence: int
) -> None:
    with pytest.raises(NamingError):
        flow_name(application, interface, sequence)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "41 characters"),
        ("FSO1106A_ABC123_ABC1231106000000042", "41 characters, not 35"),
        ("FSO1106A_ABC123_ABC1231106000000000000042.tar.gz", "41 characters"),
        ("FSO1106A_ABC123_ABC1231106000000000000042.XML", "41 characters"),
        ("FSO1106A_ABC123_ABC1231106000000000000000", "zero"),
        ("FSO1106A_ABC123_XYZ9991106000000000000042", "application codes differ"),
        ("FSO1106A_ABC123_ABC1231100000000000000042", "says 1100, the interface 1106"),
        ("FSO1106A-ABC123-ABC1231106000000000000042", "three parts"),
        ("fSO1106A_ABC123_ABC1231106000000000000042", "first part"),
        ("FSO1106A_abc123_ABC1231106000000000000042", "second part"),
        ("FSO1106A_ABC123_ABC123110600000000000004x", "third part"),
        ("FSO1106A_ABC123_ABC123110600000000000004٣", "third part"),
    ],
)
def test_a_name_that_is_none_says_what_is_wrong(text: str, reason: str) -> None:
    with pytest.raises(NamingError, match=reason) as caught:
        parse_name(text)
    assert caught.value.text == text


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(NamingError):  # nothing else may come out
        assert parse_name(text).text == text


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (flow_name("ABC123", "FSO1106A", 1), True),
        (flow_name("XYZ999", "FSO1106A", 1), False),
        (member_name("ABC123", "FSO1106A", 1), False),
        ("notes.txt", False),
    ],
)
def test_a_flow_of_ours_is_told_from_whatever_else_lies_there(text: str, ours: bool) -> None:
    assert (own_flow(text, "ABC123") is not None) is ours
