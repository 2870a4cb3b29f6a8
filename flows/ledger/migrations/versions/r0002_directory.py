"""The directory of public structures (Chorus Pro's annuaire)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what this revision brings."""
    op.create_table(
        "directory_imports",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("imported_at", _TIME, nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("structures_file", sa.Text(), nullable=False),
        sa.Column("structures_sha256", sa.Text(), nullable=False),
        sa.Column("services_file", sa.Text(), nullable=True),
        sa.Column("services_sha256", sa.Text(), nullable=True),
        sa.Column("structures", sa.Integer(), nullable=False),
        sa.Column("services", sa.Integer(), nullable=True),
        sa.Column("repaired", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory_imports")),
    )
    op.create_table(
        "directory",
        sa.Column("id", _KEY, autoincrement=True, nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("emitter", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("engagement_required", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("service_required", sa.Boolean(), nullable=True),
        sa.Column("service_or_engagement", sa.Boolean(), nullable=True),
        sa.Column("works_owner_only", sa.Boolean(), nullable=True),
        sa.Column("tells_payment", sa.Boolean(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_directory")),
        sa.UniqueConstraint(
            "company",
            "emitter",
            "identifier",
            "service_code",
            name=op.f("uq_directory_company_emitter_identifier_service_code"),
        ),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("directory")
    op.drop_table("directory_imports")
