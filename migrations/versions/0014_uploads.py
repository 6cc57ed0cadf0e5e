"""Uploaded files on their way into a dataset or a project

Revision: 0014
After: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import CanonicalJson, UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "upload",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("items", "ratings", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("target", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("companion", sa.String(length=200), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("n_bytes", sa.BigInteger(), nullable=False),
        sa.Column("options", CanonicalJson(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "receiving", "received", "refused", "checked", "done",
                name="state", native_enum=False, create_constraint=True, length=32,
            ),
            nullable=False,
        ),
        sa.Column("report", CanonicalJson(), nullable=True),
        sa.Column("job_id", BIG_ID, nullable=True),
        sa.Column("by_id", BIG_ID, nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("touched_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_upload_by_id")),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_upload_job_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("public_id", name=op.f("uq_upload_public_id")),
    )  # fmt: skip
    op.create_index("ix_upload_touched_at", "upload", ["touched_at"])
    op.add_column("item_import", sa.Column("upload", sa.String(length=32), nullable=True))
    op.add_column("item_import", sa.Column("undone_at", UtcTime(), nullable=True))
    # Deleting an item looks for the tasks that rest on it.
    op.create_index("ix_task_item", "task", ["dataset_id", "item_id"])


def downgrade() -> None:
    op.drop_index("ix_task_item", table_name="task")
    with op.batch_alter_table("item_import") as batch_op:
        batch_op.drop_column("undone_at")
        batch_op.drop_column("upload")
    op.drop_index("ix_upload_touched_at", table_name="upload")
    op.drop_table("upload")
