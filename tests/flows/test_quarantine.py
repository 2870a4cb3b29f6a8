"""What quarantine list shows: of each number the newest reading, as long as it is held back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.catalogue import Language
from flows.errors import ConfigurationError
from flows.ledger import Ledger
from flows.quarantine import listed
from tests.support.firm import Firm, csv, row


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm after a night with a right invoice and a wrong one."""
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("0001"), row("0002", buyer_siret="123")]))
    firm.run()
    return firm


@pytest.fixture
def ledger(firm: Firm) -> Iterator[Ledger]:
    """Its ledger."""
    with firm.ledger() as ledger:
        yield ledger


def numbers(ledger: Ledger, run_id: str | None = None, *, everything: bool = False) -> list[str]:
    """Return number and run of what is listed."""
    held = listed(ledger, run_id, "en", everything=everything).body["invoices"]
    assert isinstance(held, list)
    return [entry["invoice"]["number"] for entry in held]


@pytest.mark.parametrize(
    ("language", "words"), [("fr", "n'est pas un SIRET"), ("en", "is no SIRET")]
)
def test_it_says_why_in_words(ledger: Ledger, language: Language, words: str) -> None:
    view = listed(ledger, None, language)
    assert view.lines[0].startswith("0002  a.csv, line 3, run ")
    assert view.lines[1].startswith("  CP-BUYER-03: ")
    assert words in view.lines[1]
    assert view.lines[-1] == "1 invoices still quarantined"


@pytest.mark.parametrize(
    ("second", "still"),
    [
        (row("0002"), []),  # sent
        (row("0002", buyer_siret="124"), ["0002"]),  # held back anew: told once
        (row("0002", attachments="bl.pdf"), []),  # waits
        (row("0003"), ["0002"]),  # another number
    ],
)
def test_the_newest_reading_of_a_number_decides(
    firm: Firm, ledger: Ledger, second: dict[str, str], still: list[str]
) -> None:
    firm.drop("b.csv", csv([second]))
    firm.run()
    assert numbers(ledger) == still


def test_the_same_number_of_another_seller_is_another_invoice(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    columns = (*row("F1"), "seller_siret")
    other = {"seller_siret": "73282932000074"}
    firm.drop("a.csv", csv([row("F1", buyer_siret="123")], columns))
    firm.run()
    firm.drop("b.csv", csv([row("F1") | other], columns))
    firm.run()
    with firm.ledger() as ledger:
        sellers = [invoice.seller_id for invoice in ledger.invoices(number="F1")]
        assert len(set(sellers)) == 2
        assert numbers(ledger) == ["F1"]


def test_of_a_run_only_its_own_and_with_all_also_what_was_read_again(
    firm: Firm, ledger: Ledger
) -> None:
    firm.drop("b.csv", csv([row("0002"), row("0004", buyer_siret="9")]))
    firm.run()
    second, first = (run.run_id for run in ledger.runs(2))
    assert numbers(ledger) == ["0004"]
    assert numbers(ledger, first) == []
    assert numbers(ledger, first, everything=True) == ["0002"]
    assert numbers(ledger, second) == ["0004"]
    assert numbers(ledger, everything=True) == ["0002", "0004"]


def test_what_is_not_known_is_said(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no run R9"):
        listed(ledger, "R9", "fr")
    other = tmp_path / "other"
    other.mkdir()
    with Firm(other).ledger() as empty, pytest.raises(ConfigurationError, match="No run yet"):
        listed(empty, None, "fr")
