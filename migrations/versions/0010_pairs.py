"""Two answers side by side

Revision: 0010
After: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from evalhub.db import UtcTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("leased", "submitted", "imported", "expired", "skipped", "voided", "extra", "excluded", "model")
PAIRED = sa.text("state = 'paired'")
LENGTHEN_QUEUE = """
UPDATE queue SET last_ord = last_ord + 1
WHERE id = (SELECT queue_id FROM task WHERE project_id = :project AND id = :task)
"""
FREE_AT_ITS_END = """
UPDATE task SET free_slots = free_slots + :bit, is_open = NOT held,
    ord = (SELECT last_ord FROM queue WHERE queue.id = task.queue_id)
WHERE project_id = :project AND id = :task
"""


def upgrade() -> None:
    op.add_column("project", sa.Column("pairs", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.add_column(sa.Column("partner_id", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key("fk_task_partner", "task", ["project_id", "partner_id"], ["project_id", "id"])
        batch_op.create_check_constraint(batch_op.f("ck_task_partner_is_another"), "partner_id <> id")
    op.create_index("task_partner", "task", ["project_id", "partner_id"], unique=True)
    _allow_states((STATES[0], "paired", *STATES[1:]), with_a_slot=("leased", "paired", "submitted"))
    op.create_index(
        "assignment_one_partner",
        "assignment",
        ["project_id", "reviewer_id"],
        unique=True,
        sqlite_where=PAIRED,
        postgresql_where=PAIRED,
    )
    _create_preference()


def _allow_states(states: tuple[str, ...], *, with_a_slot: tuple[str, ...]) -> None:
    with op.batch_alter_table("assignment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_assignment_state"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_assignment_slot_by_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_assignment_state"), f"state IN ({_quoted(states)})")
        batch_op.create_check_constraint(
            batch_op.f("ck_assignment_slot_by_state"),
            f"CASE WHEN state IN ({_quoted(with_a_slot)}) THEN slot IS NOT NULL"
            " WHEN state = 'imported' THEN TRUE ELSE slot IS NULL END",
        )


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


def _create_preference() -> None:
    op.create_table(
        "preference",
        sa.Column("project_id", BIG_ID, nullable=False),
        sa.Column("first_task_id", sa.BigInteger(), nullable=False),
        sa.Column("second_task_id", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", BIG_ID, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("left_task_id", sa.BigInteger(), nullable=False),
        sa.Column("preferred_task_id", sa.BigInteger(), nullable=True),
        sa.Column("strength", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_at", UtcTime(), nullable=False),
        sa.CheckConstraint("first_task_id < second_task_id", name=op.f("ck_preference_two_tasks_in_order")),
        sa.CheckConstraint(
            "left_task_id IN (first_task_id, second_task_id)", name=op.f("ck_preference_left_is_one_of_them")
        ),
        sa.CheckConstraint(
            "preferred_task_id IN (first_task_id, second_task_id)", name=op.f("ck_preference_preferred_is_one_of_them")
        ),
        sa.CheckConstraint("strength BETWEEN 0 AND 2", name=op.f("ck_preference_strength")),
        sa.CheckConstraint(
            "(preferred_task_id IS NULL) = (strength = 0)", name=op.f("ck_preference_strength_of_the_preferred")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_preference_revision_from_1")),
        *(_of_assignment(which) for which in ("first", "second")),
        sa.PrimaryKeyConstraint("project_id", "first_task_id", "reviewer_id", "revision", name=op.f("pk_preference")),
    )


def _of_assignment(which: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["project_id", f"{which}_task_id", "reviewer_id"],
        ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
        name=f"fk_preference_{which}",
    )


def downgrade() -> None:
    """Preferences go; a reservation becomes a lapsed one, its slot free again."""
    op.drop_table("preference")
    op.drop_index("assignment_one_partner", table_name="assignment")
    _free_reserved_slots()
    _allow_states(STATES, with_a_slot=("leased", "submitted"))
    op.drop_index("task_partner", table_name="task")
    with op.batch_alter_table("task", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_task_partner_is_another"), type_="check")
        batch_op.drop_constraint("fk_task_partner", type_="foreignkey")
        batch_op.drop_column("partner_id")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_column("pairs")


def _free_reserved_slots() -> None:
    """The task moves to the end of its queue, as whatever is released does, lest it lie below a cursor."""
    connection = op.get_bind()
    reserved = connection.execute(
        sa.text("SELECT project_id, task_id, slot FROM assignment WHERE state = 'paired' ORDER BY task_id, slot")
    ).all()
    op.execute("UPDATE assignment SET state = 'expired', slot = NULL WHERE state = 'paired'")
    for project_id, task_id, slot in reserved:
        place = {"project": project_id, "task": task_id, "bit": 1 << slot}
        connection.execute(sa.text(LENGTHEN_QUEUE), place)
        connection.execute(sa.text(FREE_AT_ITS_END), place)
