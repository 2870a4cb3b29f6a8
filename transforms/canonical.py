"""One text for the same data, and digests over many rows: what manifests are made of.

The text is JSON with sorted keys, no blanks, no floats, in UTF-8, and one line end: two programs
that hold the same data write the same bytes, and ``sha256sum`` of the file is its hash.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias

#: Rows per digest: small enough to name what was altered, large enough for a million invoices.
BLOCK = 500

#: A row to digest: its key, which grows, and its cells.
Row: TypeAlias = tuple[int, Sequence[object]]


def plain(value: object) -> Any:
    """Return a value as JSON knows it: moments in UTC with microseconds, amounts as text.

    Raises:
        TypeError: it is a float, or nothing that can be told without loss.
    """
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    message = f"{type(value).__name__} has no canonical text"
    raise TypeError(message)


def canonical(value: object) -> str:
    """Return the one text of ``value``, ended by a line end.

    Raises:
        TypeError: see :func:`plain`.
    """
    text = json.dumps(plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text + "\n"


def sha256_of(text: str) -> str:
    """Return the SHA-256 of a text in UTF-8, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


#: Writes the text of :func:`canonical` for flat rows, several times faster.
_ENCODER = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=plain
)


@dataclass(frozen=True, slots=True)
class Block:
    """Rows with keys above those of the block before, up to ``last``: their count and digest."""

    last: int
    count: int
    sha256: str

    def as_list(self) -> list[object]:
        """Return the block as a manifest has it."""
        return [self.last, self.count, self.sha256]


def _line(key: int, cells: Sequence[object]) -> bytes:
    """Return the canonical text of a row; a night has millions of them."""
    if any(type(cell) is float for cell in cells):
        return canonical([key, *cells]).encode()  # refuses it
    return (_ENCODER.encode([key, *cells]) + "\n").encode("utf-8", "surrogatepass")


def blocks_of(rows: Iterable[Row], size: int = BLOCK) -> Iterator[Block]:
    """Yield a digest for each ``size`` rows, in their order; nothing when there are none."""
    digest, count, last = hashlib.sha256(), 0, 0
    for key, cells in rows:
        digest.update(_line(key, cells))
        count, last = count + 1, key
        if count == size:
            yield Block(last, count, digest.hexdigest())
            digest, count = hashlib.sha256(), 0
    if count:
        yield Block(last, count, digest.hexdigest())


def compare_blocks(rows: Iterable[Row], sealed: Sequence[Block]) -> Iterator[Differing]:
    """Yield the blocks that rows do not fill any more; rows beyond the last block belong to it.

    Args:
        rows: as they are now, in the order of their keys.
        sealed: the blocks of a manifest; without any, every row is one too many.
    """
    ahead = iter(rows)
    row = next(ahead, None)
    before = 0
    for rank, block in enumerate(sealed):
        digest, count = hashlib.sha256(), 0
        final = rank == len(sealed) - 1
        while row is not None and (final or row[0] <= block.last):
            digest.update(_line(*row))
            count += 1
            row = next(ahead, None)
        if count != block.count or digest.hexdigest() != block.sha256:
            yield Differing(before + 1, block.last, block.count, count)
        before = block.last
    if not sealed and row is not None:
        first, count, last = row[0], 0, row[0]
        while row is not None:
            count, last = count + 1, row[0]
            row = next(ahead, None)
        yield Differing(first, last, 0, count)


@dataclass(frozen=True, slots=True)
class Differing:
    """A block that is not what was sealed: keys from ``first`` to ``last``, rows then and now."""

    first: int
    last: int
    sealed: int
    found: int


@dataclass(slots=True)
class Listing:
    """Items told one by one up to a limit, and all of them by count and digest."""

    limit: int

    def of(self, items: Iterable[Mapping[str, object]]) -> dict[str, object]:
        """Return the listing of items that come in a fixed order, as a manifest has it."""
        digest, count = hashlib.sha256(), 0
        listed: list[Any] = []
        for item in items:
            digest.update(canonical(item).encode("utf-8", "surrogatepass"))
            count += 1
            if count <= self.limit:
                listed.append(plain(item))
        told: dict[str, object] = {"count": count, "sha256": digest.hexdigest()}
        if count <= self.limit:
            told["items"] = listed
        return told
