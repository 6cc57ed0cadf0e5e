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
from evalhub.adjudication.queries.filtered import WAITING, CaseFilter, Waits
from evalhub.adjudication.schema import REASONS, case_alias
from evalhub.calibration.queries import GivenAnswer, answers_of_tasks, meanings
from evalhub.datasets.models import Item
from evalhub.review.models import Task
from evalhub.rubrics.schema.models import Criterion
from evalhub.web.paging import keyset

PER_PAGE = 25
COUNTED = 1000
IN_TRIAGE_ORDER = ((Case.triage, True), (Case.opened_at, False), (Case.task_id, False))
"""Columns, each with whether it descends: the most urgent first, the oldest of equal ones first."""


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
    """`waits` says what the case waits for, beside its state."""

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
    waits: frozenset[Waits]


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of the queue, with the cursors of its neighbours.

    `total` counts up to `COUNTED`; `n_own` cases are left out because the account graded their items.
    """

    lines: Sequence[CaseLine]
    next_cursor: str | None
    previous_cursor: str | None
    total: int
    n_own: int


def case_page(
    session: Session, project_id: int, account_id: int, wanted: CaseFilter, *, after: str | None = None
) -> CasePage:
    """Cases in triage order, the oldest of equal ones first.

    Cases are left out of tasks that the account graded, holds or may still claim: a line tells of others' work.
    """
    found = (
        sa.select(Case)
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(Case.project_id == project_id, *wanted.conditions(account_id))
    )
    seen = found.where(~is_blind(account_id))
    page = keyset(session, seen, IN_TRIAGE_ORDER, after=after, size=PER_PAGE)
    own = found.where(~Task.is_open, is_blind(account_id))
    return CasePage(
        lines=_lines(session, project_id, [case for (case,) in page.rows]),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        total=_count(session, seen),
        n_own=_count(session, own),
    )


def _count(session: Session, found: sa.Select[Case]) -> int:
    """At most `COUNTED`: whoever has more to do needs no exact figure."""
    keys = found.with_only_columns(Case.task_id).limit(COUNTED).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(keys)) or 0


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
    waits = _waits(session, project_id, task_ids)
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
            waits=waits.get(case.task_id, frozenset()),
        )
        for case in cases
    ]


def _waits(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[int, frozenset[Waits]]:
    """What each case waits for: one statement for them all."""
    rows = session.execute(
        sa.select(Case.task_id, *(condition.label(waits.value) for waits, condition in WAITING.items()))
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .where(Case.project_id == project_id, Case.task_id.in_(task_ids))
    )
    return {row.task_id: frozenset(waits for waits in WAITING if getattr(row, waits.value)) for row in rows}


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
