"""The files of a report: CSV for spreadsheets, JSON for programs, all of them whole and private."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.errors import ConfigurationError, LedgerUnavailableError
from flows.ledger import StatusRow
from flows.report import RunFacts, write_report
from flows.report.tables import harmless
from tests.support.report_nights import ReportNights, closed, lively, wrong_siret
from transforms.finding import Finding, Severity
from transforms.outcome import Fate
from transforms.run_report import RunReport


def rows(path: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file beside the page, as a French spreadsheet reads them."""
    with path.with_name(name).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=";"))


def data(path: Path) -> Any:
    """Return the JSON form beside the page."""
    return json.loads(path.with_name("report.json").read_text("utf-8"))


def write(nights: ReportNights, run: str, **facts: object) -> Path:
    """Write the report of a run as a night does."""
    made = RunFacts(**{"balance": nights.balance(run), **facts})  # type: ignore[arg-type] # facts
    return write_report(nights.ledger, run, nights.settings, made)


# -- CSV ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+33 1", "'+33 1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("F26-1", "F26-1"),
        ("a=b", "a=b"),
        ("", ""),
        ("a\x00b", "a␀b"),
        ("\u00a0\ufeff=1", "'\u00a0\ufeff=1"),
        ("x,=cmd|' /C calc'!A0", "x,'=cmd|' /C calc'!A0"),
        ('x;"=1', "x;\"'=1"),
        ("x\t@SUM(1)", "x\t'@SUM(1)"),
        ("x\r\n=1", "x\r\n'=1"),
        ("a, -2+3+cmd|' /C calc'!A0", "a, '-2+3+cmd|' /C calc'!A0"),
        ("12, rue du Port, - bâtiment B", "12, rue du Port, - bâtiment B"),
        ("remise, -5 %", "remise, -5 %"),
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(text: str, cell: str) -> None:
    assert harmless(text) == cell


