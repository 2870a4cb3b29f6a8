"""The referee: verdicts of the official artefacts, processes that die, and who is asked about."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from config.settings import Referee
from config.target import load_target
from flows import referee
from flows.errors import ConfigurationError
from flows.referee import Question, Referees, sampled, text_of
from flows.referee_process import Engine, RefereeProcess, read_report
from flows.validate import Validator
from flows.validation import LayerName
from tests.support.sample_invoices import SAMPLES
from transforms.cii import render_cii
from transforms.ubl import render_ubl
from transforms.xml_node import parse_xml

TARGET = load_target("en16931")
SAMPLE = next(iter(SAMPLES.values()))
UBL = render_ubl(SAMPLE, TARGET)
CII = render_cii(SAMPLE, TARGET)


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    layers = [LayerName.RULES, LayerName.REFEREE]
    with Validator(TARGET, layers, run_date=date(2026, 11, 23)) as opened:
        yield opened


@pytest.mark.parametrize("xml", [UBL, CII], ids=["ubl", "cii"])
def test_the_referee_agrees_that_a_good_invoice_is_good(xml: bytes, validator: Validator) -> None:
    found = validator.validate(xml, "good.xml")
    assert found.valid, found.told
    assert "saxonche" in found.layers[-1].version


@pytest.mark.parametrize(
    ("xml", "old", "new", "rule"),
    [
        (UBL, f"<cbc:ID>{SAMPLE.number}</cbc:ID>", "", "BR-02"),
        (UBL, ">FR</cbc:IdentificationCode>", ">XX</cbc:IdentificationCode>", "BR-CL-14"),
        (CII, f"<ram:ID>{SAMPLE.number}</ram:ID>", "", "BR-02"),
        (CII, ">FR</ram:CountryID>", ">XX</ram:CountryID>", "BR-CL-14"),
        (CII, ">EUR</ram:InvoiceCurrencyCode>", ">ZZZ</ram:InvoiceCurrencyCode>", "BR-CL-04"),
    ],
)
def test_both_find_what_is_broken_and_differ_in_nothing(
    xml: bytes, old: str, new: str, rule: str, validator: Validator
) -> None:
    text = xml.decode()
    assert old in text
    found = validator.validate(text.replace(old, new, 1).encode(), "broken.xml")
    layers = {told.layer for told in found.told if told.finding.rule == rule}
    assert layers == {"rules", "referee"}
    told = {told.finding.rule for told in found.told}
    assert not told & {"RF-MISSED-01", "RF-EXTRA-01", "RF-FAILED-01"}


def test_a_rule_that_we_miss_is_told_as_a_defect_of_ours(
    monkeypatch: pytest.MonkeyPatch, validator: Validator
) -> None:
    monkeypatch.setattr("flows.validate.referee.broken", lambda *_: frozenset({"BR-16"}))
    broken = UBL.decode().replace(f"<cbc:ID>{SAMPLE.number}</cbc:ID>", "", 1).encode()
    found = validator.validate(broken, "broken.xml")
    told = {(one.finding.rule, one.finding.value) for one in found.told if one.layer == "referee"}
    assert {("RF-MISSED-01", "BR-02"), ("RF-EXTRA-01", "BR-16")} <= told


def test_a_process_that_is_killed_costs_one_verdict() -> None:
    process = RefereeProcess(timeout=60)
    try:
        assert process.judge("ubl", UBL.decode().partition("?>")[2]).failure == ""
        first = process.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert "ended unexpectedly" in process.judge("ubl", "<a/>").failure
        again = process.judge("ubl", UBL.decode().partition("?>")[2])
        assert again.failure == ""
        assert process.pid != first
    finally:
        process.close()
    assert process.pid is None


def test_a_process_that_does_not_answer_is_given_up() -> None:
    process = RefereeProcess(timeout=0.01)
    try:
        assert "no answer" in process.judge("ubl", "<a/>").failure
        assert process.pid is None
    finally:
        process.close()


def test_what_the_engine_refuses_is_a_failure_and_no_pass() -> None:
    process = RefereeProcess(timeout=60)
    try:
        first = process.judge("ubl", "no xml")
        assert first.failure
        assert first.fired == ()
        assert process.judge("ubl", UBL.decode().partition("?>")[2]).failure == ""
    finally:
        process.close()


def test_several_processes_answer_in_the_order_of_the_questions() -> None:
    good, other = parse_xml(UBL), parse_xml(b"<a/>")
    questions = [Question("ubl", root) for root in (good, other, good, good, other)]
    with Referees(processes=2, timeout=60) as referees:
        answers = list(referees.judge_all(questions))
    assert [question.root for question, _ in answers] == [one.root for one in questions]
    assert all(answer.failure == "" for _, answer in answers)


def test_a_stylesheet_without_a_report_is_a_failure() -> None:
    with pytest.raises(ValueError, match="no report"):
        _NoReport().judge("ubl", "<a/>")


class _NoReport(Engine):
    def __init__(self) -> None:  # no native engine in this process
        self._processor = self
        self._compiled = {"ubl": self}

    def parse_xml(self, xml_text: str) -> str:
        return xml_text

    def transform_to_string(self, xdm_node: str) -> str:
        return ""


def test_a_report_is_read_as_it_stands() -> None:
    report = """<svrl:schematron-output xmlns:svrl="http://purl.oclc.org/dsdl/svrl">
      <svrl:failed-assert id=" BR-02 " flag="fatal" location="/a"><svrl:text> x
        y </svrl:text></svrl:failed-assert>
      <svrl:successful-report location="/b"><svrl:text>z</svrl:text></svrl:successful-report>
      <svrl:failed-assert id="BR-51" flag="warning"/>
    </svrl:schematron-output>"""
    assert read_report(report) == (
        ("BR-02", False, "/a", "x y"),
        ("", False, "/b", "z"),
        ("BR-51", True, "", ""),
    )


def test_long_attachments_are_shortened_for_the_referee_only() -> None:
    tag = "cbc:EmbeddedDocumentBinaryObject"
    space = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
    content = "QUJD" * 1000
    root = parse_xml(f'<a xmlns:cbc="{space}"><{tag}>{content}</{tag}></a>'.encode())
    assert "QUJD" not in text_of(root)
    assert root[0].text == content


def test_the_sample_is_always_the_same_and_of_the_right_size() -> None:
    keys = [f"sandbox|0002|40678483500521|F{rank}" for rank in range(20_000)]
    policy = Referee(rate=Decimal("0.01"))
    chosen = [key for key in keys if sampled(policy, key)]
    assert chosen == [key for key in keys if sampled(policy, key)]
    assert 140 <= len(chosen) <= 260
    wider = Referee(rate=Decimal("0.05"))
    assert all(sampled(wider, key) for key in chosen)


def test_all_and_off_ask_about_every_invoice_and_none() -> None:
    assert sampled(Referee(policy="all"), "x")
    assert not sampled(Referee(policy="off"), "x")


def test_a_night_that_asks_for_a_missing_referee_does_not_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flows.referee.find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"chorus-flows\[referee\]"):
        referee.require(Referee(), "cii")
    referee.require(Referee(policy="off"), "cii")
