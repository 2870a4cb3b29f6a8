"""The page of rules follows the catalogue."""

from __future__ import annotations

from pathlib import Path

from config.catalogue import load_catalogue
from schemas.rules_page import render_page

PAGE = Path(__file__).parents[2] / "docs" / "rules.md"


def test_the_page_is_up_to_date() -> None:
    told = "run: python -m schemas.rules_page > docs/rules.md"
    assert PAGE.read_text(encoding="utf-8") == render_page(load_catalogue()), told


def test_every_rule_is_on_the_page_once() -> None:
    page = render_page(load_catalogue())
    for rule in load_catalogue().rules:
        assert page.count(f"| `{rule}` |") == 1, rule
