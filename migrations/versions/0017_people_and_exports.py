"""People, tokens and exports

Revision: 0017
After: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import CanonicalJson, UtcTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

EVERY_SCOPE = '["admin","manage","read","review"]'
ADDED = {
    "account": [sa.Column("last_seen_at", UtcTime(), nullable=True)],
    "api_token": [
        sa.Column("scopes", CanonicalJson(), server_default=EVERY_SCOPE, nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=True),
    ],
    "export": [
        sa.Column("counts", CanonicalJson(), server_default="{}", nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("n_bytes", sa.BigInteger(), nullable=True),
        sa.Column("kept_until", UtcTime(), nullable=True),
    ],
}


def upgrade() -> None:
    op.create_table(
        "sign_in_limit",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_sign_in_limit_n")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_limit")),
    )
    op.create_index("ix_sign_in_limit_last_at", "sign_in_limit", ["last_at"])
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("chain", sa.String(length=32), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("by", sa.String(length=32), nullable=False),
        sa.Column("n_events", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )
    op.create_index("ix_audit_check_chain", "audit_check", ["chain", "id"])
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column)


def downgrade() -> None:
    for table, columns in ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for column in columns:
                batch_op.drop_column(column.name)
    op.drop_index("ix_audit_check_chain", table_name="audit_check")
    op.drop_table("audit_check")
    op.drop_index("ix_sign_in_limit_last_at", table_name="sign_in_limit")
    op.drop_table("sign_in_limit")
