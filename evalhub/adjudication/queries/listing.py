"""The queue of cases, as far as an account may see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import Case, CaseCriterion, CaseState, Correction, CorrectionState
from evalhub.adjudication.queries.cases import is_blind
from evalhub.adjudication.schema import REASONS, case_alias
from evalhub.calibration.queries import GivenAnswer, answers_of_tasks, meanings
from evalhub.review.models import Task
from evalhub.review.queries.one_more import waits_for_one_more
from evalhub.rubrics.models import Criterion as CriterionRow
from evalhub.rubrics.schema.models import Criterion

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Spread:
    """A disputed criterion of a case and where its answers lie.

    `levels` pairs each level's label, from the worst, with its answers; empty on a range, whose `values` are sorted.
    """

    criterion: Criterion
    reasons: Sequence[str]
    levels: Sequence[tuple[str, int]]
    values: Sequence[float]
    n_not_applicable: int


@dataclass(frozen=True, slots=True)
class CaseLine:
    public_id: str
    alias: str
    state: CaseState
    spreads: Sequence[Spread]
    n_reviewers: int
    opened_at: datetime
    triage: float
    revision: int
    taken_by_id: int | None
    taken_by: str | None
    n_corrections: int
    """Corrections that wait for an answer."""
    waits_for_one_more: bool


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of the queue; `n_own` cases are left out because the account graded their items."""

    lines: Sequence[CaseLine]
    page: int
    pages: int
    total: int
    n_own: int


def case_page(
    session: Session,
    project_id: int,
    account_id: int,
    *,
    state: CaseState | None = CaseState.OPEN,
    criterion: str | None = None,
    page: int = 1,
) -> CasePage:
    """Cases in triage order, the oldest of equal ones first.

    Cases are left out of tasks that the account graded, holds or may still claim: a line tells of others' work.

    Args:
        state: None for all.
        criterion: the key of a criterion that is disputed.
    """
    found = (
        sa.select(Case)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .where(Case.project_id == project_id)
    )
    if state is not None:
        found = found.where(Case.state == state)
    if criterion is not None:
        found = found.where(_disputes(criterion))
    seen = found.where(~is_blind(account_id))
    everything, total = _count(session, found.where(~Task.is_open)), _count(session, seen)
    pages = max(1, -(-total // PER_PAGE))
    page = min(max(page, 1), pages)
    cases = session.scalars(
        seen.order_by(Case.triage.desc(), Case.opened_at, Case.task_id).limit(PER_PAGE).offset((page - 1) * PER_PAGE)
    ).all()
    return CasePage(_lines(session, project_id, cases), page, pages, total, max(0, everything - total))


def disputed_keys(session: Session, project_id: int) -> list[tuple[str, str]]:
    """Key and title of every criterion that is in a case of the project: what the queue can be filtered by."""
    rows = session.execute(
        sa.select(CriterionRow.key, sa.func.min(CriterionRow.title), sa.func.min(CriterionRow.position))
        .join(CaseCriterion, CaseCriterion.criterion_id == CriterionRow.id)
        .where(CaseCriterion.project_id == project_id)
        .group_by(CriterionRow.key)
        .order_by(sa.func.min(CriterionRow.position), CriterionRow.key)
    )
    return [(row[0], row[1]) for row in rows]


def _disputes(key: str) -> sa.ColumnElement[bool]:
    return (
        sa.select(CaseCriterion.task_id)
        .join(CriterionRow, CriterionRow.id == CaseCriterion.criterion_id)
        .where(
            CaseCriterion.project_id == Case.project_id,
            CaseCriterion.task_id == Case.task_id,
            CriterionRow.key == key,
        )
        .exists()
    )


def _count(session: Session, found: sa.Select[Case]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(found.subquery())) or 0


def _lines(session: Session, project_id: int, cases: Sequence[Case]) -> list[CaseLine]:
    task_ids = [case.task_id for case in cases]
    versions = session.scalars(
        sa.select(Task.rubric_version_id).where(Task.project_id == project_id, Task.id.in_(task_ids)).distinct()
    ).all()
    criteria = meanings(session, versions)
    flags = {
        (row.task_id, row.criterion_id): row.flags
        for row in session.scalars(
            sa.select(CaseCriterion).where(CaseCriterion.project_id == project_id, CaseCriterion.task_id.in_(task_ids))
        )
    }
    given: dict[int, list[GivenAnswer]] = {}
    for answer in answers_of_tasks(session, project_id, task_ids):
        given.setdefault(answer.task_id, []).append(answer)
    takers = {case.taken_by_id for case in cases if case.taken_by_id is not None}
    names: dict[int, str] = {
        row.id: row.display_name
        for row in session.execute(sa.select(Account.id, Account.display_name).where(Account.id.in_(takers)))
    }
    corrections = _corrections(session, project_id, task_ids)
    of_these = sa.select(Task.id).where(Task.project_id == project_id, Task.id.in_(task_ids))
    waiting = set(session.scalars(of_these.where(waits_for_one_more())))
    return [
        CaseLine(
            public_id=case.public_id,
            alias=case_alias(case.public_id),
            state=case.state,
            spreads=[
                _spread(criterion, flags[case.task_id, criterion_id], criterion_id, given.get(case.task_id, []))
                for criterion_id, criterion in criteria.items()
                if (case.task_id, criterion_id) in flags
            ],
            n_reviewers=len({answer.reviewer_id for answer in given.get(case.task_id, [])}),
            opened_at=case.opened_at,
            triage=case.triage,
            revision=case.revision,
            taken_by_id=case.taken_by_id,
            taken_by=names.get(case.taken_by_id) if case.taken_by_id else None,
            n_corrections=corrections[case.task_id],
            waits_for_one_more=case.task_id in waiting,
        )
        for case in cases
    ]


def _corrections(session: Session, project_id: int, task_ids: Sequence[int]) -> Counter[int]:
    return Counter(
        session.scalars(
            sa.select(Correction.task_id).where(
                Correction.project_id == project_id,
                Correction.task_id.in_(task_ids),
                Correction.state == CorrectionState.OPEN,
            )
        )
    )


def _spread(criterion: Criterion, flags: Sequence[str], criterion_id: int, given: Sequence[GivenAnswer]) -> Spread:
    answers = [one.answer for one in given if one.criterion_id == criterion_id]
    ranks = Counter(answer.rank for answer in answers)
    return Spread(
        criterion=criterion,
        reasons=[REASONS[flag] for flag in flags],
        levels=[(level.label, ranks[level.rank]) for level in criterion.levels],
        values=sorted(answer.value for answer in answers if answer.value is not None),
        n_not_applicable=sum(answer.is_not_applicable for answer in answers),
    )
