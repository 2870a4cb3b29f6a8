"""Code lists and limits that ship."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import codes
from config.codes import CodeListError, load_codes, load_currencies, load_limits

LISTS = (
    "countries",
    "document_types",
    "payment_means",
    "processes",
    "reform_processes",
    "vat_categories",
    "vat_rates",
    "vatex",
)


@pytest.mark.parametrize("name", LISTS)
def test_every_list_says_its_source_and_its_day(name: str) -> None:
    found = load_codes(name)
    assert found.source
    assert 2017 <= found.dated.year <= 2026
    assert len(list(found)) == len(found.codes) > 0


def test_codes_are_text_and_have_names() -> None:
    means = load_codes("payment_means")
    assert means.having("transfer") == {"30", "31", "42", "58"}
    assert means.codes["01"].name("fr") == "Instrument non défini"
    assert load_codes("countries").codes["NO"].name("en") == "NO"
    assert means.get(None) is None


def test_processes_leave_a11_out_and_know_the_scope() -> None:
    processes = load_codes("processes")
    assert "A11" not in processes
    assert processes.having("scope") == {"A1", "A2", "A9", "A12"}
    assert set(processes) == {f"A{number}" for number in range(1, 26) if number != 11}


def test_every_reform_code_leads_to_a_known_process() -> None:
    instead = {
        code.facts["chorus"]
        for code in load_codes("reform_processes").codes.values()
        if "chorus" in code.facts
    }
    assert instead <= set(load_codes("processes"))


def test_every_own_exemption_code_is_of_the_list() -> None:
    own = {
        code.facts["reason_code"]
        for code in load_codes("vat_categories").codes.values()
        if "reason_code" in code.facts
    }
    assert own <= set(load_codes("vatex"))


def test_currencies_are_those_of_iso_4217() -> None:
    assert {"EUR", "RSD", "XPF"} <= load_currencies()
    assert "FRF" not in load_currencies()


def test_limits_are_positive_marked_and_sourced() -> None:
    for limit in load_limits().values():
        assert limit.largest > 0
        assert limit.mark in {"C", "P"}
        assert limit.source


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "no code list"),
        ("source: x\ncodes: A B", "must give source, dated"),
        ("source: x\ndated: 2020-01-01\ncodes: [A]", "codes must be"),
        ("source: x\ndated: 2020-01-01\ncodes: {10: {fr: a, en: b}}", "must be text"),
        ("source: x\ndated: 2020-01-01\ncodes: {A: {fr: a}}", "names fr and en"),
        ("[]", "must be a mapping"),
        ("source: [", "line"),
    ],
)
def test_a_malformed_list_is_refused(
    text: str | None, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "codes").mkdir()
    if text is not None:
        (tmp_path / "codes" / "broken.yaml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(codes, "files", lambda _: tmp_path)
    with pytest.raises(CodeListError, match=told):
        load_codes.__wrapped__("broken")
