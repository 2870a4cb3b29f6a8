"""Nights whose source is XML that the ERP wrote: what was landed is what arrives, byte for byte."""

from __future__ import annotations

import codecs
import hashlib
import re
import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest

from config.target import SyntaxName
from flows.collecting import collect_now
from flows.crashpoints import CrashPoint
from flows.errors import ConfigurationError, ExitCode
from flows.night_result import Mode, NightResult
from flows.sandbox import Sandbox, settings_fragment
from tests.support.apart import night_apart
from tests.support.firm import NOW, Firm, csv, row
from tests.support.xml_invoices import members, oddly, xml_firm, xml_of
from transforms.balance import Place

SYNTAXES: tuple[SyntaxName, ...] = ("ubl", "cii")


def sums(contents: list[bytes]) -> Counter[str]:
    return Counter(hashlib.sha256(content).hexdigest() for content in contents)


def places(result: NightResult) -> dict[Place, int]:
    assert result.balance is not None
    assert result.balance.holds
    return {place: tally.count for place, tally in result.balance.places.items() if tally.count}


def only(results: list[NightResult]) -> NightResult:
    assert len(results) == 1
    return results[0]


@pytest.fixture(params=SYNTAXES)
def syntax(request: pytest.FixtureRequest) -> SyntaxName:
    chosen: SyntaxName = request.param
    return chosen


@pytest.fixture
def firm(tmp_path: Path, syntax: SyntaxName) -> Firm:
    return xml_firm(tmp_path / "firm", syntax)


def xml(firm: Firm, *numbers: str, **changes: str) -> dict[str, bytes]:
    syntax: SyntaxName = "ubl" if firm.sections["source"]["profile"] == "ubl" else "cii"
    return xml_of(firm.root.parent / "erp", syntax, *numbers, **changes)


def test_the_sandbox_receives_and_integrates_the_very_bytes_that_landed(
    tmp_path: Path, syntax: SyntaxName
) -> None:
    with Sandbox(tmp_path / "chorus-pro", clock=lambda: NOW) as sandbox:
        channel = settings_fragment(sandbox)
        sftp = channel.pop("sftp")
        assert isinstance(sftp, dict)
        firm = xml_firm(tmp_path / "firm", syntax, {"channel": channel, "channel.sftp": sftp})
        made = xml(firm, "F1", "F2") | xml(firm, "AV1", document_type="381")
        landed = [made["F1"], oddly(made["F2"]), made["AV1"]]
        for rank, content in enumerate(landed):
            firm.drop(f"facture {rank}.xml", content)
        assert only(firm.run()).exit_code is ExitCode.OK
        (flow,) = sandbox.in_folder.glob("FSO*")
        assert sums(members([flow])) == sums(landed)
        sandbox.process()
        assert collect_now(firm.configuration()).exit_code is ExitCode.OK
    assert firm.states() == {number: ["integrated"] for number in ("F1", "F2", "AV1")}


def test_amounts_and_recipient_in_the_ledger_are_those_of_the_xml(firm: Firm) -> None:
    firm.drop("a.xml", oddly(xml(firm, "F1", buyer_service_code="S1")["F1"]))
    firm.run()
    with firm.ledger() as ledger:
        (invoice,) = ledger.invoices()
    assert (str(invoice.total), invoice.currency, invoice.type_code) == ("120.00", "EUR", "380")
    assert (invoice.buyer_id, invoice.service_code) == ("21999900000017", "S1")
    assert invoice.last_line > 10


def test_a_wrong_one_is_held_back_with_file_line_and_path_and_the_others_go(firm: Firm) -> None:
    good = xml(firm, "F1", "F3")
    bad = oddly(xml(firm, "F2")["F2"]).replace(b"21999900000017", b"123456")
    firm.drop("1.xml", good["F1"])
    firm.drop("2.xml", bad)
    firm.drop("3.xml", good["F3"])
    result = only(firm.run())
    assert result.exit_code is ExitCode.FINDINGS
    assert places(result) == {Place.DEPOSITED: 2, Place.QUARANTINED: 1}
    assert sums(members(firm.arrived())) == sums(list(good.values()))
    with firm.ledger() as ledger:
        (held,) = ledger.invoices(number="F2")
        findings = [record.finding for record in ledger.findings(invoice_row=held.invoice_row)]
    found = next(finding for finding in findings if finding.value == "123456")
    assert found.location.file == "2.xml"
    line = bad.split(b"\n")[(found.location.line or 0) - 1]
    assert b"123456" in line
    assert found.location.xpath is not None
    for told in (
        firm.command("status", "--invoice", "F2").stdout,
        firm.command("quarantine", "list").stdout,
        next((firm.root / "reports").rglob("*.html")).read_text("utf-8"),
        next((firm.root / "reports").rglob("findings.csv")).read_text("utf-8-sig"),
    ):
        assert found.location.xpath in told
        assert "2.xml" in told


