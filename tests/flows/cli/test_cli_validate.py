"""``chorus-flows validate``: its JSON, its words, its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from config.target import load_target
from flows.cli.main import run
from flows.errors import ExitCode
from tests.support.sample_invoices import SAMPLES
from transforms.cii import render_cii
from transforms.ubl import render_ubl

TARGET = load_target("chorus_direct")
SAMPLE = next(iter(SAMPLES.values()))

KEYS = ["file", "syntax", "target", "layers", "valid", "findings"]
FINDING_KEYS = [
    "rule",
    "layer",
    "severity",
    "location",
    "bt",
    "value",
    "message_fr",
    "message_en",
    "advice_fr",
    "advice_en",
    "source",
]


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xml"
    path.write_bytes(render_cii(SAMPLE, TARGET))
    return path


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    path = tmp_path / "wrong.xml"
    path.write_bytes(render_ubl(replace(SAMPLE, number="F" * 21), TARGET))
    return path


def test_json_is_one_object_per_input_on_its_own_line(
    good: Path, wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = good.with_name("missing.xml")
    code = run(["validate", "--json", str(good), str(wrong), str(missing)])
    assert code is ExitCode.FINDINGS
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["file"] for one in found] == [str(good), str(wrong), str(missing)]
    assert [list(one) for one in found] == [KEYS] * 3
    assert [one["valid"] for one in found] == [True, False, False]
    assert [one["syntax"] for one in found] == ["cii", "ubl", None]
    assert {one["target"] for one in found} == {"chorus_direct"}
    for one in found:
        assert [layer["name"] for layer in one["layers"]] == ["xsd", "rules"]
        assert all(list(layer) == ["name", "version", "status"] for layer in one["layers"])
        assert all(list(finding) == FINDING_KEYS for finding in one["findings"])
    fatal = next(finding for finding in found[1]["findings"] if finding["severity"] == "fatal")
    assert fatal["bt"] == "BT-1"
    assert fatal["location"] == "/ubl:Invoice/cbc:ID"
    assert fatal["value"] == "F" * 21
    assert all(fatal[key] for key in FINDING_KEYS)
    assert [layer["status"] for layer in found[2]["layers"]] == ["not_run", "not_run"]


def test_exit_codes_tell_valid_from_not_and_from_wrong_use(good: Path, wrong: Path) -> None:
    assert run(["validate", str(good)]) is ExitCode.OK
    assert run(["validate", str(good), str(wrong)]) is ExitCode.FINDINGS
    assert run(["validate", "--layers", "nope", str(good)]) is ExitCode.USAGE
    assert run(["validate", "--target", "nope", str(good)]) is ExitCode.USAGE
    assert run(["validate"]) is ExitCode.USAGE


def test_people_read_french_unless_they_ask_for_english(
    good: Path, wrong: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["validate", str(good), str(wrong)])
    french = capsys.readouterr().out
    assert f"{good}: conforme" in french
    assert f"{wrong}: non conforme" in french
    assert "[refus] " in french
    assert "/ubl:Invoice/cbc:ID" in french
    assert "2 fichier(s) : 1 conforme(s), 1 non conforme(s)." in french
    run(["validate", "--lang", "en", str(wrong)])
    assert "not valid" in capsys.readouterr().out


def test_layers_and_target_are_those_asked_for(
    good: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["validate", "--json", "--target", "en16931", "--layers", "rules", str(good)])
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert found["target"] == "en16931"
    assert [layer["name"] for layer in found["layers"]] == ["rules"]
    assert not [one for one in found["findings"] if one["rule"].startswith("CP-")]


def test_a_file_larger_than_told_is_refused(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--json", "--max-bytes", "100", str(good)]) is ExitCode.FINDINGS
    found = json.loads(capsys.readouterr().out)
    assert [one["rule"] for one in found["findings"]] == ["XI-SIZE-01"]


def test_the_command_loads_neither_prefect_nor_the_database_nor_an_engine(good: Path) -> None:
    code = (
        "import sys; from flows.cli.main import run; "
        f"assert run(['validate', {str(good)!r}]) == 0; "
        "assert not {'prefect', 'pandas', 'paramiko', 'saxonche'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
