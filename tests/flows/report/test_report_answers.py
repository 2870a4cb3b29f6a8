"""What the report of a night tells of duplicates, refused flows and open to-dos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from flows.report import RunFacts, write_report
from tests.support.return_desk import Desk
from tests.support.return_files import document, flow_status, invoice_status


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path, {"report": {"folder": tmp_path / "reports"}})
    yield desk
    desk.close()


def written(desk: Desk, run: str) -> tuple[html.HtmlElement, dict[str, Any]]:
    """Write the report of a run; return its page and its data."""
    path = write_report(desk.ledger, run, desk.settings, RunFacts())
    data: dict[str, Any] = json.loads((path.parent / "report.json").read_text())
    return html.document_fromstring(path.read_bytes()), data


def words(page: html.HtmlElement, section: str) -> str:
    return " ".join(" ".join(x.text_content() for x in page.xpath(f"//*[@id='{section}']")).split())


def test_duplicates_have_a_section_of_their_own_that_promises_no_new_deposit(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    lines = ["La facture FA-0001 existe deja", "Facture FA-0002 : SIRET inconnu"]
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=lines)))
    desk.collect()
    page, data = written(desk, "R100")
    told = words(page, "duplicates")
    assert "FA-0001" in told
    assert "le numéro reste pris" in told
    assert "Existe chez Chorus Pro, sans envoi connu d'ici" in told
    assert "FA-0002" not in told
    assert "FA-0001" not in words(page, "rejected")
    assert [group["rule"] for group in data["duplicates"]] == ["RT-DUPLICATE-04"]
    assert "FA-0001" in words(page, "attention")


def test_a_refused_flow_is_told_as_our_packaging(desk: Desk) -> None:
    flow = desk.deposit("FA-0001", "FA-0002")
    text = "Le nom du flux ne respecte pas la regle de nommage"
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=flow, lines=[text])))
    desk.collect()
    page, _ = written(desk, "R100")
    assert "sans faute de sa part" in words(page, "rejected")


def test_the_newest_report_lists_what_waits_however_old_with_its_days(desk: Desk) -> None:
    desk.deposit("FA-0001")
    said = invoice_status("06", at="2026-03-01T12:00:00+01:00")
    desk.drop("FEN1200A_1", document(said))
    desk.collect()
    desk.later(days=40)
    desk.deposit("FA-0002")
    page, data = written(desk, "R101")
    [group] = data["attention"]["to_do"]
    assert [(item["number"], item["days"]) for item in group["items"]] == [("FA-0001", 40)]
    assert "Ouverte depuis (jours)" in words(page, "attention")
    desk.drop("FEN1200A_2", document(invoice_status("12", at="2026-04-01T12:00:00+02:00")))
    desk.collect()
    assert written(desk, "R101")[1]["attention"]["to_do"] == []


def test_what_came_by_day_about_an_earlier_night_is_in_the_next_report_and_its_verdict(
    desk: Desk,
) -> None:
    refused, held = desk.deposit("FA-0001"), desk.deposit("FA-0002")
    desk.later(hours=10)
    desk.drop("CSO1106A_1", document(flow_status("93", flow_id=refused, lines=["Date invalide"])))
    desk.collect()
    desk.later(hours=2)
    desk.deposit("FA-0003")
    data = written(desk, "R102")[1]
    assert [flow["flow_id"] for flow in data["earlier_flows"]] == [refused]
    assert [file["name"] for file in data["returns"]] == ["CSO1106A_1"]
    assert data["judgement"] == "correct"
    desk.drop("CSO1106A_2", document(flow_status("77", flow_id=held)))
    desk.collect()
    data = written(desk, "R102")[1]
    assert "RT-STATUS-01" in {told["rule"] for told in data["attention"]["told"]}
    assert data["judgement"] == "attention"
    assert written(desk, "R100")[1]["earlier_flows"] == []


def test_a_return_file_that_cannot_be_had_is_told_though_the_ledger_does_not_know_it(
    tmp_path: Path,
) -> None:
    reports, limit = {"folder": tmp_path / "reports"}, {"max_bytes": 10}
    desk = Desk(tmp_path, {"report": reports, "returns": limit})
    desk.drop("CSO1106A_1", b"x" * 11)
    found = desk.collect()
    desk.deposit("FA-0001")
    path = write_report(desk.ledger, "R100", desk.settings, RunFacts(findings=found.unplaced))
    page = html.document_fromstring(path.read_bytes())
    assert "CSO1106A_1 n'a pas pu être récupéré" in words(page, "attention")
    assert json.loads((path.parent / "report.json").read_text())["judgement"] == "attention"
    desk.close()
