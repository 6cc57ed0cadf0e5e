"""Which of two answers a reviewer prefers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId
from evalhub.review.schema import choice_of
from evalhub.rubrics.schema.review import PreferenceChoice


class Preference(Base):
    """What one reviewer said about the two tasks of a pair; every revision is kept, the last stands.

    `first_task_id` is the smaller of the two, which says nothing about how they were shown.
    """

    __tablename__ = "preference"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["project_id", "first_task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_preference_first",
        ),
        sa.ForeignKeyConstraint(
            ["project_id", "second_task_id", "reviewer_id"],
            ["assignment.project_id", "assignment.task_id", "assignment.reviewer_id"],
            name="fk_preference_second",
        ),
        sa.CheckConstraint("first_task_id < second_task_id", name="two_tasks_in_order"),
        sa.CheckConstraint("left_task_id IN (first_task_id, second_task_id)", name="left_is_one_of_them"),
        sa.CheckConstraint("preferred_task_id IN (first_task_id, second_task_id)", name="preferred_is_one_of_them"),
        sa.CheckConstraint("strength BETWEEN 0 AND 2", name="strength"),
        sa.CheckConstraint("(preferred_task_id IS NULL) = (strength = 0)", name="strength_of_the_preferred"),
        sa.CheckConstraint("revision >= 1", name="revision_from_1"),
    )

    project_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    first_task_id: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True)
    second_task_id: Mapped[int] = mapped_column(sa.BigInteger)
    reviewer_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    left_task_id: Mapped[int] = mapped_column(sa.BigInteger)
    """The one that was shown on the left."""
    preferred_task_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    """None where both are about the same."""
    strength: Mapped[int] = mapped_column(sa.SmallInteger)
    """0: about the same, 1: better, 2: much better."""
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    submitted_at: Mapped[datetime]

    @property
    def choice(self) -> PreferenceChoice:
        """The same by the side on which the answers stood."""
        return choice_of(-self.strength if self.preferred_task_id == self.left_task_id else self.strength)
