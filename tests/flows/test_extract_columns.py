"""What the columns of the files of an extract leave open: parts of the key, and joins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.profile import Profile
from flows.extract_columns import missing_keys, unjoined
from flows.extract_sets import ExtractFile, ExtractSet
from flows.extract_sides import Side, sides_of

PROFILE: dict[str, Any] = {
    "profile": "p",
    "shape": {
        "kind": "header_lines",
        "key": ["YEAR", "NO"],
        "lines_key": ["L_YEAR", "L_NO"],
        "key_optional": ["YEAR"],
    },
    "joined": [
        {"name": "partner", "files": "*part*", "on": {"NO": "NO"}, "optional": True},
        {"name": "payer", "files": "*cust*", "on": {"ACC": "PAYER"}, "optional": True},
        {"name": "buyer", "files": "*cust*", "on": {"ACC": "partner.ACC"}, "optional": True},
        {
            "name": "price",
            "files": "*price*",
            "to": "lines",
            "on": {"ID": "header.PRICES", "ITEM": "ITEM"},
            "optional": True,
        },
    ],
    "header": {"BT-1": "NO"},
    "lines": {"BT-131": "NET"},
}
HEAD, LINES, CUSTOMERS, PRICES = (
    ExtractFile(Path(name), name, name) for name in ("head", "lines", "cust", "price")
)


@pytest.mark.parametrize(
    ("head", "lines", "missing"),
    [
        (("YEAR", "NO"), ("L_YEAR", "L_NO"), set()),
        (("NO",), ("L_YEAR", "L_NO"), {0}),
        (("YEAR", "NO"), ("L_NO",), {0}),  # one file without it is enough: keys must be equal
        (("YEAR",), ("L_YEAR",), set()),  # told as a missing column
        ((), ("L_YEAR", "L_NO"), set()),  # an empty file
    ],
)
def test_parts_of_the_key_may_be_missing(
    head: tuple[str, ...], lines: tuple[str, ...], missing: set[int]
) -> None:
    profile = Profile.model_validate(PROFILE)
    columns = {"head": head, "lines": lines}

    def of(file: ExtractFile, _side: Side) -> tuple[str, ...]:
        return columns[file.name]

    sets = [ExtractSet(HEAD, LINES)]
    assert missing_keys(sets, sides_of(profile), profile.shape, of) == missing


@pytest.mark.parametrize(
    ("head", "lines", "faults"),
    [
        (("NO", "PAYER", "PRICES"), ("ITEM",), []),
        # One of the joins of the customers has its columns: they are of use.
        (("NO", "PRICES"), ("ITEM",), []),
        (("NO", "PAYER"), ("ITEM",), ["head has no column 'PRICES' to join price by"]),
        (("NO", "PRICES"), ("X",), ["head has no column 'ITEM' to join price by"]),
    ],
)
def test_a_file_that_nothing_can_be_joined_by_is_a_fault(
    head: tuple[str, ...], lines: tuple[str, ...], faults: list[str]
) -> None:
    profile = Profile.model_validate(PROFILE)
    columns = {"head": head, "lines": lines}

    def of(file: ExtractFile, _side: Side) -> tuple[str, ...]:
        return columns[file.name]

    joined = {"payer": (CUSTOMERS,), "buyer": (CUSTOMERS,), "price": (PRICES,), "partner": ()}
    sets = [ExtractSet(HEAD, LINES, joined)]
    assert unjoined(sets, sides_of(profile), profile, of) == faults
