"""The verdict on a file: every layer asked for has run, and nothing blocks."""

from __future__ import annotations

import pytest

from flows.validation import LayerName, LayerResult, LayerStatus, Told, Validation
from transforms.finding import Finding, Severity


@pytest.mark.parametrize(
    ("status", "severity", "valid"),
    [
        (LayerStatus.OK, None, True),
        (LayerStatus.FINDINGS, Severity.WARNING, True),
        (LayerStatus.FINDINGS, Severity.ERROR, False),
        (LayerStatus.FINDINGS, Severity.FATAL, False),
        (LayerStatus.NOT_RUN, None, False),
        (LayerStatus.FAILED, None, False),
        (LayerStatus.FAILED, Severity.WARNING, False),
    ],
)
def test_only_layers_that_ran_and_do_not_block_make_a_file_valid(
    status: LayerStatus, severity: Severity | None, valid: bool
) -> None:
    told = (Told("rules", Finding("CP-RATE-01", severity)),) if severity else ()
    layers = (
        LayerResult(LayerName.XSD, "1", LayerStatus.OK),
        LayerResult(LayerName.RULES, "1", status),
    )
    assert Validation("a.xml", "chorus_direct", layers=layers, told=told).valid is valid
