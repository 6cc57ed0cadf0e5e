"""The inbox of a rubric's owner, and rulings

Revision: 0008
After: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from evalhub.db import CanonicalJson, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FIRST_PUBLISHER = """
UPDATE rubric SET owner_id = (
    SELECT published_by_id FROM rubric_version
    WHERE rubric_version.rubric_id = rubric.id ORDER BY published_at, id LIMIT 1
)
"""


def upgrade() -> None:
    with op.batch_alter_table("rubric", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", BIG_ID, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_rubric_owner_id"), "account", ["owner_id"], ["id"])
    op.execute(FIRST_PUBLISHER)
    _create_entries()
    _create_rulings()


def _create_entries() -> None:
    op.create_table(
        "inbox_entry",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("rubric_id", BIG_ID, nullable=False),
        sa.Column("rubric_version_id", BIG_ID, nullable=False),
        sa.Column("criterion_key", sa.String(length=64), nullable=True),
        sa.Column("kind", _one_of("kind", "flag", "question", "disagreement", "case", "boundary"), nullable=False),
        sa.Column("project_id", BIG_ID, nullable=True),
        sa.Column("dataset_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(length=32), nullable=True),
        sa.Column("alias", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quote", CanonicalJson(), nullable=True),
        sa.Column("sender_id", BIG_ID, nullable=False),
        sa.Column("sent_at", UtcTime(), nullable=False),
        sa.Column("state", _one_of("state", "open", "answered", "changed"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_by_id", BIG_ID, nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("changed_in_version", sa.Integer(), nullable=True),
        sa.Column("seen_by_sender_at", UtcTime(), nullable=True),
        *_rules_of_entries(),
    )
    op.create_index("ix_inbox_entry_box", "inbox_entry", ["rubric_id", "state", "id"])
    op.create_index("ix_inbox_entry_sent", "inbox_entry", ["sender_id", "id"])


def _rules_of_entries() -> tuple[sa.Constraint, ...]:
    return (
        sa.CheckConstraint("(dataset_id IS NULL) = (item_id IS NULL)", name=op.f("ck_inbox_entry_item_in_full")),
        sa.CheckConstraint("item_id IS NULL OR project_id IS NOT NULL", name=op.f("ck_inbox_entry_item_of_a_project")),
        sa.CheckConstraint("(state = 'open') = (answer IS NULL)", name=op.f("ck_inbox_entry_answer_by_state")),
        sa.CheckConstraint(
            "(answer IS NULL) = (answered_at IS NULL) AND (answer IS NULL) = (answered_by_id IS NULL)",
            name=op.f("ck_inbox_entry_answer_in_full"),
        ),
        sa.CheckConstraint(
            "(state = 'changed') = (changed_in_version IS NOT NULL)", name=op.f("ck_inbox_entry_version_when_changed")
        ),
        sa.CheckConstraint(
            "seen_by_sender_at IS NULL OR answer IS NOT NULL", name=op.f("ck_inbox_entry_seen_when_answered")
        ),
        sa.ForeignKeyConstraint(["answered_by_id"], ["account.id"], name=op.f("fk_inbox_entry_answered_by_id")),
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_inbox_entry_item"),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_inbox_entry_project_id")),
        sa.ForeignKeyConstraint(["rubric_id"], ["rubric.id"], name=op.f("fk_inbox_entry_rubric_id")),
        sa.ForeignKeyConstraint(
            ["rubric_version_id"], ["rubric_version.id"], name=op.f("fk_inbox_entry_rubric_version_id")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["account.id"], name=op.f("fk_inbox_entry_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_entry")),
        sa.UniqueConstraint("public_id", name=op.f("uq_inbox_entry_public_id")),
    )


def _create_rulings() -> None:
    op.create_table(
        "ruling",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("rubric_id", BIG_ID, nullable=False),
        sa.Column("criterion_key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entry_id", BIG_ID, nullable=True),
        sa.Column("made_by_id", BIG_ID, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("withdrawn_by_id", BIG_ID, nullable=True),
        sa.Column("withdrawn_at", UtcTime(), nullable=True),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by_id IS NULL)", name=op.f("ck_ruling_withdrawn_by_somebody")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["inbox_entry.id"], name=op.f("fk_ruling_entry_id")),
        sa.ForeignKeyConstraint(["made_by_id"], ["account.id"], name=op.f("fk_ruling_made_by_id")),
        sa.ForeignKeyConstraint(["rubric_id"], ["rubric.id"], name=op.f("fk_ruling_rubric_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["account.id"], name=op.f("fk_ruling_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ruling")),
        sa.UniqueConstraint("public_id", name=op.f("uq_ruling_public_id")),
    )
    op.create_index("ix_ruling_criterion", "ruling", ["rubric_id", "criterion_key", "fingerprint"])


def _one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def downgrade() -> None:
    op.drop_table("ruling")
    op.drop_table("inbox_entry")
    with op.batch_alter_table("rubric", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_rubric_owner_id"), type_="foreignkey")
        batch_op.drop_column("owner_id")