@given(st.text())
def test_no_text_becomes_a_formula(text: str) -> None:
    assert not harmless(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_invoices_table_holds_every_invoice_whatever_its_values(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 3)
    hostile = nights.invoice(
        Fate.QUARANTINED,
        number="=cmd|' /C calc'!A0",
        buyer_name='a;"b"\nc',
        total=Decimal("-12.50"),
    )
    nights.left_out(run, replace(hostile, findings=(wrong_siret(hostile), closed(hostile))))
    nights.finish(run)
    path = write(nights, run)
    found = rows(path, "invoices.csv")
    assert [row["État"] for row in found] == ["Déposée"] * 3 + ["En quarantaine"]
    assert found[3]["Facture"] == "'=cmd|' /C calc'!A0"
    assert found[3]["Destinataire"] == 'a;"b"\nc'
    assert found[3]["Montant TTC"] == "-12,50"
    assert found[3]["Fichier"] == "factures_20260302.csv"
    findings = rows(path, "findings.csv")
    assert [row["Règle"] for row in findings] == ["CP-BUYER-02", "TT-CLOSED-01"]
    assert findings[0]["Colonne"] == "SIRET_CLIENT"
    assert findings[0]["Gravité"] == "Rejet certain"
    assert findings[1]["Gravité"] == "Avertissement"
    assert path.with_name("findings.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_findings_about_no_invoice_are_in_the_table_too(nights: ReportNights) -> None:
    run = lively(nights)
    found = rows(write(nights, run), "findings.csv")
    [orphan] = [row for row in found if row["Règle"] == "XT-FIELDS-01"]
    assert (orphan["Facture"], orphan["Ligne"]) == ("", "4711")


def test_an_english_table_uses_points(tmp_path: Path) -> None:
    nights = ReportNights(tmp_path, options={"language": "en"})
    run = nights.start("R1")
    nights.flow(run, 1)
    nights.finish(run)
    [row] = rows(write(nights, run), "invoices.csv")
    nights.close()
    assert (row["Total with VAT"], row["State"]) == ("120.00", "Deposited")


# -- JSON --------------------------------------------------------------------------------------


def test_the_json_form_is_versioned_and_has_the_documented_keys(nights: ReportNights) -> None:
    run = lively(nights)
    found = data(write(nights, run, held=("a brake",)))
    assert found["schema"] == 1
    assert set(found) == {"schema", *(each.name for each in fields(RunReport))}
    assert set(found["balance"]) == {
        "read",
        "places",
        "accounted",
        "orphan_rows",
        "to_deposit",
        "holds",
        "differences",
    }
    group = found["quarantined"][0]
    assert set(group) == {"rule", "title", "source", "figures", "cases"}
    assert set(group["figures"]) == {"count", "amounts", "unreadable"}
    assert group["cases"][0]["told"][0]["column"] == "SIRET_CLIENT"
    documented = (Path(__file__).parents[3] / "docs" / "report.md").read_text("utf-8")
    assert [key for key in found if f"`{key}`" not in documented] == []


def test_amounts_in_json_are_text_and_times_carry_their_zone(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.flow(run, 1)
    nights.finish(run)
    found = data(write(nights, run))
    assert found["balance"]["read"]["amounts"] == [
        {"currency": "EUR", "type_code": "381", "total": "120.00"}
    ]
    assert found["started_at"].endswith("+00:00")
    assert found["judgement"] == "all_well"


def test_a_rule_that_nobody_knows_is_told_by_its_id(nights: ReportNights) -> None:
    run = nights.start("R1")
    invoice = nights.invoice(Fate.QUARANTINED)
    odd = Finding("ZZ-FUTURE-01", Severity.FATAL, value="seen")
    nights.left_out(run, replace(invoice, findings=(odd,)))
    nights.finish(run)
    [group] = data(write(nights, run))["quarantined"]
    assert (group["title"], group["cases"][0]["told"][0]["message"]) == ("ZZ-FUTURE-01", "seen")


def test_an_invoice_is_in_one_group_and_keeps_all_its_reasons(nights: ReportNights) -> None:
    run = nights.start("R1")
    invoice = nights.invoice(Fate.QUARANTINED)
    both = (closed(invoice), wrong_siret(invoice), wrong_siret(invoice, "2"), wrong_siret(invoice))
    nights.left_out(run, replace(invoice, findings=both), nights.invoice(Fate.QUARANTINED))
    nights.finish(run)
    known, unknown = data(write(nights, run))["quarantined"][::-1]
    assert (known["rule"], known["figures"]["count"]) == ("CP-BUYER-02", 1)
    assert [each["value"] for each in known["cases"][0]["told"]] == ["1,1000201E+13", "2"]
    assert (unknown["rule"], unknown["title"]) == ("", "Sans motif enregistré")


# -- written anew ------------------------------------------------------------------------------


def test_a_report_written_anew_after_a_collect_keeps_balance_and_what_the_run_knew(
    nights: ReportNights,
) -> None:
    run = nights.start("R1")
    flow = nights.flow(run, 4)
    nights.finish(run)
    path = write(nights, run, problems=("cut once",), already_processed=("old.csv",), resumed=True)
    before = data(path)
    nights.now += timedelta(hours=9)
    nights.returned(
        "CSO1", StatusRow(kind="flow", code="90", at=nights.now, at_text="", flow_id=flow)
    )
    nights.ledger.move_flow(flow, "integrated")
    assert write_report(nights.ledger, run, nights.settings, RunFacts()) == path
    after = data(path)
    assert after["balance"] == before["balance"]
    assert after["remembered"] == before["remembered"]
    assert after["remembered"]["problems"] == ["cut once"]
    assert (before["judgement"], after["judgement"]) == ("unfinished", "all_well")
    assert after["states"]["integrated"]["count"] == 4
    assert after["flows"][0]["outcome"] == "90 Reçu"
    assert "Intégré" in path.read_text("utf-8")


def test_a_released_run_is_deposited_in_its_balance_too(nights: ReportNights) -> None:
    run = nights.start("R1")
    flow = nights.flow(run, 2, "built")
    nights.finish(run, "held", 4)
    assert data(write(nights, run))["balance"]["places"]["waiting"]["count"] == 2
    for state in ("uploading", "renaming", "deposited"):
        nights.ledger.move_flow(flow, state)
    record = nights.ledger.run(run)
    assert record is not None
    nights.ledger.finish_run(
        run,
        state="released",
        exit_code=0,
        balance=record.balance or {},
        actor="Anne",
        reason="vu avec la comptabilité",
    )
    found = data(write_report(nights.ledger, run, nights.settings, RunFacts()))
    assert found["balance"]["holds"] is True
    assert found["balance"]["places"]["deposited"]["count"] == 2
    assert found["judgement"] == "all_well"
    assert found["steps"][-1]["actor"] == "Anne"
    assert found["steps"][-1]["reason"] == "vu avec la comptabilité"


def test_a_run_that_could_not_read_has_no_balance_and_says_so(nights: ReportNights) -> None:
    run = nights.start("R1")
    path = write(nights, run, balance=None, problems=("the disk is full",))
    assert data(path)["balance"] is None
    assert data(path)["judgement"] == "unfinished"
    assert "il n&#39;y a pas de balance" in path.read_text("utf-8")


def test_a_damaged_earlier_report_is_written_over(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.finish(run)
    path = write(nights, run)
    path.with_name("report.json").write_text("{", "utf-8")
    assert data(write(nights, run))["schema"] == 1


def test_to_dos_follow_the_last_status_of_the_invoice_and_so_does_the_verdict(
    nights: ReportNights,
) -> None:
    run = nights.start("R1")
    nights.flow(run, 2)
    nights.finish(run)
    nights.returned("FEN1", nights.life(run, 0, "6", "", "il manque le bon"))
    written = data(write(nights, run))
    assert written["judgement"] == "correct"
    found = written["attention"]["to_do"]
    assert [(g["code"], g["count"], g["items"][0]["message"]) for g in found] == [
        ("6", 1, "il manque le bon")
    ]
    nights.now += timedelta(hours=1)
    nights.returned("FEN2", nights.life(run, 0, "12", ""))
    written = data(write(nights, run))
    assert written["attention"]["to_do"] == []
    assert written["judgement"] == "all_well"


# -- files -------------------------------------------------------------------------------------


def test_the_files_are_private_and_nothing_else_is_left(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.finish(run)
    folder = write(nights, run).parent
    assert sorted(file.name for file in folder.iterdir()) == [
        "findings.csv",
        "invoices.csv",
        "report.html",
        "report.json",
    ]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_report_that_fails_leaves_the_one_before_whole(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.finish(run)
    path = write(nights, run)
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    nights.flow(run, 1)
    with closing(sqlite3.connect(nights.root / "ledger.sqlite")) as database:
        database.execute("DROP TABLE returns")
    with pytest.raises(LedgerUnavailableError):
        write(nights, run)
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


def test_an_unknown_run_is_refused(nights: ReportNights) -> None:
    with pytest.raises(ConfigurationError, match="knows no run R9"):
        write_report(nights.ledger, "R9", nights.settings, RunFacts())


def test_a_file_name_that_is_no_utf8_does_not_stop_the_report(nights: ReportNights) -> None:
    run = nights.start("R1")
    nights.finish(run)
    path = write(nights, run, incomplete=("factures_\udce9.csv",))
    assert "factures_\\udce9.csv" in path.read_text("utf-8")


def test_a_large_night_keeps_the_page_small(nights: ReportNights) -> None:
    run = nights.start("R1")
    held = [nights.invoice(Fate.QUARANTINED) for _ in range(3_000)]
    nights.left_out(run, *(replace(each, findings=(wrong_siret(each),)) for each in held))
    nights.finish(run)
    path = write(nights, run)
    assert len(rows(path, "invoices.csv")) == len(rows(path, "findings.csv")) == 3_000
    assert path.stat().st_size < 400_000
    assert data(path)["quarantined"][0]["figures"]["count"] == 3_000
