"""Calibration rounds

Revision: 0004
After: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from evalhub.db import CanonicalJson, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("queue", schema=None) as batch_op:
        batch_op.add_column(sa.Column("panel", CanonicalJson(), nullable=True))

    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.alter_column(
            "import_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        )

    op.create_table(
        "calibration_round",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("rubric_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("follows_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum("open", "closed", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("chosen", CanonicalJson(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("discussed_share", sa.Double(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("created_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_calibration_round_number_from_1")),
        sa.CheckConstraint("discussed_share BETWEEN 0 AND 1", name=op.f("ck_calibration_round_discussed_share")),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_calibration_round_closed_has_a_time")
        ),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_calibration_round_batch_id")),
        sa.ForeignKeyConstraint(["created_by_id"], ["account.id"], name=op.f("fk_calibration_round_created_by_id")),
        sa.ForeignKeyConstraint(["follows_id"], ["calibration_round.id"], name=op.f("fk_calibration_round_follows_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_calibration_round_project_id")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_calibration_round_rubric_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_round")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_calibration_round_batch_id")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_calibration_round_project_id_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_calibration_round_public_id")),
    )
    op.create_table(
        "round_item",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("round_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discussed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_round_item_task"),
        sa.ForeignKeyConstraint(["round_id"], ["calibration_round.id"], name=op.f("fk_round_item_round_id")),
        sa.PrimaryKeyConstraint("project_id", "task_id", name=op.f("pk_round_item")),
    )
    with op.batch_alter_table("round_item", schema=None) as batch_op:
        batch_op.create_index("ix_round_item_round", ["round_id"], unique=False)


def downgrade() -> None:
    """Rounds go with their batches, tasks and ratings: the earlier schema has no place for them."""
    op.drop_table("round_item")
    op.drop_table("calibration_round")
    _drop_what_rounds_graded()
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.alter_column(
            "import_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        )

    with op.batch_alter_table("queue", schema=None) as batch_op:
        batch_op.drop_column("panel")


def _drop_what_rounds_graded() -> None:
    of_rounds = "(project_id, task_id) IN (SELECT project_id, id FROM task WHERE purpose = 'calibration')"
    for table in ("evidence", "rating_tag", "rating_note", "rating", "rating_history", "review", "draft", "assignment"):
        op.execute(f"DELETE FROM {table} WHERE {of_rounds}")
    op.execute("DELETE FROM task WHERE purpose = 'calibration'")
    of_batches = "SELECT id FROM batch WHERE import_id IS NULL"
    op.execute(f"DELETE FROM queue_reviewer WHERE queue_id IN (SELECT id FROM queue WHERE batch_id IN ({of_batches}))")
    op.execute(f"DELETE FROM queue WHERE batch_id IN ({of_batches})")
    op.execute("DELETE FROM batch WHERE import_id IS NULL")