LAUGHS = b"<!DOCTYPE a [<!ENTITY b 'c'>" + b"".join(
    f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>".encode() for n in range(1, 9)
)
HOSTILE = {
    "empty": (b"", "XI-EMPTY-01"),
    "zeros": (b"\0" * 500, "XI-EMPTY-01"),
    "no xml": (b"invoice_number;total\nF1;12", "XS-FORM-01"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0", "XS-FORM-01"),
    "cut": (b"<Invoice><cbc:ID>F1</cb", "XS-FORM-01"),
    "no invoice": (b"<a/>", "XS-ROOT-01"),
    "laughs": (LAUGHS + b"]><a>&l8;</a>", "XS-"),
    "a file of the machine": (
        b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "XS-UNSAFE-01",
    ),
    "deep": (b"<a>" * 5000 + b"</a>" * 5000, "XS-FORM-01"),
    "wide": (b"<a " + b" ".join(b'a%d="1"' % n for n in range(200)) + b"/>", "XI-MARKUP-02"),
    "another encoding": (
        b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>",
        "XI-ENCODING-01",
    ),
    "too large": (b"<a>" + b"x" * 200_000 + b"</a>", "XI-SIZE-01"),
}


def test_hostile_files_are_quarantined_each_with_its_reason_and_the_others_go(
    tmp_path: Path,
) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl", {"attachments": {"max_invoice_bytes": 150_000}})
    good = xml(firm, "F1")["F1"]
    firm.drop("good.xml", good)
    for name, (content, _) in HOSTILE.items():
        firm.drop(f"{name}.xml", content)
    result = only(firm.run())
    assert result.exit_code is ExitCode.FINDINGS
    assert places(result) == {Place.DEPOSITED: 1, Place.QUARANTINED: len(HOSTILE)}
    assert members(firm.arrived()) == [good]
    with firm.ledger() as ledger:
        told = {
            invoice.file.removesuffix(".xml"): [
                (record.finding.rule, record.finding.location.file)
                for record in ledger.findings(invoice_row=invoice.invoice_row)
            ]
            for invoice in ledger.invoices()
        }
    for name, (_, rule) in HOSTILE.items():
        assert any(found.startswith(rule) for found, _ in told[name]), (name, told[name])
        assert {file for _, file in told[name]} == {f"{name}.xml"}


HUGE = b"9" * 400


def test_an_absurd_amount_is_quarantined_and_does_not_upset_the_balance(firm: Firm) -> None:
    made = xml(firm, "F1", "F2", "F3")
    firm.drop("1.xml", made["F1"])
    for rank in (2, 3):
        content = made[f"F{rank}"].replace(b">120.00<", b">" + HUGE + b".%d<" % rank)
        firm.drop(f"{rank}.xml", content)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1, Place.QUARANTINED: 2}


