"""Any small table under any profile: invoices and findings come out, never a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.extract_bases import Base
from tests.support.extract_engine import Engine
from tests.support.extract_shapes import bases

TEMPLATES = {base.name: base for base in bases() if base.form.is_text}
#: What tells a cell apart: marks, numbers and dates in all writings, letters of all kinds.
CELLS = st.one_of(
    st.sampled_from(("", " ", "1", "0", "-1", "1.5", "1,5", "F1", "F2", "01", "380", "381", "EUR")),
    st.sampled_from(("2026-09-08", "08/09/2026", "20260908", "LINE", "TAX", "FREIGHT", "TEXT")),
    st.sampled_from(("N20", "100234", "1e9", "9" * 40, '"', "'", ";", "|", "*", "\t", "\n", "\r")),
    st.text(max_size=6),
)


@st.composite
def tables(draw: st.DrawFn, base: Base) -> dict[str, bytes]:
    """Draw files with some of the columns of a profile, and any cells."""
    files: dict[str, bytes] = {}
    for sheet in base.sheets:
        known = st.sampled_from(sheet.columns)
        others = st.sampled_from(("", "x", "invoice_number", "NET"))
        extra = draw(st.lists(st.one_of(known, others), max_size=6))
        needed = sheet.columns if draw(st.integers(0, 3)) else ()
        names = [*needed, *extra]
        width = st.integers(max(0, len(names) - 1), len(names) + 1)
        count = draw(st.integers(0, 5))
        rows = [
            draw(st.lists(CELLS, min_size=size, max_size=size))
            for size in (draw(width) if draw(st.booleans()) else len(names) for _ in range(count))
        ]
        rows = [_like(row, names, sheet.rows[1]) if draw(st.booleans()) else row for row in rows]
        files[sheet.name] = _written(base, [names, *rows])
    if len(files) > 1 and not draw(st.integers(0, 9)):
        del files[draw(st.sampled_from(sorted(files)))]
    return files


def _like(row: list[str], names: list[str], sound: tuple[str, ...]) -> list[str]:
    """Return a row whose blank cells are those of a sound one."""
    return [
        cell or (sound[rank] if rank < len(sound) and rank < len(names) else "")
        for rank, cell in enumerate(row)
    ]


def _written(base: Base, rows: list[list[str]]) -> bytes:
    if base.form.separator == "|":
        width = max(map(len, rows))
        return base.form.write([[*row, *[""] * (width - len(row))] for row in rows])
    lines = (base.form.separator.join(row) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode(base.form.encoding, "replace")


@cache
def _engine(parent: Path, name: str) -> Engine:
    folder = parent / name
    folder.mkdir()
    return Engine(folder, TEMPLATES[name].profile)


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_table_gives_invoices_and_findings(
    name: str, parent: Path, data: st.DataObject
) -> None:
    engine = _engine(parent, name)
    _hold(engine, data.draw(tables(TEMPLATES[name])))


@pytest.mark.parametrize("name", TEMPLATES)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200))
def test_any_bytes_below_a_heading_give_invoices_and_findings(
    name: str, parent: Path, content: bytes
) -> None:
    base, engine = TEMPLATES[name], _engine(parent, name)
    _hold(engine, {s.name: base.form.write(s.rows[:2]) + content for s in base.sheets})


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_template_itself_is_read(name: str, parent: Path) -> None:
    base = TEMPLATES[name]
    result = _engine(parent, name).run({s.name: base.form.write(s.rows) for s in base.sheets})
    assert not result.refused
    assert result.ready


def _hold(engine: Engine, files: Mapping[str, bytes]) -> None:
    result = engine.run(files)
    if result.refused:
        assert len(result.refused) > 20
        return
    assert "XT-INTERNAL-01" not in result.rules, result.held
    for key, findings in result.held.items():
        assert any(finding.blocks for finding in findings), key
