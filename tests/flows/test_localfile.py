"""Local copies: complete and under their name, or not there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.channels.localfile import receive
from flows.errors import ChannelRefusedError, TransportError


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(0, 300))
def test_a_copy_is_exact_or_refused_by_size_alone(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[bytes], most: int
) -> None:
    local = tmp_path_factory.mktemp("copy") / "R"
    content = b"".join(blocks)
    if len(content) > most:
        with pytest.raises(ChannelRefusedError):
            receive(blocks, local, max_bytes=most)
        assert list(local.parent.iterdir()) == []
    else:
        assert receive(blocks, local, max_bytes=most, expected=len(content)) == len(content)
        assert local.read_bytes() == content
        assert [path.name for path in local.parent.iterdir()] == ["R"]


@pytest.mark.parametrize("expected", [0, 4, 6])
def test_another_size_than_announced_is_retryable_and_keeps_nothing(
    tmp_path: Path, expected: int
) -> None:
    with pytest.raises(TransportError):
        receive([b"12345"], tmp_path / "R", max_bytes=100, expected=expected)
    assert list(tmp_path.iterdir()) == []


def test_a_source_that_breaks_off_keeps_nothing_and_the_former_copy(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield b"begin"
        raise EOFError

    (tmp_path / "R").write_bytes(b"former")
    with pytest.raises(EOFError):
        receive(breaking(), tmp_path / "R", max_bytes=100)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"R": b"former"}


def test_not_a_byte_beyond_the_limit_is_asked_for(tmp_path: Path) -> None:
    asked = 0

    def endless() -> Iterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"x" * 10

    with pytest.raises(ChannelRefusedError):
        receive(endless(), tmp_path / "R", max_bytes=35)
    assert asked == 4


@pytest.mark.parametrize("folder", ["missing", "a file"])
def test_a_local_disk_that_fails_is_named(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(TransportError, match="local copy"):
        receive([b"x"], tmp_path / folder / "R", max_bytes=100)
