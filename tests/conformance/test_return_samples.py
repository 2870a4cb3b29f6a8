"""The reference samples of return files are read, and nothing in them is lost."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.returns_settings import Returns
from transforms.returns import parse_return

pytestmark = pytest.mark.conformance


def test_every_return_sample_is_understood(request: pytest.FixtureRequest) -> None:
    data: Path = request.config.getoption("--data")
    samples = sorted((data / "chorus" / "cppstatut").rglob("*.xml"))
    assert samples
    for sample in samples:
        text = sample.read_bytes()
        content = parse_return(
            text, name=sample.name, zone=ZoneInfo("Europe/Paris"), limits=Returns()
        )
        assert content.problems == (), sample.name
        statuses = [s for flow in content.flows for s in (*flow.flows, *flow.invoices)]
        assert len(statuses) == text.count(b"<IdStatut>"), sample.name
        errors = [line for flow in content.flows for s in flow.flows for line in s.errors]
        assert len(errors) == text.count(b"<LigneErreurDetail"), sample.name
        for status in statuses:
            assert status.raw_code.encode() in text
            assert status.code is not None
            assert status.stamp.raw.encode() in text
