"""Keep the counts that agreement is computed from.

A change of a task's ratings is the difference between its old and its new pattern; it is only inserted
(`pattern_delta`), and the sweep folds it into the counts, so that no submission waits for another's counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.datasets.models import Item
from evalhub.db import locked
from evalhub.review.models import (
    COUNTED_PURPOSES,
    AgreementPattern,
    PatternDelta,
    Rating,
    ReviewerPattern,
    Task,
)
from evalhub.rubrics.models import Criterion, Level

Counted = dict[int, dict[int, int]]
"""Level rank by reviewer, by criterion: the ratings of one task that count."""
Key = tuple[int, str, int | None, int | None, str]
"""Criterion, slice, reviewer and own level (None, None for the count over all), pattern."""


def counted_ratings(session: Session, project_id: int, task_ids: Iterable[int]) -> dict[int, Counted]:
    """The current planned level ratings of people, by task; tasks without any are missing.

    Those of withdrawn items count no more, so whoever withdraws one does it under a `PatternWatch`.
    """
    rows = session.execute(
        sa.select(Rating.task_id, Rating.criterion_id, Rating.reviewer_id, Rating.level)
        .join(Account, Account.id == Rating.reviewer_id)
        .join(Task, sa.and_(Task.project_id == Rating.project_id, Task.id == Rating.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(
            Item.withdrawn_at.is_(None),
            Rating.project_id == project_id,
            Rating.task_id.in_(list(task_ids)),
            Rating.planned,
            Rating.level.is_not(None),
            Account.kind.in_([AccountKind.HUMAN, AccountKind.IMPORTED]),
        )
    )
    found: dict[int, Counted] = defaultdict(lambda: defaultdict(dict))
    for task_id, criterion_id, reviewer_id, level in rows:
        if level is not None:
            found[task_id][criterion_id][reviewer_id] = level
    return {task_id: dict(counted) for task_id, counted in found.items()}


def level_counts(session: Session, rubric_version_id: int) -> dict[int, int]:
    """Number of levels by criterion id; criteria with a range are missing, for they keep no patterns."""
    rows = session.execute(
        sa.select(Criterion.id, sa.func.count())
        .join(Level, Level.criterion_id == Criterion.id)
        .where(Criterion.rubric_version_id == rubric_version_id, Criterion.has_range.is_(False))
        .group_by(Criterion.id)
    )
    return dict(rows.all())


def pattern_of(levels: Iterable[int], n_levels: int) -> str:
    counts = [0] * n_levels
    for level in levels:
        counts[level] += 1
    return ",".join(map(str, counts))


def changes_between(slice_: str, before: Counted, after: Counted, n_levels: Mapping[int, int]) -> Counter[Key]:
    """What to add to the counts when a task's ratings go from `before` to `after`."""
    changes: Counter[Key] = Counter()
    for sign, counted in ((-1, before), (1, after)):
        for criterion_id, by_reviewer in counted.items():
            if criterion_id not in n_levels or not by_reviewer:
                continue
            pattern = pattern_of(by_reviewer.values(), n_levels[criterion_id])
            changes[criterion_id, slice_, None, None, pattern] += sign
            for reviewer_id, level in by_reviewer.items():
                changes[criterion_id, slice_, reviewer_id, level, pattern] += sign
    return Counter({key: n for key, n in changes.items() if n})


def record_changes(session: Session, project_id: int, changes: Counter[Key]) -> None:
    if changes:
        listed = sorted(([*key, n] for key, n in changes.items()), key=str)
        session.execute(sa.insert(PatternDelta).values(project_id=project_id, changes=listed))


class PatternWatch:
    """Notes a locked task's counted ratings before a change, and records the difference after it."""

    def __init__(self, session: Session, task: Task, n_levels: Mapping[int, int]) -> None:
        self._session = session
        self._task = task
        self._n_levels = n_levels
        self._before = self._now() if task.purpose in COUNTED_PURPOSES else {}

    def _now(self) -> Counted:
        return counted_ratings(self._session, self._task.project_id, [self._task.id]).get(self._task.id, {})

    def record(self) -> None:
        if self._task.purpose not in COUNTED_PURPOSES:
            return
        changes = changes_between(self._task.purpose.value, self._before, self._now(), self._n_levels)
        record_changes(self._session, self._task.project_id, changes)


def fold_patterns(session: Session, *, limit: int = 2000) -> int:
    """Add waiting changes to the counts; two sweeps at once take different changes.

    Returns:
        How many were folded; call again while it equals `limit`.
    """
    deltas = session.execute(
        locked(
            sa.select(PatternDelta.id, PatternDelta.project_id, PatternDelta.changes)
            .order_by(PatternDelta.id)
            .limit(limit),
            skip=True,
        )
    ).all()
    if not deltas:
        return 0
    totals: Counter[tuple[int, Key]] = Counter()
    for _, project_id, changes in deltas:
        for *key, n in changes:
            totals[project_id, (key[0], key[1], key[2], key[3], key[4])] += n
    overall, by_reviewer = [], []
    for (project_id, (criterion_id, slice_, reviewer_id, level, pattern)), n in totals.items():
        if n == 0:
            continue
        row = {"project_id": project_id, "criterion_id": criterion_id, "slice": slice_, "pattern": pattern, "n": n}
        if reviewer_id is None:
            overall.append(row)
        else:
            by_reviewer.append({**row, "reviewer_id": reviewer_id, "level": level})
    _add(session, AgreementPattern, sorted(overall, key=str))
    _add(session, ReviewerPattern, sorted(by_reviewer, key=str))
    session.execute(sa.delete(PatternDelta).where(PatternDelta.id.in_([d.id for d in deltas])))
    return len(deltas)


def _add(
    session: Session, table: type[AgreementPattern] | type[ReviewerPattern], rows: list[dict[str, object]]
) -> None:
    """Upsert, in one order everywhere so that two folds never wait for each other crosswise."""
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.__table__.primary_key]
    statement = statement.on_conflict_do_update(index_elements=keys, set_={"n": table.n + statement.excluded.n})
    session.execute(statement, rows)
    session.execute(sa.delete(table).where(table.n == 0))
