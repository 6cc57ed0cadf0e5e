"""Reviews sent back, answers to decisions, and cases without anybody to settle them

Revision: 0011
After: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import BigId, UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ONE_ANSWER = (
    "(CASE WHEN level IS NULL THEN 0 ELSE 1 END) + (CASE WHEN value IS NULL THEN 0 ELSE 1 END)"
    " + (CASE WHEN not_applicable THEN 1 ELSE 0 END) = 1"
)
CAUSES = ("reviewer_slip", "rubric_unclear", "truly_ambiguous", "item_defective")


def upgrade() -> None:
    op.add_column("correction", sa.Column("answer", sa.Text(), nullable=True))
    _returned_reviews()
    _answers_to_decisions()
    _exceptions()
    _reconciliations()


def downgrade() -> None:
    op.drop_table("reconciled_level")
    op.drop_table("reconciliation")
    op.drop_table("decision_exception")
    op.drop_table("resolution_answer")
    op.drop_index("ix_returned_review_reviewer_id", table_name="returned_review")
    op.drop_table("returned_review")
    op.drop_column("correction", "answer")


def _returned_reviews() -> None:
    op.create_table(
        "returned_review",
        *_of_a_reviewer("revision"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("returned_by_id", BigId, nullable=False),
        sa.Column("returned_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id", "revision"],
            ["review.project_id", "review.task_id", "review.reviewer_id", "review.revision"],
            name=op.f("fk_returned_review_review"),
        ),
        sa.ForeignKeyConstraint(["returned_by_id"], ["account.id"], name=op.f("fk_returned_review_returned_by_id")),
        sa.PrimaryKeyConstraint("project_id", "task_id", "reviewer_id", "revision", name=op.f("pk_returned_review")),
    )
    op.create_index("ix_returned_review_reviewer_id", "returned_review", ["reviewer_id"])


def _answers_to_decisions() -> None:
    op.create_table(
        "resolution_answer",
        *_of_a_reviewer("revision"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=False),
        sa.Column("read_by_id", BigId, nullable=True),
        sa.Column("read_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name=op.f("fk_resolution_answer_assignment"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "revision"],
            ["decision.project_id", "decision.task_id", "decision.revision"],
            name=op.f("fk_resolution_answer_decision"),
        ),
        sa.ForeignKeyConstraint(["read_by_id"], ["account.id"], name=op.f("fk_resolution_answer_read_by_id")),
        sa.PrimaryKeyConstraint("project_id", "task_id", "reviewer_id", "revision", name=op.f("pk_resolution_answer")),
    )


def _exceptions() -> None:
    op.create_table(
        "decision_exception",
        sa.Column("project_id", BigId, nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("reconcile", "manager", name="kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("granted_by_id", BigId, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name=op.f("fk_decision_exception_case")
        ),
        sa.ForeignKeyConstraint(["granted_by_id"], ["account.id"], name=op.f("fk_decision_exception_granted_by_id")),
        sa.PrimaryKeyConstraint("project_id", "task_id", "kind", "granted_by_id", name=op.f("pk_decision_exception")),
    )


def _reconciliations() -> None:
    op.create_table(
        "reconciliation",
        *_of_a_reviewer("occasion"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(*CAUSES, name="cause", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column("sent_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id"], ["case.project_id", "case.task_id"], name=op.f("fk_reconciliation_case")
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name=op.f("fk_reconciliation_assignment"),
        ),
        sa.PrimaryKeyConstraint("project_id", "task_id", "reviewer_id", "occasion", name=op.f("pk_reconciliation")),
    )
    op.create_table(
        "reconciled_level",
        *_of_a_reviewer("occasion"),
        sa.Column("criterion_id", BigId, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("not_applicable", sa.Boolean(), nullable=False),
        sa.CheckConstraint(ONE_ANSWER, name=op.f("ck_reconciled_level_one_answer")),
        sa.ForeignKeyConstraint(["criterion_id"], ["criterion.id"], name=op.f("fk_reconciled_level_criterion_id")),
        sa.ForeignKeyConstraint(
            ["project_id", "task_id", "reviewer_id", "occasion"],
            [
                "reconciliation.project_id",
                "reconciliation.task_id",
                "reconciliation.reviewer_id",
                "reconciliation.occasion",
            ],
            name=op.f("fk_reconciled_level_reconciliation"),
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "task_id", "reviewer_id", "occasion", "criterion_id", name=op.f("pk_reconciled_level")
        ),
    )


def _of_a_reviewer(counter: str) -> list[sa.Column[int]]:
    """The key of what one reviewer has on one task, several times."""
    return [
        sa.Column("project_id", BigId, nullable=False),
        sa.Column("task_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", BigId, nullable=False),
        sa.Column(counter, sa.Integer(), nullable=False),
    ]
