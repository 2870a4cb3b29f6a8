"""The journal: what the ledger has recorded, told a second time beside it, outside the database.

A ledger that is restored from a back-up does not know that it forgot. The journal does: after each
change that matters outside (a chunk recorded, a step of a deposit, a return file, the start and end
of a run) a line is appended and on disk before anything further is done. The ledger commits first:
it can only be behind its journal when it was put back. Source: chorus-flows, docs/ledger.md.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.channels.localfile import fsync_folder
from flows.errors import disk_failed
from flows.ledger import EventMark

#: Fact of the line that ends a reconciliation: what stands before it is accounted for.
RECONCILED = "reconciled"

#: Bytes at the end of a journal that are read to find its newest lines.
_TAIL_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: the event of the ledger that it follows, and the facts of the change."""

    mark: EventMark
    facts: Mapping[str, Any] = field(default_factory=dict)


class Journal:
    """The journal of one environment, company and emitter in a state folder.

    Args:
        folder: where its files are, one for each month; made when the first line is written.
        environment, company, emitter: whose ledger it follows: a state folder may serve several.
        clock: tells the present moment, with a zone.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: str,
        company: str,
        emitter: str,
        clock: Callable[[], datetime],
    ) -> None:
        scope = f"{environment}-{company}-{emitter}"
        # The digest keeps two companies apart whose names differ by a sign no file name has.
        digest = hashlib.sha256(scope.encode()).hexdigest()[:8]
        self._folder = folder
        self._stem = f"{re.sub('[^A-Za-z0-9-]', '_', scope)}-{digest}"
        self._clock = clock

    def append(self, mark: EventMark, facts: Mapping[str, object]) -> None:
        """Append a line; it is on disk when this returns.

        Raises:
            DiskError: the disk is full, or fails.
        """
        line = {
            "event": mark.event,
            "at": mark.at.isoformat(),
            "kind": mark.kind,
            "target": mark.target,
            **facts,
        }
        try:
            self._write(json.dumps(line, separators=(",", ":")).encode("ascii"))
        except OSError as error:
            raise disk_failed(error, what="The journal of the ledger cannot be written") from error

    def entries(self) -> Iterator[Entry]:
        """Yield all lines, oldest first. A line cut by a power failure is left out.

        What it announced was not begun: its writer had not come back.

        Raises:
            DiskError: a file cannot be read.
        """
        for path in self._files():
            yield from _read(path, 0)

    def newest(self) -> list[Entry]:
        """Return the newest lines, oldest first, none from before the last reconciliation.

        Raises:
            DiskError: a file cannot be read.
        """
        found: list[Entry] = []
        for path in reversed(self._files()[-2:]):
            offset = max(0, path.stat().st_size - _TAIL_BYTES)
            found[:0] = _read(path, offset)
            if offset:
                break  # what is older does not follow on this tail: a reconciliation may be between
        for rank in range(len(found) - 1, -1, -1):
            if RECONCILED in found[rank].facts:
                return found[rank:]
        return found

    # -- reconciliation under way --------------------------------------------------------------

    def begin_reconciliation(self, facts: Mapping[str, object]) -> None:
        """Keep that a reconciliation is under way, until it ends; on disk when this returns.

        Half of one may have removed what told that the ledger is behind.

        Raises:
            DiskError: the disk is full, or fails.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            partial = self._marker.with_suffix(".part")
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                json.dump(dict(facts), stream)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(self._marker)
            fsync_folder(self._folder)
        except OSError as error:
            raise disk_failed(error, what="The journal of the ledger cannot be written") from error

    def reconciliation(self) -> Mapping[str, Any] | None:
        """Return the facts of a reconciliation that was begun and has not ended, or None."""
        try:
            facts: Mapping[str, Any] = json.loads(self._marker.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            return {}
        return facts

    def end_reconciliation(self, mark: EventMark, facts: Mapping[str, object]) -> None:
        """Say that what the journal told before is accounted for.

        Raises:
            DiskError: the disk is full, or fails.
        """
        self.append(mark, {RECONCILED: True, **facts})
        self._marker.unlink(missing_ok=True)

    @property
    def _marker(self) -> Path:
        return self._folder / f"{self._stem}.reconciling"

    def _files(self) -> list[Path]:
        pattern = re.compile(rf"{re.escape(self._stem)}-\d{{4}}-\d{{2}}\.jsonl")
        if not self._folder.is_dir():
            return []
        return sorted(p for p in self._folder.iterdir() if pattern.fullmatch(p.name))

    def _write(self, line: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        present = self._files()
        path = self._folder / f"{self._stem}-{self._clock():%Y-%m}.jsonl"
        if present:
            path = max(path, present[-1])  # a clock that went back must not hide the newest lines
        fresh = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # Two machines may share the folder, and NFS appends are not atomic.
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            content = (b"\n" if torn else b"") + line + b"\n"
            if os.write(descriptor, content) != len(content):
                raise OSError(errno.ENOSPC, "not written whole", str(path))
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            fsync_folder(path.parent)


def _read(path: Path, offset: int) -> Iterator[Entry]:
    try:
        with path.open("rb") as stream:
            if offset:
                stream.seek(offset)
                stream.readline()  # the rest of a line
            for line in stream:
                entry = _parsed(line)
                if entry is not None:
                    yield entry
    except OSError as error:
        raise disk_failed(error, what="The journal of the ledger cannot be read") from error


def _parsed(line: bytes) -> Entry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        facts: dict[str, Any] = json.loads(line)
        mark = EventMark(
            event=int(facts.pop("event")),
            at=datetime.fromisoformat(facts.pop("at")),
            kind=str(facts.pop("kind")),
            target=str(facts.pop("target")),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return Entry(mark, facts)
