"""One invoice's file for an auditor: complete, about this invoice alone, and provable by hand."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from flows.audit.dossier import _Dossier, export
from flows.audit.purge import purge
from flows.cli.main import run
from flows.errors import ConfigurationError, ExitCode
from tests.support.audited_firm import NUMBERS, QUARANTINED, RETURNS, firm_at
from tests.support.firm import Firm, csv, row
from transforms.unbundle import read_bundle


def exported(firm: Firm, number: str, name: str = "dossier.zip") -> dict[str, bytes]:
    """Export an invoice and return the files of the dossier."""
    out = firm.root / name
    with firm.ledger() as ledger:
        export(ledger, firm.configuration().settings, number, out)
    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        return {entry: archive.read(entry) for entry in archive.namelist()}


def found(files: dict[str, bytes], part: str) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if part in name}


def test_every_file_is_in_the_list_of_sums_with_its_own(history: Firm, tmp_path: Path) -> None:
    with history.ledger() as ledger:
        export(ledger, history.configuration().settings, NUMBERS[0], tmp_path / "d.zip")
    with zipfile.ZipFile(tmp_path / "d.zip") as archive:
        files = {entry: archive.read(entry) for entry in archive.namelist()}
    listed = dict(
        reversed(line.split("  ", 1)) for line in files.pop("SHA256SUMS.txt").decode().splitlines()
    )
    assert listed == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}


def test_the_xml_is_what_was_deposited(firm: Firm) -> None:
    ((name, xml),) = found(exported(firm, NUMBERS[1]), "/xml/").items()
    arrived: dict[str, bytes] = {}
    for path in firm.arrived():
        with path.open("rb") as stream:
            arrived |= {member[-29:]: data for member, data in read_bundle(stream, name=path.name)}
    assert arrived[Path(name).name] == xml
    assert NUMBERS[1].encode() in xml


def test_the_extract_lines_are_those_of_the_invoice(firm: Firm) -> None:
    (cut,) = found(exported(firm, NUMBERS[1]), "/extrait/").values()
    lines = (firm.root / "state/claimed/20260914-190000/ventes.csv").read_text().splitlines()
    assert cut.decode().splitlines() == [lines[0], lines[2]]


def test_answers_hold_what_is_about_this_invoice_and_the_hash_of_the_whole(firm: Firm) -> None:
    answers = found(exported(firm, NUMBERS[0]), "/retours/")
    told = [json.loads(content) for content in answers.values()]
    assert [each["file"] for each in told] == list(RETURNS)
    for each in told:
        kept = firm.root / "state" / "returns" / each["kept_as"]
        assert hashlib.sha256(kept.read_bytes()).hexdigest() == each["sha256"]
    (life,) = told[1]["statuses"]
    assert (life["status"]["code"], life["status"]["number"]) == ("03", NUMBERS[0])
    statuses = next(iter(found(exported(firm, NUMBERS[0], "2.zip"), "statuts.csv").values()))
    assert "Mise à disposition" in statuses.decode()


def test_other_invoices_stay_out(firm: Firm) -> None:
    files = exported(firm, NUMBERS[0])
    for name, content in files.items():
        for number in (*NUMBERS[1:], QUARANTINED):
            assert number.encode() not in content, name


def test_the_chain_reaches_from_the_run_to_the_head(firm: Firm) -> None:
    manifests = found(exported(firm, NUMBERS[0]), "manifestes/")
    previous = ""
    for content in manifests.values():
        body = json.loads(content)
        assert body["previous"] == previous
        previous = hashlib.sha256(content).hexdigest()
    with firm.ledger() as ledger:
        head = ledger.manifest_head()
    assert head is not None
    assert previous == head.sha256
    page = exported(firm, NUMBERS[0], "2.zip")["index.html"].decode()
    assert head.sha256 in page
    assert "sha256sum -c SHA256SUMS.txt" in page
    # The manifest of the run names the flow and the extract that the page tells.
    sealed = json.loads(next(iter(manifests.values())))["files"]["items"]
    assert all(item["sha256"] in page for item in sealed if item["path"].endswith("1"))


def test_the_same_state_gives_the_same_bytes(firm: Firm) -> None:
    exported(firm, NUMBERS[0], "1.zip")
    firm.now += timedelta(days=3)
    exported(firm, NUMBERS[0], "2.zip")
    assert (firm.root / "1.zip").read_bytes() == (firm.root / "2.zip").read_bytes()


def test_an_invoice_that_never_left_has_its_reasons(firm: Firm) -> None:
    files = exported(firm, QUARANTINED)
    assert found(files, "/xml/") == {}
    constats = next(iter(found(files, "constats.csv").values())).decode()
    assert "CP-BUYER-03" in constats
    assert "En quarantaine" in files["index.html"].decode()


def test_each_reading_of_a_number_has_its_folder(firm: Firm) -> None:
    firm.now += timedelta(hours=1)
    firm.drop("encore.csv", csv([row(NUMBERS[0]), row("FA-00077")]))
    firm.run()
    files = exported(firm, NUMBERS[0])
    assert sorted({name.split("/")[0] for name in found(files, "faits.json")}) == [
        "01-20260914-190000",
        "02-20260915-200000",
    ]
    facts = json.loads(files["02-20260915-200000/faits.json"])
    assert facts["invoice"]["state"] == "skipped"
    assert "lu 2 fois" in files["index.html"].decode()


def test_what_was_purged_is_told_with_its_hash(firm: Firm) -> None:
    firm.now += timedelta(days=366 * 11)
    purge(firm.configuration(), by="x", reason="y", clock=lambda: firm.now)
    files = exported(firm, NUMBERS[0])
    assert found(files, "/xml/") == found(files, "/extrait/") == {}
    page = files["index.html"].decode()
    assert page.count("purgé le") == 2
    with firm.ledger() as ledger:
        flow = next(f for f in ledger.flows() if f.run_id == "20260914-190000")
    assert flow.sha256 in page


def test_tables_speak_the_words_of_the_report(firm: Firm) -> None:
    files = exported(firm, NUMBERS[0])
    [events] = found(files, "/evenements.csv").values()
    lines = events.decode("utf-8-sig").splitlines()
    assert any(";flux;" in line and ";Envoi commencé;" in line for line in lines)
    assert any(";facture;" in line and ";Déposée;" in line for line in lines)
    [statuses] = found(files, "/statuts.csv").values()
    assert {line.split(";")[2] for line in statuses.decode().splitlines()[1:]} <= {
        "facture",
        "flux",
    }


def test_a_run_of_many_extracts_says_which_were_not_looked_through(tmp_path: Path) -> None:
    firm = Firm(tmp_path)
    for rank in range(21):
        firm.drop(f"{rank:02d}.csv", csv([row(f"F-{rank}")]))
    firm.run()
    files = exported(firm, "F-7")
    assert "21 extraits" in files["index.html"].decode()


def test_two_names_that_flatten_to_one_are_two_entries(firm: Firm) -> None:
    with zipfile.ZipFile(firm.root / "any.zip", "w") as archive, firm.ledger() as ledger:
        dossier = _Dossier(ledger, firm.configuration().settings, archive, "F1")
        names = [dossier._add(name, b"").name for name in ("a/b.csv", "a/b.csv", "c", "c")]
    assert names == ["a/b.csv", "a/b~2.csv", "c", "c~2"]


def test_a_flow_that_was_altered_gives_no_xml(firm: Firm) -> None:
    for path in (firm.root / "state" / "outbox").glob("*/*"):
        path.write_bytes(b"x")
    files = exported(firm, NUMBERS[0])
    assert found(files, "/xml/") == {}
    assert "son SHA-256 diffère" in files["index.html"].decode()


def test_values_from_outside_run_nowhere(tmp_path: Path) -> None:
    firm = firm_at(tmp_path)
    bad = row("FA-00001", buyer_name="<script>alert(1)</script>", buyer_siret="=1+1")
    firm.drop("a b;$(id).csv", csv([bad]))
    firm.run()
    files = exported(firm, "FA-00001")
    page = files["index.html"].decode()
    assert "<script>" not in page
    assert "default-src 'none'" in page
    constats = next(iter(found(files, "constats.csv").values())).decode("utf-8-sig")
    assert ";=1" not in constats
    assert ";'=1+1" in constats
    assert all(".." not in name.split("/") for name in files)
    assert "sha256sum &#39;state/claimed/20260914-190000/a b;$(id).csv&#39;" in page


def test_an_invoice_of_a_former_tool_says_where_it_comes_from(firm: Firm) -> None:
    listed = firm.root / "sent.csv"
    listed.write_text("seller_id;number\n40678483500521;OLD-1\n")
    assert (
        run(
            ["ledger", "import-sent", str(listed), "--by", "x", "--config", str(firm.settings_file)]
        )
        is ExitCode.OK
    )
    page = exported(firm, "OLD-1")["index.html"].decode()
    assert "ancien outil, reprise de la liste sent.csv" in page


@pytest.mark.parametrize(("number", "there"), [("FA-99999", False), (NUMBERS[0], True)])
def test_an_unknown_number_or_a_file_that_exists_is_refused(
    firm: Firm, number: str, there: bool
) -> None:
    out = firm.root / "d.zip"
    if there:
        out.write_text("mine")
    with (
        firm.ledger() as ledger,
        pytest.raises(ConfigurationError, match="exists already" if there else "knows no"),
    ):
        export(ledger, firm.configuration().settings, number, out)
    assert out.exists() is there


def test_the_command_writes_the_file(firm: Firm, capsys: pytest.CaptureFixture[str]) -> None:
    out = firm.root / "d.zip"
    line = ["audit", "export", "--invoice", NUMBERS[0], "--out", str(out)]
    assert run([*line, "--config", str(firm.settings_file)]) is ExitCode.OK
    assert f"1 readings of {NUMBERS[0]}" in capsys.readouterr().out
    assert zipfile.is_zipfile(out)
