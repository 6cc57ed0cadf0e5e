"""Gold items, qualification and certificates

Revision: 0009
After: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import CanonicalJson, UtcTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("rubric_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "use",
            sa.Enum(
                "practice", "qualification", "gold", name="use", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("added_at", UtcTime(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["added_by_id"], ["account.id"], name=op.f("fk_gold_added_by_id")),
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_gold_item"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_gold_project_id")),
        sa.ForeignKeyConstraint(["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_gold_rubric_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gold")),
        sa.UniqueConstraint("public_id", name=op.f("uq_gold_public_id")),
    )
    with op.batch_alter_table("gold", schema=None) as batch_op:
        batch_op.create_index(
            "gold_in_use",
            ["project_id", "item_id"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "training_plan",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gold_share", sa.Double(), nullable=False),
        sa.Column("practice_items", sa.Integer(), nullable=False),
        sa.Column("retake_hours", sa.Integer(), nullable=False),
        sa.Column("rule", CanonicalJson(), nullable=False),
        sa.CheckConstraint("gold_share BETWEEN 0 AND 0.2", name=op.f("ck_training_plan_gold_share")),
        sa.CheckConstraint("practice_items >= 1", name=op.f("ck_training_plan_practice_items")),
        sa.CheckConstraint("retake_hours >= 0", name=op.f("ck_training_plan_retake_hours")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_training_plan_project_id")),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_training_plan")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "use",
            sa.Enum(
                "practice", "qualification", "gold", name="use", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("rubric_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("rule", CanonicalJson(), nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_attempt_number_from_1")),
        sa.CheckConstraint("passed IS NULL OR ended_at IS NOT NULL", name=op.f("ck_attempt_passed_once_ended")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attempt_account_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_attempt_batch_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_attempt_project_id")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_attempt_rubric_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("batch_id", name=op.f("uq_attempt_batch_id")),
        sa.UniqueConstraint(
            "project_id", "account_id", "use", "number", name=op.f("uq_attempt_project_id_account_id_use_number")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_attempt_public_id")),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index(
            "attempt_one_open",
            ["project_id", "account_id", "use"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "gold_answer",
        sa.Column("gold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("criterion_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("not_applicable", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", CanonicalJson(), nullable=False),
        sa.CheckConstraint(
            "(CASE WHEN level IS NULL THEN 0 ELSE 1 END) + (CASE WHEN value IS NULL THEN 0 ELSE 1 END)"
            " + (CASE WHEN not_applicable THEN 1 ELSE 0 END) = 1",
            name=op.f("ck_gold_answer_one_answer"),
        ),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_gold_answer_criterion_id")),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_gold_answer_gold_id")),
        sa.PrimaryKeyConstraint("gold_id", "criterion_id", name=op.f("pk_gold_answer")),
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rubric_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "state",
            sa.Enum("valid", "failed", "lapsed", name="state", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("issued_at", UtcTime(), nullable=False),
        sa.Column("rule", CanonicalJson(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("by_criterion", CanonicalJson(), nullable=False),
        sa.Column("granted_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("granted_reason", sa.Text(), nullable=True),
        sa.Column("retake_at", UtcTime(), nullable=True),
        sa.Column("lapsed_at", UtcTime(), nullable=True),
        sa.Column(
            "lapsed_reason",
            sa.Enum(
                "new_version",
                "drift",
                "withdrawn",
                name="lapsed_reason",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("lapsed_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(state = 'lapsed') = (lapsed_at IS NOT NULL AND lapsed_reason IS NOT NULL)",
            name=op.f("ck_certificate_lapsed_with_a_reason"),
        ),
        sa.CheckConstraint('"right" BETWEEN 0 AND n', name=op.f("ck_certificate_right_of_n")),
        sa.CheckConstraint(
            "(attempt_id IS NULL) = (granted_reason IS NOT NULL)", name=op.f("ck_certificate_earned_or_granted")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_certificate_account_id")),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_certificate_attempt_id")),
        sa.ForeignKeyConstraint(["granted_by_id"], ["account.id"], name=op.f("fk_certificate_granted_by_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_certificate_project_id")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_certificate_rubric_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_certificate_attempt_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_certificate_public_id")),
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.create_index(
            "certificate_one_valid",
            ["project_id", "account_id"],
            unique=True,
            sqlite_where=sa.text("state = 'valid'"),
            postgresql_where=sa.text("state = 'valid'"),
        )

    op.create_table(
        "trial",
        sa.Column("project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gold_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_trial_attempt_id")),
        sa.ForeignKeyConstraint(["gold_id"], ["gold.id"], name=op.f("fk_trial_gold_id")),
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_trial_task"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_trial_project_id")),
        sa.PrimaryKeyConstraint("project_id", "task_id", name=op.f("pk_trial")),
    )
    with op.batch_alter_table("trial", schema=None) as batch_op:
        batch_op.create_index("ix_trial_attempt", ["attempt_id"], unique=False)
        batch_op.create_index("ix_trial_gold", ["gold_id"], unique=False)

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("certified_for_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_member_certified_for_id"), "rubric_version", ["certified_for_id"], ["id"]
        )

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requires_certificate", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:

    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_column("requires_certificate")

    with op.batch_alter_table("member", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_member_certified_for_id"), type_="foreignkey")
        batch_op.drop_column("certified_for_id")

    with op.batch_alter_table("trial", schema=None) as batch_op:
        batch_op.drop_index("ix_trial_gold")
        batch_op.drop_index("ix_trial_attempt")

    op.drop_table("trial")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_index(
            "certificate_one_valid",
            sqlite_where=sa.text("state = 'valid'"),
            postgresql_where=sa.text("state = 'valid'"),
        )

    op.drop_table("certificate")
    op.drop_table("gold_answer")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index(
            "attempt_one_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )

    op.drop_table("attempt")
    op.drop_table("training_plan")
    with op.batch_alter_table("gold", schema=None) as batch_op:
        batch_op.drop_index(
            "gold_in_use", sqlite_where=sa.text("retired_at IS NULL"), postgresql_where=sa.text("retired_at IS NULL")
        )

    op.drop_table("gold")
