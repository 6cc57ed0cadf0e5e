"""The calibration rounds of a project, and how far they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from evalhub.accounts.models import Account, AccountKind
from evalhub.calibration.models import CalibrationRound, RoundItem
from evalhub.errors import NotFound
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.queries import MemberLine, members_of, shown_name
from evalhub.review.models import Assignment, AssignmentState, Queue, Task
from evalhub.rubrics.models import RubricVersion


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round as lists show it; `done` of `needed` reviews are in."""

    round: CalibrationRound
    rubric_version: int
    follows: CalibrationRound | None
    n_items: int
    n_discussed: int
    n_reviewers: int
    done: int

    @property
    def needed(self) -> int:
        return self.n_items * self.n_reviewers

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "id": self.round.public_id,
            "number": self.round.number,
            "name": self.round.name,
            "state": self.round.state.value,
            "rubric_version": self.rubric_version,
            "follows": self.follows.number if self.follows else None,
            "chosen": self.round.chosen,
            "seed": self.round.seed,
            "items": self.n_items,
            "discussed": self.n_discussed,
            "reviews_done": self.done,
            "reviews_needed": self.needed,
            "created_at": self.round.created_at.isoformat(),
            "closed_at": self.round.closed_at.isoformat() if self.round.closed_at else None,
        }


@dataclass(frozen=True, slots=True)
class PanelMember:
    """Somebody who grades a round; `skipped` items they will not grade, `has_left` they cannot."""

    name: str
    done: int
    skipped: int
    has_left: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"name": self.name, "done": self.done, "skipped": self.skipped, "has_left": self.has_left}


def rounds_of(session: Session, project_id: int) -> list[RoundLine]:
    """The rounds of a project, the last one first."""
    return [_line(row) for row in session.execute(_rounds(project_id))]


def round_line(session: Session, round_: CalibrationRound) -> RoundLine:
    return _line(session.execute(_rounds(round_.project_id).where(CalibrationRound.id == round_.id)).one())


def round_of(session: Session, project_id: int, reference: str) -> CalibrationRound:
    """The round of that public id, or of that number.

    Raises:
        NotFound: the project has none.
    """
    is_number = reference.isascii() and reference.isdigit() and len(reference) < 10
    this = CalibrationRound.number == int(reference) if is_number else CalibrationRound.public_id == reference
    found = session.scalar(sa.select(CalibrationRound).where(CalibrationRound.project_id == project_id, this))
    if found is None:
        raise NotFound(f'The project has no calibration round "{reference[:40]}".')
    return found


def _rounds(project_id: int) -> sa.Select[*tuple[Any, ...]]:
    before = aliased(CalibrationRound)
    items = sa.select(sa.func.count()).where(RoundItem.round_id == CalibrationRound.id)
    done = (
        sa.select(sa.func.count())
        .select_from(Assignment)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .where(
            Task.project_id == CalibrationRound.project_id,
            Task.batch_id == CalibrationRound.batch_id,
            Assignment.state == AssignmentState.SUBMITTED,
        )
    )
    return (
        sa.select(
            CalibrationRound,
            RubricVersion.number,
            before,
            items.scalar_subquery(),
            items.where(RoundItem.discussed).scalar_subquery(),
            Queue.panel,
            done.scalar_subquery(),
        )
        .join(RubricVersion, RubricVersion.id == CalibrationRound.rubric_version_id)
        .join(Queue, Queue.batch_id == CalibrationRound.batch_id)
        .outerjoin(before, before.id == CalibrationRound.follows_id)
        .where(CalibrationRound.project_id == project_id)
        .order_by(CalibrationRound.number.desc())
    )


def _line(row: sa.Row[*tuple[Any, ...]]) -> RoundLine:
    round_, version, follows, n_items, n_discussed, panel, done = row
    return RoundLine(round_, version, follows, n_items, n_discussed, len(panel), done)


def panel_ids(session: Session, round_: CalibrationRound) -> list[int]:
    """The accounts that grade the round."""
    return session.scalars(sa.select(Queue.panel).where(Queue.batch_id == round_.batch_id)).one() or []


def panel_of(session: Session, round_: CalibrationRound) -> list[PanelMember]:
    """Who grades the round and how far they are, by name."""

    def how_many(state: AssignmentState) -> sa.ColumnElement[int]:
        return sa.func.sum(sa.case((Assignment.state == state, 1), else_=0))

    tasks = sa.select(Task.id).where(Task.project_id == round_.project_id, Task.batch_id == round_.batch_id)
    rows = session.execute(
        sa.select(Account, Member, how_many(AssignmentState.SUBMITTED), how_many(AssignmentState.SKIPPED))
        .join(Member, sa.and_(Member.account_id == Account.id, Member.project_id == round_.project_id))
        .outerjoin(
            Assignment,
            sa.and_(
                Assignment.project_id == round_.project_id,
                Assignment.reviewer_id == Account.id,
                Assignment.task_id.in_(tasks),
            ),
        )
        .where(Account.id.in_(panel_ids(session, round_)))
        .group_by(*Account.__table__.c, *Member.__table__.c)
    )
    found = [
        PanelMember(
            name=shown_name(account.display_name, member, account.kind),
            done=int(done or 0),
            skipped=int(skipped or 0),
            has_left=member.state is not MemberState.ACTIVE or not member.is_reviewer,
        )
        for account, member, done, skipped in rows
    ]
    return sorted(found, key=lambda member: member.name)


def human_reviewers(session: Session, project_id: int) -> list[MemberLine]:
    """The active reviewers who could grade a round."""
    return [
        line
        for line in members_of(session, project_id)
        if line.member.is_reviewer and line.account.kind is AccountKind.HUMAN
    ]


def version_numbers(session: Session, project: Project) -> list[int]:
    """The versions of the project's rubric, its own first, then the newest."""
    own = sa.select(RubricVersion.rubric_id).where(RubricVersion.id == project.rubric_version_id).scalar_subquery()
    statement = sa.select(RubricVersion.number).where(RubricVersion.rubric_id == own)
    is_own = RubricVersion.id == project.rubric_version_id
    return list(session.scalars(statement.order_by(is_own.desc(), RubricVersion.number.desc())))
