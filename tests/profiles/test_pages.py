"""The pages of the profiles: every column is explained, and every company file works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flows.profiles import load_company, load_profile
from transforms.formulas import used_columns

PAGES = Path(__file__).parents[2] / "docs" / "profiles"
PROFILES = (
    "business_central",
    "d365_fo",
    "dolibarr",
    "m3",
    "odoo",
    "oracle_ar",
    "peoplesoft",
    "sage_100",
    "sage_x3",
    "sap_s4",
    "sap_sd",
)
#: Columns that a page names as a range.
RANGES = re.compile(r"(?:TAX|BASTAX|AMTTAX)_[1-4]")


def page(profile: str) -> str:
    return (PAGES / f"{profile}.md").read_text("utf-8")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_page_names_every_column_that_is_read(profile: str) -> None:
    used = used_columns(load_profile(profile))
    columns = {*used.header, *used.lines}.union(*used.joined.values())
    prose = re.sub(r"```.*?```", "", page(profile), flags=re.DOTALL)
    named = set(re.findall(r"`([^`]+)`", prose))
    assert {column for column in columns - named if not RANGES.fullmatch(column)} == set()


@pytest.mark.parametrize("profile", PROFILES)
def test_the_company_file_of_a_page_can_be_used(profile: str, tmp_path: Path) -> None:
    text = page(profile).partition("## Company file")[2]
    block = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert block is not None
    path = tmp_path / "company.yaml"
    path.write_text(block[1], "utf-8")
    company = load_company(path)
    assert company.seller.siret
    assert company.vat_codes
