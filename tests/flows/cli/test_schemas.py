"""``chorus-flows schema``: what an editor reads."""

from __future__ import annotations

import json

import pytest

from config.json_schema import SCHEMA_NAMES, SchemaName, json_schema
from flows.cli.main import run
from flows.errors import ExitCode


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_a_schema_is_printed_as_json(name: SchemaName, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", name]) is ExitCode.OK
    assert json.loads(capsys.readouterr().out) == json_schema(name)


def test_another_name_is_a_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["schema", "invoice"]) is ExitCode.USAGE
    assert "company" in capsys.readouterr().err
