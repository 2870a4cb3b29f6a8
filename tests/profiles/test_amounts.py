"""Whatever the shape of an ERP, the figures are those of the ERP and add up to the cent."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.erp_extracts import convert
from tests.support.erp_writers import COMPANY, WRITERS, sold, written
from transforms.amounts import round_half_up


@pytest.mark.parametrize("profile", WRITERS)
def test_figures_come_through_unchanged_and_discounts_close_every_line(
    profile: str, tmp_path: Path
) -> None:
    documents = sold(seed=20261103, count=40)
    (tmp_path / "company.yaml").write_text(COMPANY, "utf-8")
    files = list(written(profile, documents, tmp_path))
    done = convert(files, profile, tmp_path / "company.yaml", tmp_path / "out")
    assert done.findings == []
    assert set(done.written) == {one.number for one in documents}
    for one in documents:
        invoice = done.written[one.number]
        assert invoice.type_code == ("381" if one.credit else "380")
        totals = invoice.totals
        assert (totals.without_vat, totals.vat, totals.with_vat) == (one.net, one.vat, one.gross)
        for line, given in zip(invoice.lines, one.lines, strict=True):
            figures = (line.quantity, line.price.net, line.net)
            assert figures == (given.quantity, given.price, given.net)
            allowed = sum((item.amount or Decimal(0) for item in line.allowances), Decimal(0))
            assert round_half_up(given.quantity * given.price) - allowed == line.net