def test_an_invoice_of_the_other_syntax_is_held_back_under_its_number(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl")
    firm.drop("a.xml", xml_of(tmp_path / "erp", "cii", "F1")["F1"])
    assert places(only(firm.run())) == {Place.QUARANTINED: 1}
    assert firm.rules("F1") == {"XI-SYNTAX-01"}


def test_a_byte_order_mark_is_told_and_kept(firm: Firm) -> None:
    content = codecs.BOM_UTF8 + xml(firm, "F1")["F1"]
    firm.drop("a.xml", content)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    assert firm.arrived()[0].read_bytes() == content
    assert "XI-BOM-01" in firm.rules("F1")


def test_the_same_file_again_is_set_aside_and_the_same_number_otherwise_quarantined(
    firm: Firm,
) -> None:
    content = xml(firm, "F1")["F1"]
    firm.drop("a.xml", content)
    firm.drop("copy.xml", content)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    firm.now += timedelta(days=1)
    firm.drop("again.xml", content)
    assert places(only(firm.run())) == {}
    firm.now += timedelta(days=1)
    firm.drop("other.xml", oddly(content))
    assert places(only(firm.run())) == {Place.QUARANTINED: 1}
    assert firm.rules("F1") == {"LG-CONFLICT-01"}
    assert len(firm.arrived()) == 1


def test_the_same_number_twice_in_a_night_sends_the_first(firm: Firm) -> None:
    content = xml(firm, "F1")["F1"]
    firm.drop("a.xml", content)
    firm.drop("b.xml", oddly(content))
    assert places(only(firm.run())) == {Place.DEPOSITED: 1, Place.QUARANTINED: 1}
    assert members(firm.arrived()) == [content]
    assert firm.rules("F1") == {"LG-SAME-NIGHT-01"}


def test_a_quarantined_file_may_come_again_as_it_is(firm: Firm) -> None:
    content = xml(firm, "F1", invoice_date="2026-09-16")["F1"]
    firm.drop("a.xml", content)
    assert places(only(firm.run())) == {Place.QUARANTINED: 1}
    assert firm.rules("F1") == {"CP-DATE-01"}, "dated after the night: right two days later"
    firm.now += timedelta(days=2)
    firm.drop("a.xml", content)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    assert members(firm.arrived()) == [content]


def test_a_file_that_cannot_be_read_is_quarantined_and_the_others_go(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = xml(firm, "F1")["F1"]
    firm.drop("a.xml", b"<unreadable/>")
    firm.drop("b.xml", content)
    digest = hashlib.file_digest

    def failing(stream: BinaryIO, name: str) -> hashlib._Hash:
        if stream.name.endswith("a.xml"):
            raise PermissionError(13, "Permission denied")
        return digest(stream, name)

    monkeypatch.setattr(hashlib, "file_digest", failing)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1, Place.QUARANTINED: 1}
    with firm.ledger() as ledger:
        held = next(invoice for invoice in ledger.invoices() if invoice.file == "a.xml")
        assert held.state.value == "quarantined"


def test_a_name_that_is_no_text_is_shown_as_well_as_can_be(firm: Firm) -> None:
    firm.drop("a.xml", xml(firm, "F1")["F1"]).rename(
        firm.root / "landing" / b"f\xe9vrier.xml".decode("utf-8", "surrogateescape")
    )
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    with firm.ledger() as ledger:
        assert next(ledger.invoices()).file == r"f\xe9vrier.xml"


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"": {"syntax": "cii"}}, 'syntax is "cii"'),
        ({"attachments": {"pattern": "{number}*.pdf"}}, "attachments.pattern"),
        ({"landing.control": {"source": "trailer"}}, "trailer"),
        ({"landing.control": {"source": "setting", "invoices": 3}}, "setting"),
    ],
    ids=["syntax", "attachments", "trailer", "setting"],
)
def test_settings_that_a_night_of_xml_cannot_honour_are_told_before_a_file_is_claimed(
    tmp_path: Path, sections: dict[str, dict[str, object]], told: str
) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl", sections)
    source = firm.drop("a.xml", b"<a/>")
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        firm.run()
    assert source.exists()
    assert firm.command("doctor").returncode == ExitCode.USAGE


