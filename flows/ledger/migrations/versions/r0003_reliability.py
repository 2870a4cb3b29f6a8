"""Locks that several machines share, the chain of manifests, kept files, re-issued invoices.

On PostgreSQL, text of any length may be in an index: an entry of the usual kind holds 2,704 bytes,
and an extract or a report may hold any rubbish where a number should be.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
#: Indexes over text that comes from outside.
_FOREIGN_TEXT = (("invoices", "number"), ("statuses", "number"), ("statuses", "flow_id"))


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "locks",
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("outbox", sa.Text(), nullable=False),
        sa.Column("taken_at", _TIME, nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("emitter", "name", name=op.f("pk_locks")),
    )
    op.create_table(
        "manifests",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("previous", sa.Text(), nullable=False),
        sa.Column("last_event", sa.BigInteger(), nullable=False),
        sa.Column("written_at", _TIME, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manifests")),
        sa.UniqueConstraint(
            "company", "emitter", "rank", name=op.f("uq_manifests_company_emitter_rank")
        ),
    )
    op.create_index(op.f("ix_manifests_run_id"), "manifests", ["run_id"])
    op.create_table(
        "kept_files",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=True),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("kept_at", _TIME, nullable=False),
        sa.Column("purged_at", _TIME, nullable=True),
        sa.Column("purged_rank", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_files")),
        sa.UniqueConstraint(
            "company",
            "emitter",
            "path",
            "rank",
            name=op.f("uq_kept_files_company_emitter_path_rank"),
        ),
    )
    op.create_index(op.f("ix_kept_files_run_id"), "kept_files", ["run_id"])
    op.create_index(
        op.f("ix_kept_files_company_emitter_rank"), "kept_files", ["company", "emitter", "rank"]
    )
    op.create_index(op.f("ix_kept_files_purged_rank"), "kept_files", ["purged_rank"])
    op.add_column("invoices", sa.Column("follows", sa.BigInteger(), nullable=True))
    _index_foreign_text("hash")
    op.create_index(op.f("ix_invoices_follows"), "invoices", ["follows"])
    op.create_index(op.f("ix_invoices_life_status"), "invoices", ["life_status"])
    for name in ("changes", "told"):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("runs", column)


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("runs", "told")
    op.drop_column("runs", "changes")
    op.drop_index(op.f("ix_invoices_life_status"), "invoices")
    op.drop_index(op.f("ix_invoices_follows"), "invoices")
    _index_foreign_text("btree")
    op.drop_column("invoices", "follows")
    op.drop_table("kept_files")
    op.drop_table("manifests")
    op.drop_table("locks")


def _index_foreign_text(kind: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite has one kind, without limit
    for table, column in _FOREIGN_TEXT:
        name = op.f(f"ix_{table}_{column}")
        op.drop_index(name, table_name=table)
        op.create_index(name, table, [column], postgresql_using=kind)
