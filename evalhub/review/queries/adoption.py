"""What taking up another rubric version would mean, and the versions that were taken up before."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.db import canonical_json
from evalhub.errors import NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.schema import Candidate
from evalhub.review.models import (
    COUNTED_PURPOSES,
    IN_WORK,
    Adoption,
    Assignment,
    AssignmentState,
    Purpose,
    Task,
)
from evalhub.review.queries.more import median_pace
from evalhub.review.schema import Changed
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Rubric
from evalhub.rubrics.schema.diff import RubricDiff, diff

UNTOUCHED = (AssignmentState.EXCLUDED, AssignmentState.SKIPPED)
"""States in which nobody's answer stands on a task, and nobody is at work on it."""
Question = tuple[str, str]
"""Key and fingerprint of a criterion: where both are the same, the same is asked."""


class Unanswered(NamedTuple):
    """A begun item that some criteria of a version were never asked of; `keys` in the rubric's order.

    `need` is how many reviewers its live task has by plan, `skills` canonical JSON.
    """

    candidate: Candidate
    keys: tuple[str, ...]
    need: int
    skills: str


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


def is_begun() -> sa.ColumnElement[bool]:
    """Of a `Task` in the statement: somebody holds, wrote on or answered it, or the other task of its pair."""

    def taken(task_id: Any) -> sa.ColumnElement[bool]:
        return (
            sa.exists()
            .where(
                Assignment.project_id == Task.project_id,
                Assignment.task_id == task_id,
                Assignment.state.not_in(UNTOUCHED),
            )
            .correlate(Task)
        )

    return sa.or_(taken(Task.id), taken(Task.partner_id))


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


def unanswered(
    session: Session, project_id: int, version: RubricVersion, *, besides: int | None = None
) -> Iterator[Unanswered]:
    """The begun items that are not withdrawn or held and that the version asks something of that was never asked.

    Args:
        besides: id of a batch whose tasks are looked past, so that an adoption that goes on draws as it did before.
    """
    rubric = rubric_of(version)
    asked = _Asked(session)
    for _, rows in groupby(_tasks_by_item(session, project_id, besides), key=lambda row: row.item_id):
        tasks = list(rows)
        live = next((task for task in tasks if task.purpose is Purpose.LIVE), None)
        if live is None or live.held or not live.is_begun:
            continue
        covered = {question for task in tasks if not task.held for question in asked.of(task.version_id, task.criteria)}
        missing = tuple(
            criterion.key
            for criterion in rubric.applicable(live.tags)
            if (criterion.key, criterion.fingerprint) not in covered
        )
        if missing:
            candidate = Candidate(live.item_id, live.external_id, live.group_key, live.model or "")
            yield Unanswered(candidate, missing, live.need, canonical_json(sorted(live.skills)))


class _Asked:
    """What tasks of a version ask, each kind worked out once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[tuple[int, tuple[str, ...] | None], frozenset[Question]] = {}

    def of(self, version_id: int, criteria: Collection[str] | None) -> frozenset[Question]:
        kind = (version_id, None if criteria is None else tuple(criteria))
        if kind not in self._known:
            rubric = rubric_of(self._session.get_one(RubricVersion, version_id))
            self._known[kind] = questions(rubric.only(criteria))
        return self._known[kind]


def questions(rubric: Rubric) -> frozenset[Question]:
    return frozenset((criterion.key, criterion.fingerprint) for criterion in rubric.criteria)


def _tasks_by_item(session: Session, project_id: int, besides: int | None) -> sa.Result[*tuple[Any, ...]]:
    statement = (
        sa.select(
            Task.item_id,
            Task.purpose,
            Task.rubric_version_id.label("version_id"),
            Task.criteria,
            Task.need,
            Task.held,
            is_begun().label("is_begun"),
            Item.external_id,
            Item.group_key,
            Item.model,
            Item.tags,
            Item.skills,
        )
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Task.project_id == project_id, Task.purpose.in_(COUNTED_PURPOSES), Item.withdrawn_at.is_(None))
        .order_by(Task.item_id, Task.id)
        .execution_options(yield_per=1000)
    )
    return session.execute(statement if besides is None else statement.where(Task.batch_id != besides))


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