def test_a_control_file_beside_each_xml_is_held_against_it(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl", {"landing.control": {"source": "side_file"}})
    made = xml(firm, "F1", "F2")
    firm.drop("1.xml.ctl", "invoices=1 total=120.00")
    firm.drop("2.xml.ctl", "invoices=1 total=999.00")
    firm.drop("1.xml", made["F1"])
    firm.drop("2.xml", made["F2"])
    result = only(firm.run())
    assert "2.xml: 999.00 total announced, 120.00 read" in result.problems[0]
    assert firm.arrived() == []
    assert (firm.root / "landing" / "1.xml").exists(), "the right one is put back"


def test_a_control_file_that_announces_rows_is_refused(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl", {"landing.control": {"source": "side_file"}})
    firm.drop("1.xml.ctl", "rows=12")
    firm.drop("1.xml", xml(firm, "F1")["F1"])
    assert "an XML has none" in only(firm.run()).problems[0]


def test_a_stylesheet_is_added_to_the_archive_and_alters_no_invoice(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "cii", {"bundle": {"stylesheet": "look.xsl"}})
    (firm.root / "look.xsl").write_bytes(b"<xsl/>")
    content = xml(firm, "F1")["F1"]
    firm.drop("a.xml", content)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    assert members(firm.arrived()) == [content, b"<xsl/>"]


def test_a_held_night_and_its_release_send_the_same_bytes(firm: Firm) -> None:
    landed = list(xml(firm, "F1", "F2").values())
    for rank, content in enumerate(landed):
        firm.drop(f"{rank}.xml", content)
    held = only(firm.run(Mode.HOLD))
    assert places(held) == {Place.WAITING: 2}
    done = firm.command("release", held.run_id, "--by", "A. Martin", "--reason", "checked")
    assert done.returncode == ExitCode.OK, done.stderr
    assert sums(members(firm.arrived())) == sums(landed)


def test_a_dry_run_tells_what_a_night_would_do_and_leaves_the_files(firm: Firm) -> None:
    source = firm.drop("a.xml", xml(firm, "F1")["F1"])
    done = firm.command("run", "--dry-run")
    assert done.returncode == ExitCode.OK, done.stderr
    assert source.exists()
    assert firm.arrived() == []
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}


def test_the_referee_judges_the_xml_as_it_was_written(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "ubl", {"referee": {"policy": "all"}})
    firm.drop("a.xml", oddly(xml(firm, "F1")["F1"]))
    result = only(firm.run())
    assert (result.exit_code, result.problems) == (ExitCode.OK, ())


def test_rows_that_wait_for_an_attachment_wait_on_while_xml_goes(tmp_path: Path) -> None:
    firm = xml_firm(tmp_path / "firm", "cii")
    firm.sections["source"]["profile"] = "generic"
    firm.write_settings()
    firm.drop("a.csv", csv([row("W1", attachments="bl.pdf")]))
    assert places(only(firm.run())) == {Place.WAITING: 1}
    firm.sections["source"]["profile"] = "cii"
    firm.write_settings()
    firm.now += timedelta(days=1)
    firm.drop("a.xml", xml(firm, "F1")["F1"])
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    firm.sections["source"]["profile"] = "generic"
    firm.write_settings()
    (firm.root / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4 test")
    firm.now += timedelta(days=1)
    assert places(only(firm.run())) == {Place.DEPOSITED: 1}
    assert firm.states()["W1"][-1] == "handed_over"


@pytest.mark.parametrize(
    "point",
    [CrashPoint.CLAIM, CrashPoint.BUILT, CrashPoint.RECORDED, CrashPoint.BEFORE_DEPOSIT],
)
def test_a_night_killed_half_way_is_resumed_and_each_file_arrives_once(
    tmp_path: Path, point: CrashPoint
) -> None:
    firm = xml_firm(
        tmp_path / "firm", "ubl", {"workers": {"executor": "inline", "chunk_invoices": 2}}
    )
    landed = list(xml(firm, "F1", "F2", "F3", "F4", "F5").values())
    for rank, content in enumerate(landed):
        firm.drop(f"{rank}.xml", content)
    firm.drop("bad.xml", b"<a/>")
    killed = night_apart(firm, crash_at=point.value)
    assert killed.signal == signal.SIGKILL, killed.told
    resumed = night_apart(firm)
    assert resumed.code is ExitCode.FINDINGS, resumed.told
    assert sums(members(firm.arrived())) == sums(landed)
    assert sorted(firm.states().values()) == [["handed_over"]] * 5 + [["quarantined"]]


def test_worker_processes_send_the_same_bytes(tmp_path: Path) -> None:
    workers = {"executor": "processes", "processes": 2, "chunk_invoices": 2}
    firm = xml_firm(tmp_path / "firm", "cii", {"workers": workers})
    landed = list(xml(firm, *(f"F{rank}" for rank in range(6))).values())
    for rank, content in enumerate(landed):
        firm.drop(f"{rank}.xml", content)
    done = firm.command("run", "--no-prefect")
    assert done.returncode == ExitCode.OK, done.stderr
    assert sums(members(firm.arrived())) == sums(landed)
