"""Identifier types against schemeIDs, both ways."""

from __future__ import annotations

import pytest

from config.target import load_target
from transforms.schemes import cii_schemes, identifier_type


@pytest.mark.parametrize("name", ["chorus_direct", "en16931"])
def test_every_type_written_is_read_back_as_the_same_type(name: str) -> None:
    schemes = cii_schemes(load_target(name).options, buyer=False)
    assert list(schemes) == ["1", "2", "3", "4", "5", "6", "7"]
    assert {kind: identifier_type(scheme) for kind, scheme in schemes.items()} == {
        kind: kind for kind in schemes
    }


def test_the_buyer_may_have_a_siret_scheme_of_its_own() -> None:
    overrides = {"siret_scheme": "1", "buyer_siret_scheme": "0002"}
    options = load_target("chorus_direct", overrides=overrides).options
    assert cii_schemes(options, buyer=False)["1"] == "1"
    assert cii_schemes(options, buyer=True)["1"] == "0002"


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [("0002", "1"), ("0009", "1"), ("ETR", "3"), ("RIDET", "4"), ("0088", "0088"), (None, None)],
)
def test_a_scheme_gives_its_type_and_an_unknown_one_is_kept(
    scheme: str | None, expected: str | None
) -> None:
    assert identifier_type(scheme) == expected
