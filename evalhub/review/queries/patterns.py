"""The pattern counts as they stand, folded or not."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.datasets.models import Item
from evalhub.review.models import COUNTED_PURPOSES, AgreementPattern, PatternDelta, Rating, ReviewerPattern, Task
from evalhub.rubrics.models import Criterion, Level


def pattern_counts(session: Session, project_id: int) -> dict[int, Counter[tuple[int, ...]]]:
    """Tasks by vector of level counts, by criterion id: exact at once, because open changes are added.

    Both are read in one statement, so that a fold in between cannot count a change twice or not at all.
    """
    folded = sa.select(
        AgreementPattern.criterion_id, AgreementPattern.pattern, AgreementPattern.n, sa.null().label("changes")
    ).where(AgreementPattern.project_id == project_id)
    found: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    rows: Iterable[Any] = session.execute(sa.union_all(folded, _waiting(project_id)))
    for criterion_id, pattern, n, changes in rows:
        if changes is None:
            found[criterion_id][_vector(pattern)] += n
            continue
        for delta_criterion, _, reviewer_id, _, delta_pattern, delta_n in json.loads(changes):
            if reviewer_id is None:
                found[delta_criterion][_vector(delta_pattern)] += delta_n
    shown = {criterion_id: Counter({v: n for v, n in counts.items() if n}) for criterion_id, counts in found.items()}
    return {criterion_id: counts for criterion_id, counts in shown.items() if counts}


def reviewer_counts(session: Session, project_id: int) -> dict[int, Counter[int]]:
    """Levels given that count, by reviewer, by criterion id; from the same counts, exact at once."""
    folded = (
        sa.select(
            ReviewerPattern.criterion_id,
            ReviewerPattern.reviewer_id,
            sa.func.sum(ReviewerPattern.n).label("n"),
            sa.null().label("changes"),
        )
        .where(ReviewerPattern.project_id == project_id)
        .group_by(ReviewerPattern.criterion_id, ReviewerPattern.reviewer_id)
    )
    found: dict[int, Counter[int]] = defaultdict(Counter)
    rows: Iterable[Any] = session.execute(sa.union_all(folded, _waiting(project_id)))
    for criterion_id, reviewer_id, n, changes in rows:
        if changes is None:
            found[criterion_id][reviewer_id] += int(n)
            continue
        for delta_criterion, _, delta_reviewer, _, _, delta_n in json.loads(changes):
            if delta_reviewer is not None:
                found[delta_criterion][delta_reviewer] += delta_n
    return {criterion_id: +counts for criterion_id, counts in found.items() if +counts}


def recounted_patterns(session: Session, project_id: int) -> dict[int, Counter[tuple[int, ...]]]:
    """The same from a full GROUP BY over the ratings: what `doctor` compares with."""
    n_levels = dict(
        session.execute(
            sa.select(Criterion.id, sa.func.count())
            .join(Level, Level.criterion_id == Criterion.id)
            .where(Criterion.has_range.is_(False))
            .group_by(Criterion.id)
        ).all()
    )
    rows = session.execute(
        sa.select(Rating.criterion_id, Rating.task_id, Rating.level, sa.func.count())
        .join(Task, sa.and_(Task.project_id == Rating.project_id, Task.id == Rating.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Account, Account.id == Rating.reviewer_id)
        .where(
            Rating.project_id == project_id,
            Rating.planned,
            Rating.level.is_not(None),
            Item.withdrawn_at.is_(None),
            Task.purpose.in_(COUNTED_PURPOSES),
            Account.kind.in_([AccountKind.HUMAN, AccountKind.IMPORTED]),
        )
        .group_by(Rating.criterion_id, Rating.task_id, Rating.level)
    )
    vectors: dict[tuple[int, int], list[int]] = {}
    for criterion_id, task_id, level, n in rows:
        if criterion_id in n_levels and level is not None:
            vectors.setdefault((criterion_id, task_id), [0] * n_levels[criterion_id])[level] = n
    found: dict[int, Counter[tuple[int, ...]]] = defaultdict(Counter)
    for (criterion_id, _), vector in vectors.items():
        found[criterion_id][tuple(vector)] += 1
    return dict(found)


def _waiting(project_id: int) -> sa.Select[Any, Any, Any, str]:
    """The changes that no sweep has folded yet, as the fourth column."""
    return sa.select(sa.null(), sa.null(), sa.null(), sa.type_coerce(PatternDelta.changes, sa.Text)).where(
        PatternDelta.project_id == project_id
    )


def _vector(pattern: str) -> tuple[int, ...]:
    return tuple(map(int, pattern.split(",")))
