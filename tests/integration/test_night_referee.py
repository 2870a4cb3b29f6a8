"""The referee in a whole night: agreement, a defect of ours, a process that cannot judge."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.errors import ExitCode
from flows.referee import Referees
from flows.referee_process import Answer
from schemas.referee import Fired
from tests.support.firm import Firm, csv, row

pytestmark = pytest.mark.integration


def firm_with(tmp_path: Path, referee: Mapping[str, Any]) -> Firm:
    firm = Firm(tmp_path)
    with firm.settings_file.open("a", encoding="utf-8") as stream:
        stream.write("\n[referee]\n")
        stream.writelines(f"{key} = {value}\n" for key, value in referee.items())
    firm.drop("a.csv", csv([row("F1"), row("F2")]))
    return firm


def answer_with(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> None:
    monkeypatch.setattr(Referees, "judge", lambda _self, _question: answer)


def test_a_night_whose_rules_the_referee_confirms_is_an_ordinary_night(tmp_path: Path) -> None:
    firm = firm_with(tmp_path, {"policy": '"all"'})
    (result,) = firm.run()
    assert result.exit_code is ExitCode.OK
    assert result.problems == ()
    assert not (firm.root / "state" / "referee").exists()


def test_a_difference_is_told_as_our_defect_with_the_xml_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, Answer((Fired("BR-02", False, "", ""),)))
    firm = firm_with(tmp_path, {"policy": '"all"'})
    (result,) = firm.run()
    assert result.exit_code is ExitCode.UNEXPECTED
    assert "contradicts our rules 2 times on 2 invoices" in " ".join(result.problems)
    kept = sorted((firm.root / "state" / "referee" / result.run_id).glob("*.xml"))
    assert len(kept) == 2
    assert b"<ram:ID>F1</ram:ID>" in kept[0].read_bytes()
    assert firm.states() == {"F1": ["handed_over"], "F2": ["handed_over"]}
    with firm.ledger() as ledger:
        found = [record.finding for record in ledger.findings_apart(result.run_id)]
    assert {(one.rule, one.value) for one in found} == {("RF-MISSED-01", "BR-02")}
    assert {one.params["kept"] for one in found} == {str(path) for path in kept}


def test_a_verdict_that_cannot_be_had_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_with(monkeypatch, Answer((), "its process ended unexpectedly (exit code -6)"))
    firm = firm_with(tmp_path, {"policy": '"all"'})
    (result,) = firm.run()
    assert result.exit_code is ExitCode.UNEXPECTED
    assert "could not judge 2 of 2 invoices" in " ".join(result.problems)


def test_a_missing_engine_stops_the_night_before_a_file_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.referee.find_spec", lambda _name: None)
    firm = firm_with(tmp_path, {"policy": '"sample"'})
    with pytest.raises(Exception, match=r"chorus-flows\[referee\]"):
        firm.run()
    assert (firm.root / "landing" / "a.csv").exists()
