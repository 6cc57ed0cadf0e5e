"""The reviews that a void would reach, and what it would do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.errors import BadInput, Fault
from evalhub.projects.models import Member
from evalhub.projects.queries import shown_name
from evalhub.review.models import COUNTED_PURPOSES, LIKE_LIVE, Assignment, AssignmentState, Purpose, Rating, Task
from evalhub.review.queries.one_more import may_be_claimed
from evalhub.rubrics.models import Criterion

VOIDABLE = (AssignmentState.SUBMITTED, AssignmentState.EXTRA, AssignmentState.IMPORTED)


@dataclass(frozen=True, slots=True)
class Span:
    """What somebody submitted in a project from `since` on, before `until`; of one assignment where that is named."""

    project_id: int
    reviewer_id: int
    until: datetime
    since: datetime | None = None
    assignment: str | None = None


@dataclass(frozen=True, slots=True)
class VoidPlan:
    """What a void does; nothing of it says what was answered."""

    reviews: int
    """Of live work; `extra` of them stand outside overlap and figures already."""
    extra: int
    gold: int
    """Of items with known levels among the live work, which then tell nothing of the reviewer."""
    to_queue: int
    """Items that wait for another reviewer afterwards."""
    nobody_left: int
    """Those of them that nobody who is a reviewer now could be given."""
    decided: int
    """Items that an adjudicator settled: the decision stands."""
    elsewhere: int
    """Reviews of training and calibration rounds in the same span, which stay."""
    criteria: tuple[str, ...]
    """Titles of the criteria whose figures change."""

    @property
    def total(self) -> int:
        return self.reviews + self.gold


def is_voidable(span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    """Of an `Assignment` and its `Task` in the statement: a void of the span reaches the review."""
    return (*_within(span), Task.purpose.in_(LIKE_LIVE))


def _within(span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    found = [
        Assignment.project_id == span.project_id,
        Task.project_id == span.project_id,
        Assignment.reviewer_id == span.reviewer_id,
        Assignment.state.in_(VOIDABLE),
        Assignment.submitted_at < span.until,
    ]
    if span.since is not None:
        found.append(Assignment.submitted_at >= span.since)
    if span.assignment is not None:
        found.append(Assignment.public_id == span.assignment)
    return tuple(found)


def void_plan(session: Session, span: Span) -> VoidPlan:
    """What voiding the span would do now; three statements."""
    other_extra = sa.orm.aliased(Assignment)
    takes_the_slot = sa.exists().where(
        other_extra.project_id == Task.project_id,
        other_extra.task_id == Task.id,
        other_extra.reviewer_id != span.reviewer_id,
        other_extra.state == AssignmentState.EXTRA,
    )
    is_live = Task.purpose.in_(COUNTED_PURPOSES)
    returns = sa.and_(is_live, Assignment.slot.is_not(None), ~Task.held, ~takes_the_slot)
    counted = (
        is_live,
        sa.and_(is_live, Assignment.state == AssignmentState.EXTRA),
        Task.purpose == Purpose.GOLD,
        returns,
        sa.and_(returns, ~may_be_claimed()),
        sa.and_(is_live, Task.settled_at.is_not(None)),
        Task.purpose.not_in(LIKE_LIVE),
    )
    row = session.execute(
        sa.select(*(sa.func.coalesce(sa.func.sum(sa.case((one, 1), else_=0)), 0) for one in counted))
        .select_from(Assignment)
        .join(Task, Task.id == Assignment.task_id)
        .where(*_within(span))
    ).one()
    reviews, extra, gold, to_queue, nobody_left, decided, elsewhere = (int(n) for n in row)
    return VoidPlan(
        reviews=reviews,
        extra=extra,
        gold=gold,
        to_queue=to_queue,
        nobody_left=nobody_left,
        decided=decided,
        elsewhere=elsewhere,
        criteria=_criteria(session, span),
    )


def _criteria(session: Session, span: Span) -> tuple[str, ...]:
    """Titles of the criteria on which ratings leave the figures, in the rubric's order."""
    rated = (
        sa.select(Rating.criterion_id)
        .join(
            Assignment,
            sa.and_(
                Assignment.project_id == Rating.project_id,
                Assignment.task_id == Rating.task_id,
                Assignment.reviewer_id == Rating.reviewer_id,
            ),
        )
        .join(Task, Task.id == Assignment.task_id)
        .where(*_within(span), Task.purpose.in_(COUNTED_PURPOSES), Rating.planned)
    )
    found = sa.select(Criterion.title, sa.func.min(Criterion.position)).where(Criterion.id.in_(rated))
    rows = session.execute(found.group_by(Criterion.title).order_by(sa.func.min(Criterion.position), Criterion.title))
    return tuple(title for title, _ in rows)


def reviewers_to_void(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Name to ask by and name to show of everybody who has reviewed in the project, by name."""
    has_reviewed = sa.exists().where(
        Assignment.project_id == project_id,
        Assignment.reviewer_id == Account.id,
        Assignment.state.in_((*VOIDABLE, AssignmentState.VOIDED)),
    )
    rows = session.execute(
        sa.select(Account, Member)
        .join(Member, sa.and_(Member.account_id == Account.id, Member.project_id == project_id))
        .where(has_reviewed)
    )
    people = [
        (_asked_by(account, member), shown_name(account.display_name, member, account.kind)) for account, member in rows
    ]
    return sorted(people, key=lambda person: (person[1].lower(), person[0]))


def reviewer_named(session: Session, project_id: int, name: str) -> Account:
    """The account by its sign-in name, or of imported ratings by the name in their file; also of who has left.

    Raises:
        BadInput: nobody in the project is called so.
    """
    account = session.scalar(
        sa.select(Account)
        .join(Member, sa.and_(Member.account_id == Account.id, Member.project_id == project_id))
        .where(sa.or_(Account.login == name.strip().lower(), Member.source_name == name.strip()))
        .order_by(sa.case((Account.kind == AccountKind.HUMAN, 0), else_=1))
        .limit(1)
    )
    if account is None:
        raise BadInput(
            "There is no such reviewer.",
            faults=[Fault("schema", f'nobody in the project is called "{name}"', "reviewer")],
        )
    return account


def _asked_by(account: Account, member: Member) -> str:
    return account.login or member.source_name or ""
