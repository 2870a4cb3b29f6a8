"""Brakes: each limit holds a night over it and lets one under it pass."""

from __future__ import annotations

from decimal import Decimal

import pytest

from config.settings import Brakes
from flows.brakes import NightFigures, held


def figures(**changes: object) -> NightFigures:
    values: dict[str, object] = {
        "to_deposit": 100,
        "quarantined": 5,
        "totals": {("EUR", "380"): Decimal("1000.00")},
        "sellers": frozenset({"40678483500521"}),
        "recent": [100, 90, 110],
    }
    values.update(changes)
    return NightFigures(**values)  # type: ignore[arg-type]  # a test builds what it varies


@pytest.mark.parametrize(
    ("brakes", "passing", "held_back", "name"),
    [
        ({"max_invoices": 100}, {}, {"to_deposit": 101}, "max_invoices"),
        (
            {"max_total": "1000"},
            {},
            {"totals": {("EUR", "381"): Decimal("-1000.01")}},
            "max_total",
        ),
        (
            {"max_quarantine_rate": "0.10"},
            {"to_deposit": 90, "quarantined": 10},
            {"to_deposit": 89, "quarantined": 11},
            "max_quarantine_rate",
        ),
        ({"max_deviation": 2}, {"to_deposit": 200}, {"to_deposit": 201}, "max_deviation"),
        ({"max_deviation": 2}, {"to_deposit": 50}, {"to_deposit": 49}, "max_deviation"),
        (
            {"known_sellers": ("40678483500521",)},
            {},
            {"sellers": frozenset({"40678483500521", "81034732800017"})},
            "known_sellers",
        ),
    ],
)
def test_a_limit_is_the_last_value_that_passes(
    brakes: dict[str, object],
    passing: dict[str, object],
    held_back: dict[str, object],
    name: str,
) -> None:
    settings = Brakes.model_validate({"max_quarantine_rate": None, **brakes})
    assert held(settings, figures(**passing)) == ()
    assert [brake.name for brake in held(settings, figures(**held_back))] == [name]


def test_a_small_night_is_not_judged_by_its_rate() -> None:
    assert held(Brakes(), figures(to_deposit=1, quarantined=40)) == ()
    assert held(Brakes(), figures(to_deposit=1, quarantined=60)) != ()


def test_a_first_night_has_nothing_to_deviate_from() -> None:
    brakes = Brakes.model_validate({"max_deviation": 2})
    assert held(brakes, figures(to_deposit=10_000, recent=[])) == ()


def test_the_sellers_of_the_company_file_are_known() -> None:
    stranger = figures(sellers=frozenset({"81034732800017"}))
    company = frozenset({"40678483500521"})
    assert [b.name for b in held(Brakes(), stranger, company_sellers=company)] == ["known_sellers"]
    assert held(Brakes(), figures(), company_sellers=company) == ()


def test_sellers_known_by_siret_are_known_by_siren_when_numbers_are_unique_by_siren() -> None:
    company = frozenset({"40678483500521"})
    one = figures(sellers=frozenset({"406784835"}))
    stranger = figures(sellers=frozenset({"810347328"}))
    assert held(Brakes(), one, company_sellers=company, by_siren=True) == ()
    assert [b.name for b in held(Brakes(), stranger, company_sellers=company, by_siren=True)] == [
        "known_sellers"
    ]
