"""The list of invoices that a former tool sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import ConfigurationError
from flows.importing import import_file
from tests.support.firm import SELLER, Firm, csv, row

HEAD = "seller_id;number;issue_date;total\n"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return Firm(tmp_path)


def imported(firm: Firm, text: str) -> list[str]:
    path = firm.root / "sent.csv"
    path.write_text(text, "utf-8")
    return import_file(firm.configuration(), path, by="A. Martin")


@pytest.mark.parametrize(
    "text",
    [
        f"seller_id;number\n{SELLER};F1\n",
        f"number,seller_id,other\nF1,{SELLER},x\n",
        f"\ufeffseller_id;number;total\r\n{SELLER};F1;1200.00\r\n",
        # Written for the eye: still the number that the extract will bring.
        "seller_id;number\n406 784 835 00521; F1 \n",
        f"seller_id;seller_scheme;number\n{SELLER};1;F1\n",
    ],
)
def test_a_number_sent_before_is_held_and_not_sent_again(firm: Firm, text: str) -> None:
    assert imported(firm, text) == ["1 numbers held, sent by a former tool"]
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    firm.run()
    assert firm.states()["F1"][-1] == "skipped"
    assert firm.states()["F2"] == ["handed_over"]


def test_a_number_already_held_is_left_and_named(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F1")]))
    firm.run()
    told = imported(firm, HEAD + f"{SELLER};F1;;\n{SELLER};F2;2026-01-31;12.50\n")
    assert told == [
        "1 numbers held, sent by a former tool",
        "already in the ledger: F1 (handed_over)",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("number;total\nF1;1\n", "lacks the column seller_id"),
        ("", "lacks the column number, seller_id"),
        (HEAD + f"{SELLER};F1;;\n{SELLER};;;\n", "line 3: seller_id, number"),
        (HEAD + ";F1;;\n", "line 2: seller_id, number"),
        (HEAD + "406784835;F1;;\n", "line 2: seller_id '406784835' is no SIRET"),
        (HEAD + "4,06785E+13;F1;;\n", "is no SIRET"),
        (HEAD + f"{SELLER};2,6E+07;;\n", "damaged by a spreadsheet"),
        (HEAD + f"{SELLER};F1;31/01/2026;\n", "issue_date '31/01/2026' is no date"),
        (HEAD + f"{SELLER};F1;;1 200,00\n", "total '1 200,00' is no number"),
        (HEAD + f"{SELLER};F1;;NaN\n", "total 'NaN' is no number"),
    ],
)
def test_a_wrong_list_is_told_with_its_line_and_holds_nothing(
    firm: Firm, text: str, told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        imported(firm, text)
    with firm.ledger() as ledger:
        assert list(ledger.invoices()) == []


def test_a_list_that_cannot_be_read_is_named(firm: Firm) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.csv cannot be read"):
        import_file(firm.configuration(), firm.root / "none.csv", by="x")
    (firm.root / "latin.csv").write_bytes("seller_id;number\n1;Été\n".encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"latin\.csv cannot be read"):
        import_file(firm.configuration(), firm.root / "latin.csv", by="x")
