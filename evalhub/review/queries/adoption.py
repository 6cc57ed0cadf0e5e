"""What taking up another rubric version would mean, and the versions that were taken up before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account
from evalhub.errors import NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.review.models import (
    IN_WORK,
    Adoption,
    Assignment,
    Purpose,
    Task,
)
from evalhub.review.queries.more import median_pace
from evalhub.review.queries.unanswered import Unanswered, is_begun, unanswered
from evalhub.review.schema import Changed
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.diff import RubricDiff, diff


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What taking up a version will do, said beforehand.

    `untouched` items move to it, `begun` ones stay on the version that they were begun on; `regrades` are those of
    them that have no answer to what it asks. `share` is the part of the version's criteria that a regrade asks, on
    average.
    """

    from_version: int
    to_version: int
    difference: RubricDiff
    untouched: int
    begun: int
    complete: int
    leases: int
    certificates: int
    regrades: Sequence[Unanswered]
    share: float
    median_seconds: float | None

    @property
    def reviews_each(self) -> float:
        """Reviewers of a regraded item, on average."""
        return sum(one.need for one in self.regrades) / len(self.regrades) if self.regrades else 0.0

    def items(self, changed: Changed, n: int | None = None) -> int:
        """How many items get a regrade task."""
        if changed is Changed.KEEP:
            return 0
        return min(n or 0, len(self.regrades)) if changed is Changed.SAMPLE else len(self.regrades)

    def hours(self, n_items: int) -> float | None:
        """What regrading so many items takes at the median pace; None before the first review."""
        if self.median_seconds is None:
            return None
        return n_items * self.reviews_each * self.share * self.median_seconds / 3600

    def said(self, changed: Changed, n: int | None) -> dict[str, Any]:
        """The plan under one choice, as programs read it."""
        n_items = self.items(changed, n)
        return {
            "from_version": self.from_version,
            "to_version": self.to_version,
            "carried_over": list(self.difference.carried_over),
            "changed": list(self.difference.changed),
            "added": list(self.difference.added),
            "removed": list(self.difference.removed),
            "untouched": self.untouched,
            "begun": self.begun,
            "complete": self.complete,
            "leases": self.leases,
            "certificates": self.certificates,
            "without_answer": len(self.regrades),
            "regrades": n_items,
            "hours": self.hours(n_items),
        }


class AdoptionLine(NamedTuple):
    """One version that was taken up; `by` is None for the command line."""

    adoption: Adoption
    from_version: int
    to_version: int
    by: str | None
    n_regrades: int

    @property
    def at(self) -> datetime:
        return self.adoption.at


def version_to_adopt(session: Session, project: Project, number: int) -> RubricVersion:
    """That version of the project's own rubric.

    Raises:
        NotFound: the rubric has no such version.
    """
    own = sa.select(RubricVersion.rubric_id).where(RubricVersion.id == project.rubric_version_id).scalar_subquery()
    found = session.scalar(
        sa.select(RubricVersion).where(RubricVersion.rubric_id == own, RubricVersion.number == number)
    )
    if found is None:
        raise NotFound(f"The project's rubric has no version {number}.")
    return found


def other_versions(session: Session, project: Project) -> list[int]:
    """Numbers of the versions of the project's rubric that it does not use, the newest first."""
    own = sa.select(RubricVersion.rubric_id).where(RubricVersion.id == project.rubric_version_id).scalar_subquery()
    return list(
        session.scalars(
            sa.select(RubricVersion.number)
            .where(RubricVersion.rubric_id == own, RubricVersion.id != project.rubric_version_id)
            .order_by(RubricVersion.number.desc())
        )
    )


def adoption_plan(session: Session, project: Project, number: int) -> AdoptionPlan:
    """What taking up that version will do; nothing is written.

    Raises:
        NotFound: the rubric has no such version.
    """
    version = version_to_adopt(session, project, number)
    current = session.get_one(RubricVersion, project.rubric_version_id)
    regrades = list(unanswered(session, project.id, version))
    n_asked = len(rubric_of(version).criteria)
    untouched, begun, complete = _progress(session, project.id)
    return AdoptionPlan(
        from_version=current.number,
        to_version=version.number,
        difference=diff(rubric_of(current), rubric_of(version)),
        untouched=untouched,
        begun=begun,
        complete=complete,
        leases=_leases(session, project.id),
        certificates=_certificates(session, project, version),
        regrades=regrades,
        share=sum(len(one.keys) for one in regrades) / (len(regrades) * n_asked) if regrades else 0.0,
        median_seconds=median_pace(session, project.id),
    )


def _progress(session: Session, project_id: int) -> tuple[int, int, int]:
    """Live tasks that nobody touched, those begun, and those of them with a review in every slot."""
    in_work = sa.exists().where(
        Assignment.project_id == Task.project_id, Assignment.task_id == Task.id, Assignment.state.in_(IN_WORK)
    )
    tasks = (
        sa.select(is_begun().label("begun"), sa.and_(Task.free_slots == 0, ~in_work).label("complete"))
        .where(Task.project_id == project_id, Task.purpose == Purpose.LIVE)
        .subquery()
    )
    n, begun, complete = session.execute(
        sa.select(
            sa.func.count(),
            sa.func.sum(sa.case((tasks.c.begun, 1), else_=0)),
            sa.func.sum(sa.case((tasks.c.complete, 1), else_=0)),
        ).select_from(tasks)
    ).one()
    return n - (begun or 0), begun or 0, complete or 0


def _leases(session: Session, project_id: int) -> int:
    held = sa.select(sa.func.count()).where(Assignment.project_id == project_id, Assignment.state.in_(IN_WORK))
    return session.scalar(held) or 0


def _certificates(session: Session, project: Project, version: RubricVersion) -> int:
    """How many members are certified for a version other than this one."""
    certified = sa.select(sa.func.count()).where(
        Member.project_id == project.id,
        Member.state == MemberState.ACTIVE,
        Member.certified_for_id.is_not(None),
        Member.certified_for_id != version.id,
    )
    return session.scalar(certified) or 0


def adoptions_of(session: Session, project_id: int) -> list[AdoptionLine]:
    """The versions that a project took up after its first, the last one first."""
    before, after = aliased(RubricVersion), aliased(RubricVersion)
    n_regrades = (
        sa.select(sa.func.count())
        .where(Task.project_id == Adoption.project_id, Task.batch_id == Adoption.batch_id)
        .correlate(Adoption)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Adoption, before.number, after.number, Account.display_name, n_regrades)
        .join(before, before.id == Adoption.from_version_id)
        .join(after, after.id == Adoption.to_version_id)
        .outerjoin(Account, Account.id == Adoption.by_id)
        .where(Adoption.project_id == project_id)
        .order_by(Adoption.id.desc())
    )
    return [AdoptionLine(*row) for row in rows]


def stopped_adoptions(session: Session, project_id: int, since: datetime) -> list[Adoption]:
    """Those that were begun before this moment and are not finished: the sweep should have gone on with them."""
    is_stopped = (Adoption.project_id == project_id, Adoption.completed_at.is_(None), Adoption.at < since)
    return list(session.scalars(sa.select(Adoption).where(*is_stopped)))
