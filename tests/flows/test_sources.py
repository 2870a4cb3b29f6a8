"""What a run works with: loaded and checked before any file is claimed."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from flows.errors import ConfigurationError
from flows.sources import Sources, load_sources
from tests.support.firm import COMMUNE, COMPANY, NOW, SELLER, Firm

TABLE = """
enrichment:
  - file: clients.csv
    key: {BT-44: nom}
    gives: {BT-47: siret}
"""


def sources(firm: Firm) -> Sources:
    settings = firm.configuration().settings
    return load_sources(settings, run_id="R1", run_date=NOW.date(), outbox=firm.root / "outbox")


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    made = Firm(tmp_path)
    (tmp_path / "company.yaml").write_text(COMPANY + TABLE, "utf-8")
    (tmp_path / "clients.csv").write_text(f"nom;siret\nVille;{COMMUNE}\n", "utf-8")
    return made


def test_tables_travel_with_the_setup_of_a_worker(firm: Firm) -> None:
    setup = pickle.loads(pickle.dumps(sources(firm).setup))
    (table,) = setup.tables
    assert table.find(("Ville",)) == (2, (COMMUNE,))


def test_another_content_of_a_table_is_another_setup(firm: Firm) -> None:
    before = sources(firm).setup.digest
    assert sources(firm).setup.digest == before
    (firm.root / "clients.csv").write_text(f"nom;siret\nBourg;{COMMUNE}\n", "utf-8")
    assert sources(firm).setup.digest != before


def test_a_wrong_table_stops_a_run_before_it_begins(firm: Firm) -> None:
    (firm.root / "clients.csv").write_text("nom;siret\nVille;123\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"clients\.csv is wrong: line 2: siret"):
        sources(firm)


def test_sellers_of_the_company_file_are_known(firm: Firm) -> None:
    assert sources(firm).company_sellers == {SELLER}
