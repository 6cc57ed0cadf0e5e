"""Drafts of rubrics

Revision: 0013
After: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rubric_draft",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("based_on_id", BIG_ID, nullable=True),
        sa.Column("owner_id", BIG_ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("updated_at", UtcTime(), nullable=False),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_rubric_draft_revision_from_1")),
        sa.ForeignKeyConstraint(["based_on_id"], ["rubric_version.id"], name=op.f("fk_rubric_draft_based_on_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["account.id"], name=op.f("fk_rubric_draft_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_draft")),
        sa.UniqueConstraint("public_id", name=op.f("uq_rubric_draft_public_id")),
    )
    op.create_index(op.f("ix_rubric_draft_updated_at"), "rubric_draft", ["updated_at"])


def downgrade() -> None:
    op.drop_table("rubric_draft")
