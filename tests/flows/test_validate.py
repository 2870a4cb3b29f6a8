"""Validation of XML from outside: its layers, its verdicts, and what hostile input comes to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.target import load_target
from flows.errors import ConfigurationError
from flows.validate import Validator, open_validator
from flows.validation import LayerName, LayerStatus, Validation
from schemas.explain import explain
from schemas.written import MOST_PER_RULE
from tests.support.sample_invoices import SAMPLES
from transforms.cii import render_cii
from transforms.invoice import Invoice, Price
from transforms.ubl import render_ubl

RUN_DATE = date(2026, 11, 23)
TARGET = load_target("chorus_direct")
SAMPLE = next(iter(SAMPLES.values()))

UBL = (
    'xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" '
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)
LAUGHS = '<!ENTITY l0 "lol">' + "".join(
    f'<!ENTITY l{rank} "{f"&l{rank - 1};" * 10}">' for rank in range(1, 12)
)


def ubl(content: str = "", head: str = "") -> bytes:
    return f"{head}<Invoice {UBL}>{content}</Invoice>".encode()


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    with Validator(TARGET, run_date=RUN_DATE) as opened:
        yield opened


def rules(validation: Validation) -> list[str]:
    return [told.finding.rule for told in validation.told]


def statuses(validation: Validation) -> dict[str, str]:
    return {layer.name.value: layer.status.value for layer in validation.layers}


def blocking(validation: Validation) -> set[str]:
    return {told.finding.rule for told in validation.told if told.finding.blocks}


@pytest.mark.parametrize("render", [render_cii, render_ubl])
def test_a_good_invoice_is_valid_in_both_syntaxes(render: object, validator: Validator) -> None:
    xml = render_cii(SAMPLE, TARGET) if render is render_cii else render_ubl(SAMPLE, TARGET)
    found = validator.validate(xml, "good.xml")
    assert found.valid, found.told
    assert found.syntax == ("cii" if render is render_cii else "ubl")
    assert found.number == SAMPLE.number
    assert {layer.name.value for layer in found.layers} == {"xsd", "rules"}
    assert all(layer.version for layer in found.layers)


def test_what_a_rule_finds_makes_it_invalid_and_says_where(validator: Validator) -> None:
    wrong: Invoice = replace(SAMPLE, buyer=replace(SAMPLE.buyer, legal_id=None))
    found = validator.validate(render_cii(wrong, TARGET), "wrong.xml")
    assert not found.valid
    assert statuses(found) == {"xsd": "ok", "rules": "findings"}
    assert "CP-BUYER-01" in blocking(found)


def test_a_number_has_its_path_and_its_business_term(validator: Validator) -> None:
    wrong = replace(SAMPLE, number="F" * 21)
    found = validator.validate(render_ubl(wrong, TARGET), "wrong.xml")
    told = next(one.finding for one in found.told if one.finding.bt == "BT-1")
    assert told.location.xpath == "/ubl:Invoice/cbc:ID"
    assert told.value == "F" * 21


def test_a_fragment_is_judged_by_the_rules_alone() -> None:
    with open_validator("en16931", "rules", run_date=RUN_DATE) as validator:
        found = validator.validate(ubl("<cbc:ID>1</cbc:ID>"), "fragment.xml")
    assert statuses(found) == {"rules": "findings"}
    assert {"BR-03", "BR-16"} <= set(rules(found))
    assert "BR-02" not in rules(found)


def test_a_wrong_quantity_that_adds_up_is_a_warning_for_chorus_pro_and_nothing_to_the_norm(
    validator: Validator,
) -> None:
    line = replace(SAMPLE.lines[0], quantity=SAMPLE.lines[0].quantity + 1)
    xml = render_ubl(replace(SAMPLE, lines=(line, *SAMPLE.lines[1:])), TARGET)
    found = validator.validate(xml, "wrong.xml")
    assert rules(found) == ["TT-LINE-01"]
    assert found.valid
    assert statuses(found)["rules"] == "findings"
    with open_validator("en16931", "rules", run_date=RUN_DATE) as norm:
        assert rules(norm.validate(xml, "wrong.xml")) == []


HOSTILE = {
    "not_xml": (b"hello", "XS-FORM-01"),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\n1 0 obj", "XS-FORM-02"),
    "zip": (b"PK\x03\x04" + b"\0" * 60, "XS-FORM-02"),
    "gzip": (b"\x1f\x8b\x08" + b"\0" * 60, "XS-FORM-02"),
    "json": (b' {"number": 1}', "XS-FORM-02"),
    "html": (b"<!DOCTYPE html><html><body><p>404</body></html>", "XS-FORM-02"),
    "two_roots": (ubl() + ubl(), "XS-FORM-01"),
    "utf16_cut": (ubl().decode().encode("utf-16")[:-7], "XS-FORM-01"),
    "empty": (b"", "XI-EMPTY-01"),
    "blank": (b"\xef\xbb\xbf \r\n", "XI-EMPTY-01"),
    "zeros": (b"\0" * 1000, "XI-EMPTY-01"),
    "binary": (bytes(range(256)) * 40, "XS-FORM-01"),
    "invalid_utf8": (ubl("<cbc:ID>\xff</cbc:ID>").decode().encode("latin-1"), "XS-FORM-01"),
    "unknown_encoding": (b'<?xml version="1.0" encoding="nope"?><a/>', "XS-FORM-01"),
    "other_root": (b'<a xmlns="urn:x"/>', "XS-ROOT-01"),
    "no_namespace": (b"<Invoice/>", "XS-ROOT-01"),
    "doctype": (ubl("&a;", '<!DOCTYPE Invoice [<!ENTITY a "b">]>'), "XS-UNSAFE-01"),
    "outside_entity": (
        ubl("&a;", '<!DOCTYPE Invoice [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "XS-UNSAFE-01",
    ),
    "billion_laughs": (ubl("&l11;", f"<!DOCTYPE Invoice [{LAUGHS}]>"), "XS-"),
    "billion_laughs_and_large": (
        ubl("&l11;" + "x" * 10_000_001, f"<!DOCTYPE Invoice [{LAUGHS}]>"),
        "XS-UNSAFE-01",
    ),
    "deep": (ubl("<cac:Party>" * 100_000 + "</cac:Party>" * 100_000), "XS-FORM-01"),
    "deep_and_large": (
        ubl("<cac:Party>" * 100_000 + "x" * 10_000_001 + "</cac:Party>" * 100_000),
        "XS-FORM-01",
    ),
    "wide": (ubl("<cbc:Note/>" * 2_100_000), "XI-MARKUP-01"),
    "many_attributes": (
        ubl("<cbc:ID " + " ".join(f'a{rank}="1"' for rank in range(5_000)) + "/>"),
        "XI-MARKUP-02",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_or_odd_input_is_a_finding(name: str, validator: Validator) -> None:
    xml, rule = HOSTILE[name]
    found = validator.validate(xml, name)
    assert not found.valid
    assert len(found.told) == 1
    assert rules(found)[0].startswith(rule)
    assert statuses(found)["rules"] == "not_run"
    assert found.syntax is None


def test_namespaces_that_are_swapped_are_findings_of_each_layer(validator: Validator) -> None:
    text = ubl("<cbc:ID>1</cbc:ID><cac:Party/>").decode()
    swapped = text.replace("CommonBasic", "?").replace("CommonAggregate", "CommonBasic")
    found = validator.validate(swapped.replace("?", "CommonAggregate").encode(), "swapped.xml")
    assert not found.valid
    assert "XS-UNEXPECTED-01" in rules(found)
    assert statuses(found) == {"xsd": "findings", "rules": "findings"}


@pytest.mark.parametrize(
    ("encoding", "rule", "valid"),
    [
        ("utf-8", None, True),
        ("utf-8-sig", "XI-BOM-01", True),
        ("utf-16", "XI-ENCODING-01", False),
        ("iso-8859-15", "XI-ENCODING-01", False),
    ],
)
def test_chorus_pro_wants_utf8_and_the_norm_does_not_mind(
    encoding: str, rule: str | None, valid: bool, validator: Validator
) -> None:
    text = render_ubl(SAMPLE, TARGET).decode()
    declared = encoding.removesuffix("-sig")
    head, _, rest = text.partition("?>")
    written = f'<?xml version="1.0" encoding="{declared}"?>{rest}'.encode(encoding)
    assert head.startswith("<?xml")
    found = validator.validate(written, "encoded.xml")
    assert [one for one in rules(found) if one.startswith("XI-")] == ([rule] if rule else [])
    assert found.valid is valid
    with Validator(load_target("en16931"), run_date=RUN_DATE) as norm:
        assert not [r for r in rules(norm.validate(written, "x")) if r.startswith("XI-")]


def test_values_no_decimal_can_hold_are_findings(validator: Validator) -> None:
    amounts = "".join(
        f'<cac:LegalMonetaryTotal><cbc:PayableAmount currencyID="EUR">{value}</cbc:PayableAmount>'
        "</cac:LegalMonetaryTotal>"
        for value in ("9" * 100_000, "1E999999999", "NaN", "-0", "٣")
    )
    found = validator.validate(ubl(amounts), "amounts.xml")
    assert not found.valid
    assert "XI-DEFECT-01" not in rules(found)


def test_a_list_of_findings_is_bounded_and_says_so(validator: Validator) -> None:
    line = "<cac:InvoiceLine><cbc:ID>1</cbc:ID></cac:InvoiceLine>"
    found = validator.validate(ubl(line * (MOST_PER_RULE + 7)), "long.xml")
    assert rules(found).count("BR-22") == MOST_PER_RULE
    more = next(
        one.finding
        for one in found.told
        if one.finding.rule == "XI-MORE-01" and one.finding.value == "BR-22"
    )
    assert more.params["count"] == "7"


def test_a_line_wrong_ten_thousand_times_is_judged_and_counted(validator: Validator) -> None:
    """More than 5,000 lines: the schema judges while parsing, for places would cost minutes."""
    many = 10_000
    found = validator.validate(
        ubl("<cac:InvoiceLine><cbc:ID>1</cbc:ID></cac:InvoiceLine>" * many), "x"
    )
    assert statuses(found) == {"xsd": "findings", "rules": "findings"}
    assert rules(found).count("BR-24") == MOST_PER_RULE
    counted = [one.finding for one in found.told if one.finding.rule == "XI-MORE-01"]
    more = {one.value: one.params["count"] for one in counted}
    assert more["BR-24"] == str(many - MOST_PER_RULE)
    assert "XS-MISSING-01" in rules(found)


@pytest.mark.parametrize("render", [render_cii, render_ubl])
def test_a_good_invoice_of_many_lines_is_valid(
    render: Callable[..., bytes], validator: Validator
) -> None:
    line = SAMPLE.lines[0]
    text = replace(line, kind="INFORMATION", net=Decimal(0), price=Price(net=Decimal(0)))
    lines = [replace(text, id=str(rank)) for rank in range(100, 5_200)]
    many = replace(SAMPLE, lines=(*SAMPLE.lines, *lines))
    found = validator.validate(render(many, TARGET), "many.xml")
    assert blocking(found) == set()
    assert statuses(found)["xsd"] == "ok"


def test_what_is_no_regular_file_is_told_in_french(tmp_path: Path, validator: Validator) -> None:
    (told,) = validator.validate_file(tmp_path).told
    assert "un dossier" in explain(told.finding, "fr").message
    (told,) = validator.validate_file(tmp_path / "none").told
    assert "aucun fichier de ce nom" in explain(told.finding, "fr").message
    assert "No such file" in explain(told.finding, "en").message


def test_comments_and_instructions_do_not_hide_a_value(validator: Validator) -> None:
    text = render_ubl(SAMPLE, TARGET).decode()
    number = str(SAMPLE.number)
    odd = text.replace(f">{number}<", f"><!-- a -->{number[:2]}<?b c?>{number[2:]}<", 1)
    assert odd != text
    assert validator.validate(odd.encode(), "odd.xml").number == number


# -- files -----------------------------------------------------------------------------------------


def test_paths_that_are_no_readable_file_are_findings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "large").write_bytes(b"<a/>" * 100)
    with Validator(TARGET, run_date=RUN_DATE, max_bytes=100) as validator:
        found = {
            name: rules(validator.validate_file(tmp_path / name))
            for name in (".", "pipe", "loop", "none", "large", "nul\0")
        }
    assert found == {
        ".": ["XI-KIND-01"],
        "pipe": ["XI-KIND-01"],
        "loop": ["XI-READ-01"],
        "none": ["XI-READ-01"],
        "large": ["XI-SIZE-01"],
        "nul\0": ["XI-READ-01"],
    }


def test_a_file_of_gigabytes_is_refused_unread(tmp_path: Path, validator: Validator) -> None:
    path = tmp_path / "giga.xml"
    with path.open("wb") as stream:
        stream.truncate(5_000_000_000)
    assert rules(validator.validate_file(path)) == ["XI-SIZE-01"]


def test_a_path_that_is_no_text_can_be_told(tmp_path: Path, validator: Validator) -> None:
    path = Path(os.fsdecode(bytes(tmp_path) + b"/\xff.xml"))
    path.write_bytes(b"<a/>")
    assert validator.validate_file(path).file.endswith("/�.xml")


# -- layers ----------------------------------------------------------------------------------------


def test_a_layer_that_fails_is_told_and_keeps_the_file_from_being_valid(
    monkeypatch: pytest.MonkeyPatch, validator: Validator
) -> None:
    def fail(*_arguments: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("flows.validate.check_bounded", fail)
    found = validator.validate(render_ubl(SAMPLE, TARGET), "good.xml")
    assert statuses(found) == {"xsd": "ok", "rules": "failed"}
    assert rules(found) == ["XI-DEFECT-01"]
    assert not found.valid


def test_a_referee_without_its_engine_has_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.referee.find_spec", lambda _name: None)
    with Validator(TARGET, [LayerName.REFEREE], run_date=RUN_DATE) as validator:
        found = validator.validate(render_ubl(SAMPLE, TARGET), "good.xml")
    assert [layer.status for layer in found.layers] == [LayerStatus.NOT_RUN]
    assert rules(found) == ["RF-ENGINE-01"]
    assert not found.valid


@pytest.mark.parametrize(
    ("target", "layers"),
    [("nowhere", "xsd"), ("en16931", "xsd,nope"), ("en16931", ""), ("en16931", " , ")],
)
def test_unknown_targets_and_layers_are_wrong_use(target: str, layers: str) -> None:
    with pytest.raises(ConfigurationError):
        open_validator(target, layers, run_date=RUN_DATE)
