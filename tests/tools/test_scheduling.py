"""Tests that share a dear set-up go to one process."""

from __future__ import annotations

from pathlib import Path

from tests.support.scheduling import TOGETHER, TogetherScheduling, missing_files


def test_every_file_of_a_group_exists() -> None:
    assert missing_files(Path(__file__).parents[2]) == []


def test_the_tests_of_a_group_have_one_scope_and_others_one_each() -> None:
    scheduling = object.__new__(TogetherScheduling)
    for file, group in TOGETHER.items():
        assert scheduling._split_scope(f"{file}::test_a[1@x]") == group
    alone = "tests/config/test_codes.py::test_a[::b]"
    assert scheduling._split_scope(alone) == alone
