"""Notices on the page of a reviewer, and a quick list of what somebody has graded

Revision: 0012
After: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import UtcTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_seen",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("notice", sa.String(length=100), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_notice_seen_account_id")),
        sa.PrimaryKeyConstraint("account_id", "notice", name=op.f("pk_notice_seen")),
    )
    op.create_index(
        "assignment_taken",
        "assignment",
        ["reviewer_id", "claimed_at", "public_id"],
        sqlite_where=sa.text("claimed_at IS NOT NULL"),
        postgresql_where=sa.text("claimed_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("assignment_taken", table_name="assignment")
    op.drop_table("notice_seen")
