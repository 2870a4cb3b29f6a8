"""Every XML made from the sample extracts of the demo, against the official schemas."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest
from lxml import etree

from flows.convert import convert_files, settings_for
from flows.demo.stage import Installation
from schemas.catalogue import load_schema

pytestmark = pytest.mark.conformance

NIGHT = datetime(2026, 2, 3, 20, 0, tzinfo=UTC)
#: Both nights' extracts, and about how many of their invoices are right.
EXTRACTS, AT_LEAST = 3, 2000


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's company file, extracts and attachments in one folder."""
    firm = Installation(tmp_path_factory.mktemp("firm"))
    for part in ("night1", "night2"):
        firm.land(part)
    for part in ("attachments", "attachments-late"):
        firm.attach(part)
    firm.attach_too_large()
    settings = 'environment = "sandbox"\n[source]\ncompany_file = "company.yaml"\n'
    firm.settings.write_text(settings, "utf-8")
    company = Path(__file__).parents[2] / "flows" / "demo" / "data" / "company.yaml"
    (firm.root / "company.yaml").write_bytes(company.read_bytes())
    return firm.root


@pytest.mark.parametrize("syntax", ["cii", "ubl"])
def test_every_xml_of_the_demo_is_valid(
    firm: Path, syntax: Literal["cii", "ubl"], d16b: etree.XMLSchema, tmp_path: Path
) -> None:
    files = sorted(path for path in (firm / "landing").iterdir() if path.suffix in {".csv", ".tsv"})
    assert len(files) == EXTRACTS
    settings = settings_for(files, config=firm / "chorus-flows.toml", syntax=syntax)
    done = convert_files(files, settings, out=tmp_path, clock=lambda: NIGHT)
    written = sorted(tmp_path.glob("*.xml"))
    assert done.written == len(written) >= AT_LEAST
    schema = d16b if syntax == "cii" else etree.XMLSchema(file=str(load_schema("ubl-invoice").main))
    parser = etree.XMLParser(huge_tree=True)
    wrong = {
        path.name: str(schema.error_log.last_error)
        for path in written
        if not schema.validate(etree.parse(path, parser))
    }
    assert not wrong
