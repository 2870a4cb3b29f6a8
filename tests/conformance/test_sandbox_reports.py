"""The sandbox's return files are valid against AIFE's own schema of CPPStatut (V1_19)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from flows.sandbox import Sandbox, Scenario
from flows.sandbox.scenario import FlowAnswer, Life, Reporting
from tests.support.sandbox_flows import Depositor, Draft

pytestmark = pytest.mark.conformance

NOON = datetime(2026, 11, 3, 11, 0, tzinfo=UTC)
EVERY_CODE = tuple(range(1, 42))


@pytest.fixture
def schema(request: pytest.FixtureRequest) -> etree.XMLSchema:
    folder: Path = request.config.getoption("--data")
    return etree.XMLSchema(etree.parse(str(folder / "chorus/xsd/CPPStatutPivot_V1_19.xsd")))


def written(scenario: Scenario, root: Path) -> Iterator[tuple[str, etree._Element]]:
    sandbox = Sandbox(root, scenario=scenario, clock=lambda: NOON)
    depositor, draft = Depositor(sandbox), Draft()
    bad = draft.but(kind="999", means="", currency="x")
    for turn in range(4):
        good = draft.but(number=f"G{turn}", service="DGA-ROUTES", buyer="22999900800019")
        foreign = draft.but(number=f"E{turn}", supplier="BE0429958042", supplier_scheme="2")
        depositor.cii(good, bad, foreign)
    depositor.cii(draft)
    depositor.cii(bad)
    depositor.file("un nom impossible", b"\x00")
    sandbox.process()
    sandbox.age(len(EVERY_CODE))
    for path in sorted(sandbox.out_folder.iterdir()):
        yield path.name, etree.fromstring(path.read_bytes())
    sandbox.close()


@pytest.mark.parametrize("offset", [True, False])
def test_every_report_is_valid(schema: etree.XMLSchema, tmp_path: Path, offset: bool) -> None:
    naming = ("archive", "line", "text", "unit")
    scenario = Scenario(
        reporting=Reporting(naming=naming, offset=offset, repeats=1, disorder=True),
        lives=(Life(statuses=EVERY_CODE, comment="Pièce manquante"),),
    )
    faults = {
        name: str(schema.error_log.last_error)
        for name, root in written(scenario, tmp_path)
        if not schema.validate(root)
    }
    assert faults == {}
    assert len(list(tmp_path.glob("exchange/out/CSO*"))) == 14
    assert len(list(tmp_path.glob("exchange/out/FEN*"))) == 2 * len(EVERY_CODE)


@pytest.mark.parametrize("status", [91, 92, 94, 95])
def test_every_flow_status_of_the_schema_can_be_told(
    schema: etree.XMLSchema, tmp_path: Path, status: int
) -> None:
    scenario = Scenario(flows=(FlowAnswer(status=status),))
    for name, root in written(scenario, tmp_path):
        assert schema.validate(root), (name, schema.error_log.last_error)
