"""Our EN 16931 rules against the verdict of the official artefacts, on whole CII documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.registry import Hit
from schemas.rules import FAMILIES
from tests.support.ruled_invoice import context
from transforms.invoice import Invoice
from transforms.read_cii import parse_cii, read_cii

pytestmark = pytest.mark.conformance

OURS = frozenset(rule for family in FAMILIES["en16931"] for rule in family.rules)

#: Rules on which we and the official XSLT may differ, and why.
DIFFERENCES = {
    "BR-CO-10": "fired officially when BT-106 is absent; we say BR-12",
    "BR-CO-13": "fired officially when BT-106 is absent; we say what is absent",
    "BR-CO-18": "not fired officially on Factur-X MINIMUM, which has no breakdown by design",
    "BR-CO-25": "not fired officially on Factur-X MINIMUM, which has no payment terms by design",
}


def documents(data: Path) -> Iterator[dict[str, Any]]:
    file = data / "en16931" / "documents_dev.jsonl"
    for line in file.read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        if document.get("syntax") == "cii" and document.get("xml") and "EN16931" in document:
            yield document


def verdict(invoice: Invoice) -> set[str]:
    hits: list[Hit] = []
    for family in FAMILIES["en16931"]:
        for check in family.checks:
            hits += check.run(invoice, context(target="en16931"))
    return {hit.rule for hit in hits}


def test_our_verdict_is_the_official_one(data_folder: Path) -> None:
    seen = 0
    wrong = []
    for document in documents(data_folder):
        invoice = read_cii(parse_cii(document["xml"].encode()))
        official = set(document["EN16931"]["fatal"]) & OURS
        ours = verdict(invoice)
        if differing := sorted((official ^ ours) - set(DIFFERENCES)):
            wrong.append((document["file"], differing))
        seen += 1
    assert wrong == []
    assert seen > 50
