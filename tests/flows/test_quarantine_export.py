"""What quarantine export writes beside the rows, and what it refuses to make up."""

from __future__ import annotations

import csv as tables
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.audit.purge import purge
from flows.errors import ConfigurationError, ExitCode
from flows.profiles import load_profile
from flows.quarantine_export import FINDINGS, Exported, export
from flows.quarantine_rows import KeptExtractError
from tests.support.firm import Firm, csv, row

FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm after a night that held three invoices of two files back."""
    firm = Firm(tmp_path)
    wrong = [row("F2", buyer_siret=FORMULA), row("F3", vat_code="X9", item_name="@x")]
    firm.drop("a.csv", csv([row("F1"), *wrong, row("F3", vat_code="X9", line_number="2")]))
    firm.drop("b.csv", csv([row("F4", buyer_siret="1")]))
    firm.run()
    return firm


def exported(firm: Firm, **narrowed: Any) -> Exported:
    """Export into a folder beside the firm's."""
    settings = firm.configuration().settings
    with firm.ledger() as ledger:
        profile = load_profile(settings.source.profile)
        return export(ledger, settings, profile, firm.root / "out", **narrowed)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the rows of a table of findings."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(tables.DictReader(stream, delimiter=";"))


def test_rows_keep_their_bytes_and_findings_say_where_they_are(firm: Firm) -> None:
    done = exported(firm)
    assert (done.exit_code, done.invoices) == (ExitCode.OK, 3)
    assert {path.name for path in done.files} == {"a.csv", "b.csv", FINDINGS}
    copied = (done.folder / "a.csv").read_text().splitlines()
    assert [line.split(";")[0] for line in copied[1:]] == ["F2", "F3", "F3"]
    assert FORMULA in copied[1]
    rows = rows_of(done.folder / FINDINGS)
    (buyer,) = (found for found in rows if found["number"] == "F2")
    assert (buyer["file"], buyer["line"], buyer["column"]) == ("a.csv", "3", "buyer_siret")
    assert (buyer["exported_file"], buyer["exported_line"]) == ("a.csv", "2")
    assert buyer["value"].startswith("'=cmd|")
    assert "n'est pas un SIRET" in buyer["message_fr"]
    assert "is no SIRET" in buyer["message_en"]
    assert buyer["bt"] == "BT-47"


def test_no_cell_of_the_findings_is_a_formula(firm: Firm) -> None:
    for found in rows_of(exported(firm).folder / FINDINGS):
        for cell in found.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_rule_narrows_the_export(firm: Firm) -> None:
    done = exported(firm, rule="CP-BUYER-03")
    assert done.invoices == 2
    assert "F3" not in (done.folder / "a.csv").read_text()
    with pytest.raises(ConfigurationError, match="No invoice with a finding XX-1"):
        exported(firm, rule="XX-1")


def test_only_the_owner_reads_it(firm: Firm) -> None:
    done = exported(firm)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in done.files}
    assert modes == {0o600}
    assert stat.S_IMODE(done.folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("harm", ["gone", "altered"])
def test_an_extract_that_is_not_what_was_read_is_named(firm: Firm, harm: str) -> None:
    (kept,) = (firm.root / "state").glob("claimed/*/a.csv")
    if harm == "gone":
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes().replace(b"F1", b"F9"))
    told = "is gone" if harm == "gone" else "has been altered"
    with pytest.raises(KeptExtractError, match=rf"a\.csv of run .* {told}"):
        exported(firm)
    assert not (firm.root / "out").exists()


def test_a_folder_that_holds_something_is_not_written_to(firm: Firm) -> None:
    (firm.root / "out").mkdir()
    (firm.root / "out" / "mine").write_text("")
    with pytest.raises(ConfigurationError, match="not empty"):
        exported(firm)


def test_an_invoice_whose_rows_are_not_found_is_told(firm: Firm) -> None:
    shape = "shape: {key: buyer_siret, contiguous: false}"
    (firm.root / "other.yaml").write_text(f"extends: generic\nprofile: other\n{shape}\n")
    firm.sections["source"]["profile"] = "other.yaml"
    firm.write_settings()
    done = exported(firm)
    assert done.exit_code is ExitCode.ATTENTION
    assert [(invoice.number, invoice.first_line) for invoice in done.lost] == [("F3", 4)]
    assert any("F3 (a.csv, line 4" in line for line in done.lines())


def test_an_extract_that_was_purged_keeps_no_other_night_from_being_exported(
    tmp_path: Path,
) -> None:
    firm = Firm(tmp_path)
    firm.drop("a.csv", csv([row("F1", buyer_siret="1")]))
    firm.run()
    firm.now += timedelta(days=366 * 11)
    purge(firm.configuration(), by="x", reason="y", clock=lambda: firm.now)
    firm.drop("c.csv", csv([row("F6", buyer_siret="7")]))
    firm.run()
    done = exported(firm)
    assert done.exit_code is ExitCode.ATTENTION
    assert {invoice.file for invoice in done.lost} == {"a.csv"}
    assert (done.folder / "c.csv").read_text() == csv([row("F6", buyer_siret="7")])


def test_extracts_of_two_nights_that_share_a_name_stay_apart(firm: Firm) -> None:
    firm.drop("a.csv", csv([row("F6", buyer_siret="7")]))
    second = firm.run()[0].run_id
    done = exported(firm)
    assert (done.folder / second / "a.csv").read_text() == csv([row("F6", buyer_siret="7")])
    assert len(list(done.folder.glob("*/a.csv"))) == 2
    rows = {found["number"]: found for found in rows_of(done.folder / FINDINGS)}
    assert (rows["F6"]["exported_file"], rows["F6"]["exported_line"]) == (f"{second}/a.csv", "2")
    assert rows["F2"]["exported_file"].endswith("/a.csv")
    assert rows["F2"]["exported_file"] != rows["F6"]["exported_file"]
