"""One XML from its claimed file to a flow: the same bytes, or a reason."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from flows.chunk import ChunkItem
from flows.configuration import load
from flows.sources import load_sources
from flows.worker import Worker
from flows.xml_document import XmlDocument
from tests.support.firm import SELLER, Firm
from tests.support.xml_invoices import oddly, xml_firm, xml_of
from transforms.outcome import Fate, InvoiceOutcome


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    return xml_firm(tmp_path / "firm", "ubl")


@pytest.fixture
def xml(tmp_path: Path) -> bytes:
    return xml_of(tmp_path / "erp", "ubl", "F1")["F1"]


def worker(firm: Firm) -> Worker:
    settings = load(firm.settings_file).settings
    sources = load_sources(
        settings, run_id="r", run_date=date(2026, 9, 14), outbox=firm.root / "outbox"
    )
    return Worker(sources.setup)


def done(firm: Firm, content: bytes, sha256: str = "") -> tuple[InvoiceOutcome, bytes | None]:
    path = firm.root / "f.xml"
    path.write_bytes(content)
    digest = sha256 or hashlib.sha256(content).hexdigest()
    return worker(firm).convert(ChunkItem(0, XmlDocument(path, "f.xml", digest), number="F1"))


@pytest.mark.parametrize("dressed", [lambda xml: xml, oddly], ids=["plain", "oddly formatted"])
def test_the_bytes_that_leave_are_those_of_the_file(
    firm: Firm, xml: bytes, dressed: type[bytes]
) -> None:
    content = dressed(xml)
    outcome, left = done(firm, content)
    assert left == content
    assert (outcome.fate, outcome.number) == (Fate.BUNDLED, "F1")
    assert outcome.content_hash == f"v1:{hashlib.sha256(content).hexdigest()}"
    assert outcome.span.last_line == content.count(b"\n") + 1


def test_a_file_that_changed_since_it_was_claimed_does_not_leave(firm: Firm, xml: bytes) -> None:
    outcome, left = done(firm, xml, sha256="0" * 64)
    assert left is None
    assert (outcome.fate, outcome.number) == (Fate.QUARANTINED, "F1")
    assert [(found.rule, found.location.file) for found in outcome.findings] == [
        ("XI-CHANGED-01", "f.xml")
    ]


def test_a_file_that_is_gone_is_told(firm: Firm) -> None:
    gone = XmlDocument(firm.root / "gone.xml", "gone.xml", "0" * 64)
    outcome, left = worker(firm).convert(ChunkItem(0, gone))
    assert (left, outcome.number) == (None, None)
    assert [found.rule for found in outcome.findings] == ["XI-READ-01"]


def test_no_policy_lets_an_invoice_leave_that_could_be_sent_twice(
    tmp_path: Path, xml: bytes
) -> None:
    waived = {f"CP-SELLER-0{rank}": "warn" for rank in range(1, 5)} | {"BR-CO-26": "warn"}
    firm = xml_firm(tmp_path / "other", "ubl", {"policies": waived})
    bare, count = re.subn(
        rb"<cac:(PartyIdentification|PartyLegalEntity)>(?:(?!</cac:\1>).)*"
        + SELLER.encode()
        + rb"(?:(?!</cac:\1>).)*</cac:\1>",
        b"",
        xml,
    )
    assert count
    outcome, left = done(firm, bare)
    assert outcome.identity is None
    assert left is None
    assert "LG-IDENTITY-01" in {found.rule for found in outcome.findings if found.blocks}


def test_an_amount_of_absurd_length_is_no_amount(firm: Firm, xml: bytes) -> None:
    outcome, left = done(firm, xml.replace(b">120.00<", b">" + b"1" * 300 + b".00<"))
    assert (left, outcome.total) == (None, None)


def test_a_defect_of_ours_holds_the_invoice_back_under_its_number(
    firm: Firm, xml: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("flows.written.judge_written", broken)
    outcome, left = done(firm, xml)
    assert (left, outcome.number) == (None, "F1")
    assert [found.rule for found in outcome.findings] == ["XT-INTERNAL-01"]
    assert replace(outcome, findings=()).fate is Fate.QUARANTINED
