"""Extracts to XML files, with every check and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from lxml import etree

from config.target import SyntaxName
from flows.convert import Conversion, convert_files, settings_for
from flows.errors import ConfigurationError, ExitCode
from tests.support.firm import COLUMNS, COMMUNE, COMPANY, NOW, Firm, csv, row
from tests.support.xml_invoices import oddly, xml_of

RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "company.yaml").write_text(COMPANY, "utf-8")
    return tmp_path


def write(folder: Path, content: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def convert(
    folder: Path, *files: Path, language: Literal["fr", "en"] = "en", **options: Any
) -> Conversion:
    settings = settings_for(files, company=folder / "company.yaml", **options)
    return convert_files(
        files,
        settings,
        out=folder / "xml",
        findings=folder / "told" / "findings.json",
        language=language,
        clock=lambda: NOW,
    )


def findings(folder: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads((folder / "told" / "findings.json").read_text("utf-8"))
    return told


def test_each_right_invoice_becomes_an_xml_named_by_its_number(folder: Path) -> None:
    done = convert(folder, write(folder, csv([row("F1"), row("2026/F 2")])))
    assert (done.written, done.held_back, done.exit_code) == (2, 0, ExitCode.OK)
    written = {path.name: etree.parse(path) for path in (folder / "xml").iterdir()}
    assert set(written) == {"F1.xml", "2026_F_2.xml"}
    assert written["2026_F_2.xml"].findtext(f".//{RAM}ID[.='2026/F 2']") == "2026/F 2"
    assert done.lines == [f"2 XML in {folder / 'xml'}, 0 held back"]


def test_two_numbers_with_the_same_file_name_are_both_written(folder: Path) -> None:
    convert(folder, write(folder, csv([row("F/1"), row("F 1")])))
    assert {path.name for path in (folder / "xml").iterdir()} == {"F_1.xml", "F_1~2.xml"}


def test_an_invoice_held_back_is_told_with_place_rule_and_advice(folder: Path) -> None:
    done = convert(folder, write(folder, csv([row("F1"), row("F2", buyer_siret="123")])))
    assert (done.written, done.held_back, done.exit_code) == (1, 1, ExitCode.FINDINGS)
    assert done.lines[0] == "F2 (a.csv, line 3): held back"
    assert done.lines[1].startswith("  fatal   CP-BUYER-03: “123” is no SIRET")
    (told,) = findings(folder)
    assert (told["invoice"], told["rule"], told["severity"]) == ("F2", "CP-BUYER-03", "fatal")
    assert told["location"]["line"] == 3
    assert told["location"]["column"] == "buyer_siret"
    assert "SIRET" in told["message_fr"]
    assert told["advice_en"]
    assert told["source"]


def test_what_blocks_is_told_before_what_only_warns(folder: Path) -> None:
    lines = convert(folder, write(folder, csv([row("F1", quantity="-1", buyer_siret="123")]))).lines
    assert [line[2:10].strip() for line in lines if line.startswith("  ")] == ["fatal", "warning"]


def test_warnings_of_written_invoices_are_counted_by_rule(folder: Path) -> None:
    rows = [row("F1", quantity="-1"), row("F2", quantity="-1"), row("F3")]
    done = convert(folder, write(folder, csv(rows)))
    assert (done.written, done.exit_code) == (3, ExitCode.OK)
    assert done.lines[0] == (
        "2 written with a warning: CP-CREDIT-02 Invoice with a negative total (first: F1)"
    )
    assert [told["invoice"] for told in findings(folder)] == ["F1", "F2"]


def test_what_is_wrong_with_the_files_themselves_is_told(folder: Path) -> None:
    empty = write(folder, "", "empty.csv")
    cut = write(folder, csv([row("F1")]).rstrip("\n"), "cut.csv")
    done = convert(folder, empty, cut)
    assert done.exit_code is ExitCode.OK
    assert {told["rule"] for told in findings(folder)} == {"XT-EMPTY-01", "XT-END-01"}
    assert sum("XT-" in line for line in done.lines) == 2


def test_a_row_of_no_invoice_is_held_back(folder: Path) -> None:
    done = convert(folder, write(folder, csv([row("F1"), row("", line_number="9")])))
    assert done.exit_code is ExitCode.FINDINGS
    assert any("XT-KEY-02" in line for line in done.lines)


def test_an_invoice_left_out_by_a_filter_is_named_with_it(folder: Path) -> None:
    profile = write(
        folder,
        "extends: generic\nprofile: mine\n"
        "filters: [{name: proforma, column: document_type, equals: PRO}]\n",
        "mine.yaml",
    )
    extract = write(folder, csv([row("F1"), row("P1", document_type="PRO")]))
    done = convert(folder, extract, profile=str(profile))
    assert (done.written, done.excluded, done.exit_code) == (1, 1, ExitCode.OK)
    assert done.lines[0] == "P1: left out by the filter 'proforma'"


def test_attachments_are_looked_for_beside_the_extract(folder: Path) -> None:
    (folder / "bl.pdf").write_bytes(b"%PDF-1.4")
    rows = [row("F1", attachments="bl.pdf"), row("F2", attachments="none.pdf")]
    done = convert(folder, write(folder, csv(rows)))
    assert done.written == 1
    assert etree.parse(folder / "xml" / "F1.xml").findtext(f".//{RAM}AttachmentBinaryObject")
    assert {told["rule"] for told in findings(folder)} == {"AT-MISSING-02"}


def test_the_language_is_that_asked_for(folder: Path) -> None:
    extract = write(folder, csv([row("F1", buyer_siret="123")]))
    assert "n'est pas un SIRET" in convert(folder, extract, language="fr").lines[1]


def test_the_syntax_is_that_asked_for(folder: Path) -> None:
    convert(folder, write(folder, csv([row("F1")])), syntax="ubl")
    root = etree.parse(folder / "xml" / "F1.xml").getroot()
    assert etree.QName(root).localname == "Invoice"


def test_settings_convert_as_a_night_would_and_options_win_over_them(tmp_path: Path) -> None:
    firm = Firm(tmp_path, {"": {"syntax": "ubl"}, "target_options": {"siret_scheme": "0009"}})
    extract = firm.drop("a.csv", csv([row("F1", attachments="bl.pdf")], COLUMNS))
    (tmp_path / "attachments" / "bl.pdf").write_bytes(b"%PDF-1.4")
    settings = settings_for([extract], config=firm.settings_file)
    assert settings.syntax == "ubl"
    cii = settings_for([extract], config=firm.settings_file, syntax="cii")
    done = convert_files([extract], cii, out=tmp_path / "xml", clock=lambda: NOW)
    assert done.written == 1
    identifiers = etree.parse(tmp_path / "xml" / "F1.xml").iterfind(
        f".//{RAM}SpecifiedLegalOrganization/{RAM}ID"
    )
    assert {one.get("schemeID") for one in identifiers} == {"0009"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"profile": "nowhere"}, "nowhere"),
        ({"config": Path("/nowhere/chorus-flows.toml")}, "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(folder: Path, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        convert(folder, write(folder, csv([row("F1")])), **options)


def test_a_file_that_is_not_there_or_no_place_to_write_is_a_wrong_use(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.csv cannot be read"):
        convert(folder, folder / "none.csv")
    (folder / "xml").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        convert(folder, write(folder, csv([row("F1")])))
    (folder / "xml").unlink()
    (folder / "told").write_text("a file")
    with pytest.raises(ConfigurationError, match="findings cannot be written"):
        convert(folder, write(folder, csv([row("F1")])))


def test_a_table_kept_beside_the_company_file_completes_invoices(folder: Path) -> None:
    tables = "enrichment: [{file: clients.csv, key: {BT-44: nom}, gives: {BT-47: siret}}]\n"
    (folder / "company.yaml").write_text(COMPANY + tables, "utf-8")
    (folder / "clients.csv").write_text(f"nom;siret\nVille;{COMMUNE}\nFaux;{COMMUNE[:-1]}9\n")
    done = convert(
        folder,
        write(
            folder,
            csv(
                [
                    row("F1", buyer_siret="", buyer_name="Ville"),
                    row("F2", buyer_siret="", buyer_name="Bourg"),
                    row("F3", buyer_siret="", buyer_name="Faux"),
                ]
            ),
        ),
    )
    assert (done.written, done.held_back) == (2, 1)
    xml = etree.parse(folder / "xml" / "F1.xml")
    assert xml.findtext(f".//{RAM}BuyerTradeParty/{RAM}SpecifiedLegalOrganization/{RAM}ID") == (
        COMMUNE
    )
    told = {(item["invoice"], item["rule"]): item for item in findings(folder)}
    missing = told["F2", "MP-TABLE-01"]
    assert "une ligne nom = Bourg, colonnes à remplir : siret" in missing["advice_fr"]
    assert (missing["location"]["file"], missing["location"]["line"]) == ("a.csv", 3)
    wrong = next(item for key, item in told.items() if key[0] == "F3")
    assert wrong["location"] == {
        "file": "clients.csv",
        "line": 3,
        "column": "siret",
        "xpath": None,
    }


def xml_converted(folder: Path, path: Path, **options: Any) -> Conversion:
    settings = settings_for([path], **options)
    return convert_files(
        [path],
        settings,
        out=folder / "again",
        findings=folder / "told" / "findings.json",
        language="en",
        clock=lambda: NOW,
    )


@pytest.mark.parametrize("syntax", ["ubl", "cii"])
def test_xml_in_its_own_syntax_comes_out_as_the_same_bytes(
    folder: Path, syntax: SyntaxName
) -> None:
    content = oddly(xml_of(folder / "erp", syntax, "F1")["F1"])
    path = folder / "facture.xml"
    path.write_bytes(content)
    done = xml_converted(folder, path, profile=syntax)
    assert (done.written, done.held_back) == (1, 0)
    assert (folder / "again" / "F1.xml").read_bytes() == content


@pytest.mark.parametrize(("came", "asked"), [("ubl", "cii"), ("cii", "ubl")])
def test_xml_asked_for_in_the_other_syntax_is_written_anew_and_says_so(
    folder: Path, came: SyntaxName, asked: SyntaxName
) -> None:
    (folder / "erp").mkdir()
    content = xml_of(folder / "erp", came, "F1")["F1"]
    path = folder / "facture.xml"
    path.write_bytes(oddly(content))
    done = xml_converted(folder, path, profile=came, syntax=asked)
    assert (done.written, done.held_back) == (1, 0), done.lines
    assert (folder / "again" / "F1.xml").read_bytes() == xml_of(folder / "x", asked, "F1")["F1"]
    assert "XI-CONVERTED-01" in {told["rule"] for told in findings(folder)}


def test_an_attachment_is_not_packed_twice_when_xml_is_written_anew(folder: Path) -> None:
    (folder / "erp").mkdir()
    (folder / "erp" / "bl.pdf").write_bytes(b"%PDF-1.4 delivery note")
    ubl = xml_of(folder / "erp", "ubl", "F1", attachments="bl.pdf")["F1"]
    cii = xml_of(folder / "erp", "cii", "F1", attachments="bl.pdf")["F1"]
    path = folder / "facture.xml"
    path.write_bytes(ubl)
    xml_converted(folder, path, profile="ubl", syntax="cii")
    assert (folder / "again" / "F1.xml").read_bytes() == cii


def test_xml_that_is_held_back_is_told_with_line_and_path(folder: Path) -> None:
    path = folder / "facture.xml"
    content = xml_of(folder / "erp", "ubl", "F1")["F1"]
    path.write_bytes(content.replace(b"21999900000017", b"123"))
    done = xml_converted(folder, path, profile="ubl")
    assert done.exit_code is ExitCode.FINDINGS
    assert any("facture.xml, line" in line and "/ubl:Invoice/" in line for line in done.lines)
