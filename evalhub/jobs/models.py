"""Background work: what is to be done, how far it is, and what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evalhub.db import Base, BigId, CanonicalJson, enum_type, new_public_id


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (JobState.QUEUED, JobState.RUNNING)
_IS_UNFINISHED = sa.text("state IN ('queued', 'running')")


class Job(Base):
    """One piece of background work. This row is the truth about it; the queue beside it only wakes a worker."""

    __tablename__ = "job"
    __table_args__ = (
        sa.Index("uq_job_unfinished", "key", unique=True, sqlite_where=_IS_UNFINISHED, postgresql_where=_IS_UNFINISHED),
        sa.Index("ix_job_latest", "project_id", "kind", "id"),
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR done <= total)", name="done_of_total"),
        sa.CheckConstraint("attempts >= 0", name="attempts"),
        sa.CheckConstraint("(state = 'running') = (lease IS NOT NULL)", name="running_is_leased"),
        sa.CheckConstraint(
            "lease IS NULL OR (started_at IS NOT NULL AND heard_at IS NOT NULL)", name="leased_is_heard"
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="finished_has_a_time"
        ),
        sa.CheckConstraint("(state = 'failed') = (message IS NOT NULL)", name="failed_says_why"),
        sa.CheckConstraint("state = 'done' OR result IS NULL", name="only_done_has_a_result"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(32), unique=True, default=new_public_id)
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))
    kind: Mapped[str] = mapped_column(sa.String(64))
    """The name under which `wiring.JOBS` holds its function, in plain words with hyphens."""
    key: Mapped[str] = mapped_column(sa.String(64))
    """Equal for the same work: of equal keys one at most is unfinished."""
    arguments: Mapped[dict[str, Any]] = mapped_column(CanonicalJson)
    state: Mapped[JobState] = mapped_column(enum_type(JobState, "state"), default=JobState.QUEUED)
    done: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    total: Mapped[int | None] = mapped_column(sa.BigInteger)
    """None while nobody knows how much there is to do."""
    stage: Mapped[str] = mapped_column(sa.Text, default="")
    """What is being done, in words."""
    message: Mapped[str | None] = mapped_column(sa.Text)
    """Why it failed, in plain words."""
    result: Mapped[dict[str, Any] | None] = mapped_column(CanonicalJson)
    """Small; its `path`, if there is one, is the page that shows what was made."""
    lease: Mapped[str | None] = mapped_column(sa.String(32))
    """Names the run that may write here; any other has lost the job."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Runs begun, without those that gave the job back."""
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    started_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    """When the run last gave a sign of life."""
    finished_at: Mapped[datetime | None]

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def title(self) -> str:
        return self.kind.replace("-", " ").capitalize()

    @property
    def words(self) -> str:
        """How far it is, as people read it."""
        if self.state is JobState.QUEUED:
            return "Waits for a worker"
        if self.state is not JobState.RUNNING:
            return self.state.value.capitalize()
        stage = self.stage or "At work"
        return stage if self.total is None else f"{stage}: {self.done:,} of {self.total:,}"
