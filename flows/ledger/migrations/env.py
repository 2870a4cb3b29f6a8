"""Entry point of alembic: runs the migrations on the connection it is given."""

from __future__ import annotations

from alembic import context

from flows.ledger.schema import VERSION_TABLE
from flows.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite alters a table by writing it anew
)
with context.begin_transaction():
    context.run_migrations()
