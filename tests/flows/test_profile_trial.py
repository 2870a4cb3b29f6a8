"""A profile tried on extracts: columns, terms, first invoices, problems; as tables and as JSON."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from flows.convert import settings_for
from flows.profile_trial import Trial, try_profile, unmapped_terms
from flows.profile_trial_output import print_trial, trial_as_json
from flows.profiles import load_profile
from tests.support.firm import COMPANY, csv, row

NOW = datetime(2026, 9, 14, 12, tzinfo=UTC)


def trial(folder: Path, text: str, name: str = "night.csv", shown: int = 5) -> Trial:
    path = folder / name
    path.write_text(text)
    company = folder / "company.yaml"
    company.write_text(COMPANY)
    settings = settings_for([path], profile="generic", company=company)
    return try_profile([path], settings, shown=shown, clock=lambda: NOW)


def printed(found: Trial, language: str = "en") -> str:
    stream = io.StringIO()
    chosen = "fr" if language == "fr" else "en"
    print_trial(found, chosen, Console(file=stream, width=400))
    return stream.getvalue()


def test_good_invoices_are_ready_and_nothing_is_wrong(tmp_path: Path) -> None:
    found = trial(tmp_path, csv([row("F1"), row("F2")]))
    assert (found.read, found.ready, found.clean) == (2, 2, True)
    assert not [problem for problem in found.problems if problem.first.blocks]
    terms = {term.term: term for term in found.terms}
    assert (terms["BT-1"].invoices, terms["BT-1"].examples) == (2, ["F1", "F2"])
    assert (terms["BT-27"].source, terms["BT-27"].examples) == (
        "seller_name, else company file",
        ["Fournitures Exemple SA"],
    )


def test_columns_are_held_against_the_profile(tmp_path: Path) -> None:
    text = csv([row("F1")]).replace("unit_price;", "prix;")
    found = trial(tmp_path, text)
    (file,) = found.files
    assert (file.role, file.required) == ("flat", ("unit_price",))
    assert "prix" in file.unused
    assert "iban" in file.missing
    assert "unit_price" in found.refused
    assert not found.clean
    assert "unit_price" in printed(found)


def test_all_problems_are_told_at_once_with_their_count_and_first_place(tmp_path: Path) -> None:
    rows = [row(f"F{n}", vat_code="???") for n in range(3)] + [row("F9", invoice_date="x")]
    found = trial(tmp_path, csv(rows), shown=2)
    problems = {problem.rule: problem for problem in found.problems}
    assert problems["MP-VAT-02"].count == 3
    assert problems["MP-VAT-02"].invoice == "F0"
    assert problems["MP-DATE-01"].first.location.line == 5
    assert (found.read, found.ready, len(found.invoices)) == (4, 0, 2)
    text = printed(found, "fr")
    assert "4 factures lues, 0 prêtes, 4 retenues" in text
    assert "MP-VAT-02" in text


def test_what_an_extract_holds_is_printed_as_it_is(tmp_path: Path) -> None:
    found = trial(tmp_path, csv([row("F1", item_name="[bold]Pelle[/bold]")]))
    assert "[bold]Pelle[/bold]" in printed(found)


def test_json_holds_the_same(tmp_path: Path) -> None:
    found = trial(tmp_path, csv([row("F1", vat_code="???")]))
    document = json.loads(json.dumps(trial_as_json(found), default=str))
    assert (document["profile"], document["read"], document["ready"]) == ("generic", 1, 0)
    assert document["files"][0]["role"] == "flat"
    (problem,) = [one for one in document["problems"] if one["rule"] == "MP-VAT-02"]
    assert (problem["count"], problem["line"], problem["column"]) == (1, 2, "vat_code")
    assert problem["message_fr"]
    assert problem["advice_en"]


def test_terms_that_a_profile_never_feeds_are_known() -> None:
    assert "BT-2" not in unmapped_terms(load_profile("generic"))


@pytest.mark.parametrize("name", ["none.csv"])
def test_a_file_that_is_not_there_is_a_clear_error(tmp_path: Path, name: str) -> None:
    settings = settings_for([tmp_path / name], profile="generic")
    with pytest.raises(Exception, match=name):
        try_profile([tmp_path / name], settings, clock=lambda: NOW)
