"""The canonical text, and the digests that name what differs."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.canonical import (
    Block,
    Differing,
    Listing,
    Row,
    blocks_of,
    canonical,
    compare_blocks,
    sha256_of,
)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ("é\n", '"é\\n"'),
        (Decimal("10.50"), '"10.50"'),
        (Decimal("1E+2"), '"100"'),
        (date(2026, 3, 2), '"2026-03-02"'),
        (datetime(2026, 3, 2, 1, tzinfo=UTC), '"2026-03-02T01:00:00.000000+00:00"'),
        (
            datetime(2026, 3, 2, 1, tzinfo=timezone(timedelta(hours=1))),
            '"2026-03-02T00:00:00.000000+00:00"',
        ),
        (Colour.RED, '"red"'),
        ((1, {"x": Colour.RED}), '[1,{"x":"red"}]'),
    ],
)
def test_the_same_data_has_one_text(value: object, text: str) -> None:
    assert canonical(value) == text + "\n"


@pytest.mark.parametrize("value", [1.0, {"a": 0.1}, [b"x"], object()])
def test_what_has_no_exact_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="has no canonical text"):
        canonical(value)


ANY_DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(ANY_DATA)
def test_the_text_reads_back_and_writes_the_same_again(value: object) -> None:
    text = canonical(value)
    assert json.loads(text) == value
    assert canonical(json.loads(text)) == text
    assert sha256_of(text) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


ROWS: list[Row] = [(key, (f"v{key}", None)) for key in range(2, 22, 2)]
SEALED: list[Block] = list(blocks_of(ROWS, size=4))


def compared(rows: list[Row]) -> list[Differing]:
    return list(compare_blocks(sorted(rows), SEALED))


@pytest.mark.parametrize(
    "cells",
    [
        (None, True, 3, "é", Decimal("1.50")),
        (Colour.RED, date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC)),
        ({"b": 1, "a": Decimal(2)}, [1, (2,)]),
    ],
)
def test_a_row_is_digested_as_its_canonical_text(cells: tuple[object, ...]) -> None:
    (block,) = blocks_of([(7, cells)])
    assert block.sha256 == sha256_of(canonical([7, *cells]))
    with pytest.raises(TypeError, match="float"):
        list(blocks_of([(7, (*cells, 0.5))]))


def test_rows_are_digested_in_blocks() -> None:
    assert [(block.last, block.count) for block in SEALED] == [(8, 4), (16, 4), (20, 2)]
    assert list(blocks_of([])) == []
    assert compared(ROWS) == []


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([(k, ("x", None)) if k == 10 else (k, v) for k, v in ROWS], Differing(9, 16, 4, 4)),
        ([row for row in ROWS if row[0] != 2], Differing(1, 8, 4, 3)),
        ([row for row in ROWS if row[0] != 16], Differing(9, 16, 4, 3)),
        ([*ROWS, (11, ("new", None))], Differing(9, 16, 4, 5)),
        ([*ROWS, (1, ("new", None))], Differing(1, 8, 4, 5)),
        ([*ROWS, (-5, ("new", None))], Differing(1, 8, 4, 5)),
        ([*ROWS, (99, ("new", None))], Differing(17, 20, 2, 3)),
        (ROWS[:-2], Differing(17, 20, 2, 0)),
    ],
)
def test_a_row_altered_removed_or_inserted_is_found_in_its_block(
    rows: list[Row], told: Differing
) -> None:
    assert compared(rows) == [told]


def test_without_blocks_every_row_is_one_too_many() -> None:
    assert list(compare_blocks(iter(ROWS), [])) == [Differing(2, 20, 0, 10)]
    assert list(compare_blocks(iter([]), [])) == []


@given(st.integers(0, len(ROWS) - 1), st.text(min_size=1))
def test_any_other_cell_is_noticed(place: int, cell: str) -> None:
    rows = list(ROWS)
    rows[place] = (rows[place][0], (cell, None))
    assert bool(compared(rows)) is (cell != ROWS[place][1][0])


def test_a_listing_tells_all_by_digest_and_few_one_by_one() -> None:
    items = [{"n": n} for n in range(3)]
    long, short = Listing(3).of(items), Listing(2).of(items)
    assert long["items"] == items
    assert "items" not in short
    assert (long["count"], long["sha256"]) == (short["count"], short["sha256"])
    assert Listing(3).of(reversed(items))["sha256"] != long["sha256"]
