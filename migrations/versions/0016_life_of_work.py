"""Withdrawn items and voided reviews

Revision: 0016
After: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from evalhub.db import UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CASE_STATES = ("open", "decided", "corrected")


def upgrade() -> None:
    _allow_case_states((*CASE_STATES, "set_aside"))
    op.create_table(
        "item_change",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("dataset_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "withdrawn", "restored", "replaced", name="kind", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", BIG_ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_item_change_by_id")),
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_item_change_item"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_change")),
    )
    op.create_index("ix_item_change_item", "item_change", ["dataset_id", "item_id"])


def downgrade() -> None:
    op.drop_table("item_change")
    op.execute("UPDATE \"case\" SET state = 'corrected' WHERE state = 'set_aside'")
    _allow_case_states(CASE_STATES)


def _allow_case_states(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{state}'" for state in states)
    with op.batch_alter_table("case", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_case_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_case_state"), f"state IN ({listed})")
