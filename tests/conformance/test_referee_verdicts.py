"""The referee on the reference data: the code database by parameter, and our verdict against its.

Both questions are asked of every document that may be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from config.target import load_target
from flows.validate import Validator
from flows.validation import LayerName, LayerStatus

pytestmark = pytest.mark.conformance


def documents(data: Path) -> Iterator[tuple[str, bytes]]:
    for name in ("documents_dev", "unit_dev"):
        file = data / "en16931" / f"{name}.jsonl"
        for line in file.read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            if document.get("xml"):
                encoding = document.get("xml_encoding") or "utf-8"
                yield document.get("id") or document["file"], document["xml"].encode(encoding)
    for path in sorted((data / "chorus").glob("*/*.xml")):
        yield path.name, path.read_bytes()


def test_our_rules_and_the_referee_agree_on_every_document(data_folder: Path) -> None:
    differing: Counter[tuple[str, str]] = Counter()
    judged = 0
    layers = (LayerName.RULES, LayerName.REFEREE)
    with Validator(load_target("en16931"), layers, run_date=date(2026, 11, 23)) as validator:
        for name, xml in documents(data_folder):
            found = validator.validate(xml, name)
            judged += found.layers[-1].status in (LayerStatus.OK, LayerStatus.FINDINGS)
            for told in found.told:
                finding = told.finding
                if finding.rule in ("RF-MISSED-01", "RF-EXTRA-01", "RF-FAILED-01"):
                    differing[finding.rule, f"{finding.value} {name}"] += 1
    print(f"referee: {judged} documents judged, {len(differing)} differences")
    assert dict(differing) == {}
    assert judged > 700
