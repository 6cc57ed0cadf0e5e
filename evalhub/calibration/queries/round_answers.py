"""What was answered in a round, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.orm import Session, aliased

from evalhub.calibration.models import CalibrationRound, RoundItem
from evalhub.calibration.queries.people import Columns, of_people
from evalhub.datasets.models import Item
from evalhub.review.models import Assignment, AssignmentState, Rating, Task, same_item
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import Ratings


@dataclass(frozen=True, eq=False)
class RoundAnswers:
    """The ratings of a round, one row each.

    `place` is the rank, or the value where the criterion has a range, and NaN for "not applicable"; `saw_others` marks
    those of reviewers who had been shown what others said about the item, outside the talk between two rounds.
    """

    criterion: NDArray[np.int64]
    item: NDArray[np.int64]
    group: NDArray[np.int64]
    reviewer: NDArray[np.int64]
    place: NDArray[np.float64]
    is_discussed: NDArray[np.bool_]
    saw_others: NDArray[np.bool_]

    def of(self, criterion_id: int) -> RoundAnswers:
        return self.only(self.criterion == criterion_id)

    def only(self, keep: NDArray[np.bool_]) -> RoundAnswers:
        return RoundAnswers(
            criterion=self.criterion[keep],
            item=self.item[keep],
            group=self.group[keep],
            reviewer=self.reviewer[keep],
            place=self.place[keep],
            is_discussed=self.is_discussed[keep],
            saw_others=self.saw_others[keep],
        )

    def as_ratings(self, criterion: Criterion) -> Ratings:
        """The levels or values of one criterion for the figures; items keep their ids, so that rounds can be joined."""
        if criterion.range is None:
            return Ratings(self.item, self.reviewer, self.place, n_levels=len(criterion.levels), group=self.group)
        return Ratings.of_values(self.item, self.reviewer, self.place, self.group)


def round_answers(session: Session, round_: CalibrationRound) -> RoundAnswers:
    """Every rating of a round, of items that were not withdrawn since."""
    groups: dict[str, int] = {}
    table = np.array(
        [
            (criterion, item, groups.setdefault(group, len(groups)), reviewer, place, discussed, saw_others)
            for criterion, item, group, reviewer, place, discussed, saw_others in session.execute(_ratings(round_))
        ],
        dtype=np.float64,
    ).reshape(-1, 7)
    whole, discussed = table[:, :4].astype(np.int64), table[:, 5].astype(np.bool_)
    was_talked_about = discussed if round_.follows_id is not None else np.zeros_like(discussed)
    return RoundAnswers(
        criterion=whole[:, 0],
        item=whole[:, 1],
        group=whole[:, 2],
        reviewer=whole[:, 3],
        place=table[:, 4],
        is_discussed=discussed,
        saw_others=table[:, 6].astype(np.bool_) & ~was_talked_about,
    )


def _ratings(round_: CalibrationRound) -> sa.Select[*tuple[Any, ...]]:
    place = sa.func.coalesce(Rating.value, Rating.level)
    columns: Columns = sa.select(
        Rating.criterion_id, Task.item_id, Item.group_key, Rating.reviewer_id, place, RoundItem.discussed, _saw_others()
    )
    same_assignment = sa.and_(
        Assignment.project_id == Rating.project_id,
        Assignment.task_id == Rating.task_id,
        Assignment.reviewer_id == Rating.reviewer_id,
    )
    return (
        of_people(columns.select_from(Rating), round_.project_id)
        .join(Task, sa.and_(Task.project_id == Rating.project_id, Task.id == Rating.task_id))
        .join(RoundItem, sa.and_(RoundItem.project_id == Task.project_id, RoundItem.task_id == Task.id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Assignment, same_assignment)
        .where(RoundItem.round_id == round_.id, Item.withdrawn_at.is_(None))
        .order_by(Rating.criterion_id, Task.item_id, Rating.reviewer_id)
    )


def _saw_others() -> sa.ColumnElement[bool]:
    """Of an `Assignment` on a `Task` in the statement: its reviewer was shown others' work on the item beforehand.

    In another task of the item: by taking its case, by looking at what became of it, or in a talk after a round.
    """
    other, own = aliased(Task), aliased(Assignment)
    was_shown = sa.or_(
        own.others_shown_at < Assignment.submitted_at,
        sa.and_(own.state == AssignmentState.EXCLUDED, own.others_shown_at.is_(None)),
    )
    return (
        sa.exists(own.task_id)
        .where(
            same_item(other, Task),
            other.id != Task.id,
            own.project_id == other.project_id,
            own.task_id == other.id,
            own.reviewer_id == Assignment.reviewer_id,
            was_shown,
        )
        .correlate(Task, Assignment)
    )
