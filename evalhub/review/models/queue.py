"""The queue: tasks, who may claim them, and who holds them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class Purpose(StrEnum):
    LIVE = "live"
    PRACTICE = "practice"
    QUALIFICATION = "qualification"
    GOLD = "gold"
    CALIBRATION = "calibration"
    REPEAT = "repeat"
    REGRADE = "regrade"


COUNTED_PURPOSES = (Purpose.LIVE, Purpose.REGRADE)
"""Only ratings of these tasks enter a project's figures."""
LIKE_LIVE = (*COUNTED_PURPOSES, Purpose.GOLD)
"""What a reviewer must not be able to tell from one another: gold hides among live work."""
LEARNING = (Purpose.PRACTICE, Purpose.QUALIFICATION)
"""What its reviewer knows to be no work of the project."""


SKIPPED_TWICE = "skipped twice as unreadable or unsafe"
"""Why a task is held that a manager may hand out again."""
WITHDRAWN = "withdrawn: "
"""How the reason begins of a hold that ends when the item is restored."""
REPLACED = "replaced by a later revision"
"""Why a task is held for good; another stands in its place, so it counts as no item of its project."""


class QueueState(StrEnum):
    HIDDEN = "hidden"
    OPEN = "open"
    CLOSED = "closed"


class AssignmentState(StrEnum):
    LEASED = "leased"
    PAIRED = "paired"
    """Reserved for whoever holds the other answer of its pair, and leased to them when they submit that one."""
    SUBMITTED = "submitted"
    IMPORTED = "imported"
    EXPIRED = "expired"
    SKIPPED = "skipped"
    VOIDED = "voided"
    EXTRA = "extra"
    EXCLUDED = "excluded"
    MODEL = "model"


IN_WORK = (AssignmentState.LEASED, AssignmentState.PAIRED)
"""A slot is taken, and its review is still to come."""


class SkipReason(StrEnum):
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    OUTSIDE_MY_FIELD = "outside_my_field"
    UNREADABLE = "unreadable"
    UNSAFE = "unsafe"


class Queue(Base):
    """One a batch and skill set, or one for a panel; tasks stand in it by `ord`, from 1."""

    __tablename__ = "queue"
    __table_args__ = (sa.UniqueConstraint("project_id", "batch_id", "skills"),)

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    skills: Mapped[list[str]] = mapped_column(CanonicalJson)
    panel: Mapped[list[int] | None] = mapped_column(CanonicalJson)
    """The accounts that alone may claim from it; None where everybody may whose domains include the skills."""
    priority: Mapped[int] = mapped_column(default=0)
    state: Mapped[QueueState] = mapped_column(enum_type(QueueState, "state"), default=QueueState.HIDDEN)
    last_ord: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class QueueReviewer(Base):
    """Who may claim from a queue, and how far they have come: at or below the cursor nothing is left for them."""

    __tablename__ = "queue_reviewer"

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    queue_id: Mapped[int] = mapped_column(sa.ForeignKey("queue.id"), primary_key=True, index=True)
    cursor_ord: Mapped[int] = mapped_column(sa.BigInteger, default=0)


class Task(Base):
    """What is graded once by each of k reviewers."""

    __tablename__ = "task"
    __table_args__ = (
        sa.ForeignKeyConstraint(["dataset_id", "item_id"], ["item.dataset_id", "item.id"], name="fk_task_item"),
        sa.ForeignKeyConstraint(["project_id", "partner_id"], ["task.project_id", "task.id"], name="fk_task_partner"),
        sa.UniqueConstraint("project_id", "item_id", "rubric_version_id", "purpose", "occasion"),
        sa.UniqueConstraint("project_id", "queue_id", "ord"),
        sa.Index("task_partner", "project_id", "partner_id", unique=True),
        sa.Index("ix_task_item", "dataset_id", "item_id"),
        sa.Index(
            "task_open",
            "project_id",
            "queue_id",
            "ord",
            sqlite_where=sa.text("is_open = 1"),
            postgresql_where=sa.text("is_open"),
        ),
        sa.Index(
            "task_one_more",
            "project_id",
            "id",
            sqlite_where=sa.text("slots > need"),
            postgresql_where=sa.text("slots > need"),
        ),
        sa.CheckConstraint("is_open = (free_slots <> 0 AND NOT held)", name="open_when_free_and_not_held"),
        sa.CheckConstraint("free_slots >= 0", name="free_slots_are_bits"),
        sa.CheckConstraint("need >= 1 AND slots BETWEEN need AND 62", name="slots_from_need"),
        sa.CheckConstraint("ord >= 1", name="ord_from_1"),
        sa.CheckConstraint("partner_id <> id", name="partner_is_another"),
    )

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    dataset_id: Mapped[int]
    item_id: Mapped[int] = mapped_column(sa.BigInteger)
    rubric_version_id: Mapped[int] = mapped_column(sa.ForeignKey("rubric_version.id"))
    purpose: Mapped[Purpose] = mapped_column(enum_type(Purpose, "purpose"), default=Purpose.LIVE)
    occasion: Mapped[int] = mapped_column(default=1)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"), index=True)
    queue_id: Mapped[int] = mapped_column(sa.ForeignKey("queue.id"))
    ord: Mapped[int] = mapped_column(sa.BigInteger)
    need: Mapped[int]
    """Planned reviewers."""
    slots: Mapped[int]
    """Bits given so far: `need` at first, one more when another reviewer is asked for."""
    free_slots: Mapped[int] = mapped_column(sa.BigInteger)
    """Bit s is set while slot s waits for a reviewer."""
    held: Mapped[bool] = mapped_column(default=False)
    """Withdrawn, or skipped twice as unreadable or unsafe."""
    held_reason: Mapped[str | None] = mapped_column(sa.Text)
    is_open: Mapped[bool]
    partner_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """The task of the other answer to the same prompt, where a reviewer grades both side by side; each names the
    other."""
    criteria: Mapped[list[str] | None] = mapped_column(CanonicalJson)
    """Keys of the only criteria that are asked, in a regrade after a new rubric version; None where all are."""
    settled_at: Mapped[datetime | None]
    """When an adjudicator decided; from then on its reviews cannot be revised."""


