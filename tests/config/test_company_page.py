"""The company file of docs/company.md is one that loads."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from config.company import Company
from config.company_tables import PaymentTerms
from config.yaml_text import load_yaml
from transforms.payment_terms import due_date

PAGE = (Path(__file__).parents[2] / "docs" / "company.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
TERMS = re.findall(r"^\| [^|]+ \| `(\{[^`]*\})` \| (\d+ \w+ \d{4}) \|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("text", [text for text in EXAMPLES if ":\n" in text])
def test_every_example_is_a_company_file(text: str) -> None:
    Company.model_validate(load_yaml(text))


@pytest.mark.parametrize(("entry", "due"), TERMS)
def test_the_due_dates_of_the_page_are_those_computed(entry: str, due: str) -> None:
    day, month, year = due.split()
    number = {"November": 11, "December": 12, "January": 1}[month]
    terms = PaymentTerms.model_validate(load_yaml(entry))
    assert due_date(terms, date(2026, 11, 23)) == date(int(year), number, int(day))


def test_the_page_shows_terms_and_examples() -> None:
    assert len(TERMS) == 5
    assert len(EXAMPLES) >= 4
