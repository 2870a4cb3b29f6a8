"""Book of the directory of public structures: replaced as a whole, looked up by many at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Text, column, select, values

from config.directory import DirectoryView, Service, Structure
from flows.ledger.store import Store, batches, columns_for, to_record
from flows.ledger.tables import directory, directory_imports

#: Rows per statement when the directory is written.
_INSERTED = 5_000


@dataclass(frozen=True, slots=True)
class DirectoryImport:
    """One import: the newest one says what the directory is now.

    Attributes:
        dated: day the directory was published.
        structures, services: what was imported; no services (None) is not the same as 0.
        repaired: identifiers whose leading zeros were given back.
        refused: rows left out.
    """

    imported_at: datetime
    dated: date
    actor: str
    structures_file: str
    structures_sha256: str
    services_file: str | None
    services_sha256: str | None
    structures: int
    services: int | None
    repaired: int
    refused: int


@dataclass(slots=True)
class DirectorySource:
    """Where a directory comes from; the counts are filled while it is read."""

    dated: date
    actor: str
    structures_file: str
    structures_sha256: str
    services_file: str | None = None
    services_sha256: str | None = None
    repaired: int = 0
    refused: int = 0
    reason: str = ""


class DirectoryBook(Store):
    """The directory of this company and emitter."""

    def replace_directory(
        self,
        source: DirectorySource,
        structures: Iterable[Structure],
        services: Iterable[tuple[str, Service]] | None,
    ) -> DirectoryImport:
        """Put a directory in the place of the former one, all or nothing.

        Args:
            source: where it comes from; its counts may still grow while the others are read.
            structures: each once.
            services: identifier of the structure and service; read after the structures. None:
                the services are not known.

        Whatever the iterables raise leaves the former directory in its place.
        """
        now = self._clock()
        with self._writing() as connection:
            connection.execute(directory.delete().where(self._ours(directory)))
            counted = self._insert(connection, (_structure_row(s) for s in structures))
            services_counted = None
            if services is not None:
                rows = (_service_row(identifier, service) for identifier, service in services)
                services_counted = self._insert(connection, rows)
            made = DirectoryImport(
                imported_at=now,
                dated=source.dated,
                actor=source.actor,
                structures_file=source.structures_file,
                structures_sha256=source.structures_sha256,
                services_file=source.services_file,
                services_sha256=source.services_sha256,
                structures=counted,
                services=services_counted,
                repaired=source.repaired,
                refused=source.refused,
            )
            facts = {name: getattr(made, name) for name in DirectoryImport.__slots__}
            connection.execute(directory_imports.insert().values(**self._scope, **facts))
            told = f"{counted} structures, {services_counted or 0} services"
            if source.reason:
                told = f"{source.reason} ({told})"
            self._record_event(
                connection, "directory", source.dated.isoformat(), actor=source.actor, reason=told
            )
        return made

    def directory_imports(self, limit: int = 20) -> list[DirectoryImport]:
        """Return the newest imports, newest first."""
        with self._reading() as connection:
            return self._imports(connection, limit)

    def directory_now(self, *, until: datetime | None = None) -> DirectoryImport | None:
        """Return the import that the directory is from (or was from at ``until``), if any."""
        with self._reading() as connection:
            found = self._imports(connection, 1, until=until)
        return found[0] if found else None

    def directory_view(
        self,
        identifiers: Collection[str],
        *,
        services: Collection[tuple[str, str]] | None = None,
        max_age_days: int,
    ) -> DirectoryView | None:
        """Return what the directory says of some recipients; None when there is no directory.

        Args:
            identifiers: the recipients.
            services: the services wanted, as identifier and code; None: all of the recipients.
            max_age_days: see :class:`DirectoryView`.
        """
        found: dict[str, Structure] = {}
        theirs: dict[str, dict[str, Service]] = {}
        with self._reading() as connection:
            # One transaction: an import in between cannot show half of each directory.
            current = self._imports(connection, 1)
            if not current:
                return None
            for row in self._rows(connection, identifiers, services):
                if row.service_code:
                    theirs.setdefault(row.identifier, {})[row.service_code] = _service(row)
                else:
                    own = theirs.setdefault(row.identifier, {})
                    found[row.identifier] = _structure(row, own)
        return DirectoryView(
            dated=current[0].dated,
            max_age_days=max_age_days,
            services_known=current[0].services is not None,
            asked=frozenset(identifiers),
            structures=found,
        )

    # -- inside ----------------------------------------------------------------------------------

    def _insert(self, connection: Connection, rows: Iterable[dict[str, Any]]) -> int:
        count = 0
        scope = self._scope
        for batch in batches(rows, _INSERTED):
            for row in batch:
                row.update(scope)
            connection.execute(directory.insert(), batch)
            count += len(batch)
        return count

    def _imports(
        self, connection: Connection, limit: int, *, until: datetime | None = None
    ) -> list[DirectoryImport]:
        query = select(*columns_for(DirectoryImport, directory_imports)).where(
            self._ours(directory_imports)
        )
        if until is not None:
            query = query.where(directory_imports.c.imported_at <= until)
        rows = connection.execute(query.order_by(directory_imports.c.id.desc()).limit(limit))
        return [to_record(DirectoryImport, row._mapping) for row in rows]

    def _rows(
        self,
        connection: Connection,
        identifiers: Collection[str],
        services: Collection[tuple[str, str]] | None,
    ) -> Iterator[Row[Any]]:
        ours = select(directory).where(self._ours(directory))
        if services is None:
            for batch in batches(sorted(identifiers)):
                yield from connection.execute(ours.where(directory.c.identifier.in_(batch)))
            return
        # Joined to the pairs, each a step into the index; an IN of pairs makes SQLite walk through
        # the whole directory.
        names = column("identifier", Text), column("service_code", Text)
        for pairs in batches(sorted({*services, *((each, "") for each in identifiers)})):
            wanted = values(*names, name="wanted").data(pairs).cte("wanted")
            yield from connection.execute(
                ours.where(
                    directory.c.identifier == wanted.c.identifier,
                    directory.c.service_code == wanted.c.service_code,
                )
            )


def _structure_row(structure: Structure) -> dict[str, Any]:
    return {
        "identifier": structure.identifier,
        "service_code": "",
        "name": structure.name,
        "active": structure.active,
        "engagement_required": structure.engagement_required,
        "kind": structure.kind,
        "service_required": structure.service_required,
        "service_or_engagement": structure.service_or_engagement,
        "works_owner_only": structure.works_owner_only,
        "tells_payment": structure.tells_payment,
        "postcode": structure.postcode,
        "city": structure.city,
    }


def _structure(row: Row[Any], services: dict[str, Service]) -> Structure:
    return Structure(
        identifier=row.identifier,
        name=row.name,
        kind=row.kind,
        active=row.active,
        service_required=row.service_required,
        engagement_required=row.engagement_required,
        service_or_engagement=row.service_or_engagement,
        works_owner_only=row.works_owner_only,
        tells_payment=row.tells_payment,
        postcode=row.postcode,
        city=row.city,
        services=services,
    )


def _service_row(identifier: str, service: Service) -> dict[str, Any]:
    return {
        "identifier": identifier,
        "service_code": service.code,
        "name": service.name,
        "active": service.active,
        "engagement_required": service.engagement_required,
        "valid_from": service.valid_from,
        "valid_until": service.valid_until,
    }


def _service(row: Row[Any]) -> Service:
    return Service(
        code=row.service_code,
        name=row.name,
        active=row.active,
        engagement_required=row.engagement_required,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )
