"""Book of the files kept: what a manifest names, and the tombstones of what was purged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, exists, func, select

from flows.ledger.records import ReturnRecord
from flows.ledger.store import PAGE, Store, batches, columns_for, to_record
from flows.ledger.tables import events, kept_files, returns


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that a manifest names. ``path`` begins with the folder: claimed, outbox, …

    ``purged_at`` makes it a tombstone, which the manifest of rank ``purged_rank`` seals.
    """

    run_id: str | None
    rank: int
    kind: str
    path: str
    sha256: str
    size: int
    kept_at: datetime
    purged_at: datetime | None = None
    purged_rank: int | None = None

    def sealed(self) -> dict[str, object]:
        """Return what a manifest says of the file."""
        return {
            "kind": self.kind,
            "path": self.path,
            "run_id": self.run_id,
            "sha256": self.sha256,
            "size": self.size,
        }


class KeptFileBook(Store):
    """Files kept of this company and emitter."""

    def kept_copies(self, sha256: str) -> list[KeptFile]:
        """Return the files kept of a content, tombstones too."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(KeptFile, kept_files))
                .where(self._ours(kept_files), kept_files.c.sha256 == sha256)
                .order_by(kept_files.c.id)
            )
            return [to_record(KeptFile, row._mapping) for row in rows]

    def purged_contents(self, hashes: Iterable[str]) -> frozenset[str]:
        """Return those of the contents of which every copy that was kept is purged."""
        found: set[str] = set()
        with self._reading() as connection:
            for batch in batches(sorted(set(hashes))):
                found.update(
                    connection.execute(
                        select(kept_files.c.sha256)
                        .where(self._ours(kept_files), kept_files.c.sha256.in_(batch))
                        .group_by(kept_files.c.sha256)
                        .having(func.count() == func.count(kept_files.c.purged_at))
                    ).scalars()
                )
        return frozenset(found)

    def kept_files(
        self,
        *,
        rank: int | None = None,
        purged_rank: int | None = None,
        run_id: str | None = None,
        of_no_run: bool = False,
    ) -> Iterator[KeptFile]:
        """Yield the files kept in the order they were sealed; arguments narrow them down."""
        query = select(*columns_for(KeptFile, kept_files)).where(self._ours(kept_files))
        for column, wanted in (
            (kept_files.c.rank, rank),
            (kept_files.c.purged_rank, purged_rank),
            (kept_files.c.run_id, run_id),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if of_no_run:
            query = query.where(kept_files.c.run_id.is_(None))
        with self._reading() as connection:
            rows = connection.execution_options(yield_per=PAGE).execute(
                query.order_by(kept_files.c.id)
            )
            for row in rows:
                yield to_record(KeptFile, row._mapping)

    def runs_with_files(self) -> list[str]:
        """Return the runs of which files are kept."""
        with self._reading() as connection:
            rows = connection.execute(
                select(kept_files.c.run_id)
                .distinct()
                .where(self._ours(kept_files), kept_files.c.run_id.is_not(None))
                .order_by(kept_files.c.run_id)
            )
            return list(rows.scalars())

    def returns_not_sealed(self) -> list[ReturnRecord]:
        """Return the return files that no manifest names yet."""
        named = exists().where(
            self._ours(kept_files), kept_files.c.path == "returns/" + returns.c.kept_as
        )
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(ReturnRecord, returns, {"return_id": "id"}))
                .where(self._ours(returns), ~named)
                .order_by(returns.c.id)
            )
            return [to_record(ReturnRecord, row._mapping) for row in rows]

    def mark_purged(self, files: Sequence[KeptFile], *, actor: str, reason: str) -> None:
        """Turn files into tombstones, with an event for each; the next manifest seals them."""
        now = self._clock()
        with self._writing() as connection:
            for batch in batches(files):
                connection.execute(
                    kept_files.update()
                    .where(
                        self._ours(kept_files),
                        kept_files.c.path == bindparam("one_path"),
                        kept_files.c.purged_at.is_(None),
                    )
                    .values(purged_at=now),
                    [{"one_path": file.path} for file in batch],
                )
                connection.execute(
                    events.insert(),
                    [
                        self._event(
                            "purge",
                            "purged",
                            source="kept",
                            reason=f"{file.path} {file.sha256} {reason}",
                            actor=actor,
                            run_id=file.run_id,
                        )
                        for file in batch
                    ],
                )

    def tombstones_to_seal(self) -> list[KeptFile]:
        """Return the tombstones that no manifest has sealed yet."""
        with self._reading() as connection:
            rows = connection.execute(
                select(*columns_for(KeptFile, kept_files))
                .where(
                    self._ours(kept_files),
                    kept_files.c.purged_at.is_not(None),
                    kept_files.c.purged_rank.is_(None),
                )
                .order_by(kept_files.c.id)
            )
            return list(latest_of(to_record(KeptFile, row._mapping) for row in rows).values())


def latest_of(files: Iterable[KeptFile]) -> dict[str, KeptFile]:
    """Return the last row of each path, in the order in which the paths first came."""
    return {file.path: file for file in files}
