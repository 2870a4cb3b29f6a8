"""The attachments of the demo are PDFs that a reader opens."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from flows.demo.pdf import pdf


@pytest.mark.parametrize("line", ["Bon d'intervention signé", "a (b) \\ c", "100 € déjà payés"])
def test_a_pdf_has_one_page_with_its_lines(line: str) -> None:
    reader = PdfReader(io.BytesIO(pdf((line, "Méridionale"))), strict=True)
    assert len(reader.pages) == 1
    assert reader.pages[0].extract_text().splitlines() == [line, "Méridionale"]


def test_a_pdf_is_the_same_each_time_and_small() -> None:
    assert pdf(("a",)) == pdf(("a",))
    assert len(pdf(("a",))) < 1000