class Assignment(Base):
    """One reviewer's hold on one task, whatever became of it."""

    __tablename__ = "assignment"
    __table_args__ = (
        sa.ForeignKeyConstraint(["project_id", "task_id"], ["task.project_id", "task.id"], name="fk_assignment_task"),
        sa.Index(
            "assignment_slot",
            "project_id",
            "task_id",
            "slot",
            unique=True,
            sqlite_where=sa.text("slot IS NOT NULL"),
            postgresql_where=sa.text("slot IS NOT NULL"),
        ),
        sa.Index(
            "assignment_one_lease",
            "project_id",
            "reviewer_id",
            unique=True,
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        ),
        sa.Index(
            "assignment_one_partner",
            "project_id",
            "reviewer_id",
            unique=True,
            sqlite_where=sa.text("state = 'paired'"),
            postgresql_where=sa.text("state = 'paired'"),
        ),
        sa.Index(
            "assignment_lapsing",
            "leased_until",
            sqlite_where=sa.text("state = 'leased'"),
            postgresql_where=sa.text("state = 'leased'"),
        ),
        sa.Index(
            "assignment_expired",
            "project_id",
            "reviewer_id",
            sqlite_where=sa.text("state = 'expired'"),
            postgresql_where=sa.text("state = 'expired'"),
        ),
        sa.Index("assignment_of_reviewer", "project_id", "reviewer_id", "submitted_at"),
        sa.Index(
            "assignment_taken",
            "reviewer_id",
            "claimed_at",
            "public_id",
            sqlite_where=sa.text("claimed_at IS NOT NULL"),
            postgresql_where=sa.text("claimed_at IS NOT NULL"),
        ),
        sa.CheckConstraint(
            "CASE WHEN state IN ('leased', 'paired', 'submitted') THEN slot IS NOT NULL"
            " WHEN state = 'imported' THEN TRUE ELSE slot IS NULL END",
            name="slot_by_state",
        ),
        sa.CheckConstraint(
            "(state = 'leased') = (leased_until IS NOT NULL)",
            name="leased_until_while_leased",
        ),
    )

    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"), primary_key=True)
    task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    reviewer_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    slot: Mapped[int | None]
    state: Mapped[AssignmentState] = mapped_column(enum_type(AssignmentState, "state"))
    leased_until: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(sa.String(32))
    """Random token of the present or last lease."""
    claimed_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    """When the current revision was stored."""
    revision: Mapped[int] = mapped_column(default=0)
    """Of the current review; 0 before the first."""
    active_seconds: Mapped[float] = mapped_column(default=0.0)
    """Time at work so far, as the server saw it by heartbeats and drafts, pauses cut."""
    seen_at: Mapped[datetime | None]
    """When the server last heard from the review page."""
    skip_reason: Mapped[SkipReason | None] = mapped_column(enum_type(SkipReason, "skip_reason"))
    skip_note: Mapped[str | None] = mapped_column(sa.Text)
    others_shown_at: Mapped[datetime | None]
    """When the reviewer was first shown anything about others' work on this task."""


def same_item(one: type[Task], other: type[Task]) -> sa.ColumnElement[bool]:
    """Whether two tasks of one project ask for the same item."""
    return sa.and_(one.project_id == other.project_id, one.dataset_id == other.dataset_id, one.item_id == other.item_id)


def is_in(state: AssignmentState) -> sa.ColumnElement[bool]:
    """Of an `Assignment` in the statement: its state, written out, so that the indexes of that state serve it.

    A database takes an index over some rows only where it reads their condition in the statement; a parameter hides it.
    """
    return Assignment.state == sa.literal(state, Assignment.state.type, literal_execute=True)
