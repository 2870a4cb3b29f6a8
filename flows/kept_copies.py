"""Local copies of return files that a restored ledger does not know: recorded, to be read again."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from flows.ledger import Ledger, ReturnState

_MONTH = re.compile(r"\d{4}-\d{2}")
#: The name of a copy is that of the file and the start of its hash (``flows.fetch``).
_COPY = re.compile(r"(.+)\.([0-9a-f]{12})")


def record_copies(ledger: Ledger, folder: Path) -> int:
    """Record the copies that the ledger does not know as fetched; the next collect reads them.

    A copy whose bytes are not those that its name tells is left alone: it is fetched again.

    Args:
        ledger: the restored one.
        folder: of the local copies (``state/returns``).

    Returns:
        How many were recorded.

    Raises:
        OSError: a copy cannot be read.
    """
    known = ledger.known_copies()
    recorded = 0
    months = [path for path in folder.iterdir() if path.is_dir() and _MONTH.fullmatch(path.name)]
    for month in sorted(months):
        # In the order in which they came.
        for path in sorted(month.iterdir(), key=lambda path: (path.stat().st_mtime, path.name)):
            match = _COPY.fullmatch(path.name)
            kept_as = f"{month.name}/{path.name}"
            if match is None or kept_as in known:
                continue
            data = path.read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            if not sha256.startswith(match[2]) or ledger.return_seen(sha256):
                continue
            ledger.record_return(
                name=match[1],
                sha256=sha256,
                size=len(data),
                kept_as=kept_as,
                kind="",
                state=ReturnState.FETCHED,
            )
            recorded += 1
    return recorded
