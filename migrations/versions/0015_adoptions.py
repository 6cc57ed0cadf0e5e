"""New rubric versions adopted by a project

Revision: 0015
After: 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import CanonicalJson, UtcTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RUNNING = sa.text("completed_at IS NULL")


def upgrade() -> None:
    op.add_column("task", sa.Column("criteria", CanonicalJson(), nullable=True))
    op.create_table(
        "adoption",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", BIG_ID, nullable=False),
        sa.Column("from_version_id", BIG_ID, nullable=False),
        sa.Column("to_version_id", BIG_ID, nullable=False),
        sa.Column(
            "changed",
            sa.Enum("regrade", "sample", "keep", name="changed", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sample_size", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=True),
        sa.Column("by_id", BIG_ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("completed_at", UtcTime(), nullable=True),
        sa.CheckConstraint(
            "(changed = 'sample') = (sample_size IS NOT NULL)", name=op.f("ck_adoption_sample_has_a_size")
        ),
        sa.CheckConstraint("sample_size >= 1", name=op.f("ck_adoption_sample_size_from_1")),
        sa.CheckConstraint("from_version_id <> to_version_id", name=op.f("ck_adoption_another_version")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_adoption_batch_id")),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_adoption_by_id")),
        sa.ForeignKeyConstraint(["from_version_id"], ["rubric_version.id"], name=op.f("fk_adoption_from_version_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_adoption_project_id")),
        sa.ForeignKeyConstraint(["to_version_id"], ["rubric_version.id"], name=op.f("fk_adoption_to_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoption")),
        sa.UniqueConstraint("public_id", name=op.f("uq_adoption_public_id")),
    )
    op.create_index("ix_adoption_project", "adoption", ["project_id"])
    op.create_index(
        "adoption_one_running",
        "adoption",
        ["project_id"],
        unique=True,
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def downgrade() -> None:
    op.drop_table("adoption")
    op.drop_column("task", "criteria")
