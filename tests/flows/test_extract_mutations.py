"""Five thousand broken extracts: no traceback, and no invoice that differs in silence."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.support.document_mutations import (
    FIRM,
    DocumentOracle,
    document_bases,
    document_mutations,
)
from tests.support.extract_breaks import Break
from tests.support.extract_engine import Engine
from tests.support.extract_mutations import mutations, ways_of
from tests.support.extract_oracle import Oracle
from tests.support.extract_shapes import bases

BASES = {base.name: base for base in bases()}
DOCUMENTS = {base.name: base for base in document_bases()}
#: How many mutations of each base; a workbook takes ten times as long to open.
COUNTS = {
    "flat": 920,
    "pair": 900,
    "french": 700,
    "automatic": 700,
    "erp": 1000,
    "listed": 400,
    "workbook": 80,
    **dict.fromkeys(DOCUMENTS, 75),
}


@cache
def company_folder(parent: Path, name: str) -> Path:
    folder = parent / name.replace(" ", "-")
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations")


def test_five_thousand_extracts_are_broken() -> None:
    assert sum(COUNTS.values()) == 5000
    assert COUNTS.keys() == BASES.keys() | DOCUMENTS.keys()
    for name, base in BASES.items():
        assert COUNTS[name] >= 2 * len(ways_of(base))


@pytest.mark.parametrize("name", BASES)
def test_no_invoice_of_a_broken_extract_differs_in_silence(name: str, parent: Path) -> None:
    base = BASES[name]
    oracle = Oracle(base, Engine(company_folder(parent, name), base.profile))
    seen: Counter[str] = Counter()
    for mutation in mutations(base, COUNTS[name]):
        result, faults = oracle.faults(mutation.files, strict=mutation.strict)
        assert not faults, (mutation.way, faults)
        seen["refused" if result.refused else "ready" if result.ready else "held"] += 1
    # Most mutations touch some of the invoices only: the others leave.
    assert seen["ready"] > COUNTS[name] / 3, seen
    assert seen["refused"] < COUNTS[name] * 2 / 3, seen


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_invoice_of_broken_documents_differs_in_silence(name: str, parent: Path) -> None:
    base = DOCUMENTS[name]
    engine = Engine(company_folder(parent, name), base.profile, FIRM)
    oracle = DocumentOracle(base, engine)
    judged = 0
    for way, data in document_mutations(base, COUNTS[name]):
        result, faults = oracle.faults(data)
        assert not faults, (way, faults)
        judged += not result.refused
    assert judged > COUNTS[name] / 3


def test_the_same_mutations_come_every_time() -> None:
    base = BASES["flat"]
    first, second = (list(mutations(base, 60)) for _ in range(2))
    assert first == second
    assert len({mutation.way.split()[1] for mutation in first}) == len(ways_of(base))


@pytest.mark.parametrize("lost", [1, -1])
def test_a_line_lost_where_no_total_tells_would_be_seen(lost: int, tmp_path: Path) -> None:
    # The oracle is not blind: without totals nothing but it notices, and the control of the file.
    base = BASES["automatic"]
    oracle = Oracle(base, Engine(tmp_path, base.profile))
    rows = [list(row) for row in base.sheets[0].rows]
    del rows[lost]
    totals = [n for n, name in enumerate(rows[0]) if name.startswith("total")]
    rows = [[cell for n, cell in enumerate(row) if n not in totals] for row in rows]
    _, faults = oracle.faults({base.sheets[0].name: base.form.write(rows)}, strict=False)
    assert any("rows came or went" in fault for fault in faults)


def test_a_mutation_leaves_the_base_as_it_was() -> None:
    base = BASES["erp"]
    before = {sheet.name: base.form.write(sheet.rows) for sheet in base.sheets}
    list(mutations(base, 200))
    assert Break.of(base, 0).files == before
