"""Each reviewer's own totals: how reliable the score, the level and the pass are that models are trained on."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evalhub.calibration.queries import Asked, CountedRatings
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flips import total
from evalhub.calibration.schema.report import OverallKind, OverallReliability
from evalhub.calibration.service.ground import Ground
from evalhub.calibration.service.means import reliabilities
from evalhub.rubrics.schema.models import Rubric
from evalhub.rubrics.schema.scoring import Overall
from evalhub.stats import Figure, PatternCounts, Ratings, Scale, alpha, check_alpha
from evalhub.stats.merge import merged

MISSING, NOT_APPLICABLE = -np.inf, np.inf
MOST_SCORES = 100
"""More distinct scores are rounded to so many steps of their spread: tables grow with items × distinct scores."""


@dataclass(eq=False)
class Sheets:
    """What everybody answered, two numbers a rating: filled criterion by criterion."""

    ground: Ground
    keys: list[str] = field(default_factory=list)
    reviews: list[NDArray[np.int64]] = field(default_factory=list)
    places: list[NDArray[np.float64]] = field(default_factory=list)

    def add(self, asked: Asked, found: CountedRatings) -> None:
        people = self.ground.people
        self.keys.append(asked.criterion.key)
        self.reviews.append(found.at * max(len(people), 1) + people.place(found.reviewer))
        self.places.append(np.where(found.is_not_applicable, NOT_APPLICABLE, found.place))

    @property
    def reviewed(self) -> NDArray[np.int64]:
        """The distinct reviews: place of the task times the number of people, plus the place of the reviewer."""
        return np.unique(np.concatenate(self.reviews)) if self.reviews else np.zeros(0, dtype=np.int64)

    def table(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The distinct reviews, and their answers, shape (reviews, criteria)."""
        reviewed = self.reviewed
        table = np.full((len(reviewed), len(self.keys)), MISSING)
        for column, (review, place) in enumerate(zip(self.reviews, self.places, strict=True)):
            table[np.searchsorted(reviewed, review), column] = place
        return reviewed, table


@dataclass(frozen=True, eq=False)
class Totals:
    """The total of each review: the arrays have one entry a review, `answers` one row.

    Score and level are NaN where the total is undefined, `passed` also where nothing says what passes.
    """

    task: NDArray[np.int64]
    reviewer: NDArray[np.int64]
    answers: NDArray[np.float64]
    score: NDArray[np.float64]
    level: NDArray[np.float64]
    passed: NDArray[np.float64]


def totals(sheets: Sheets, rubric: Rubric) -> Totals:
    """Score every review as if its reviewer's answers were the consensus; equal reviews once.

    Args:
        rubric: with the pass rule that holds for the project.
    """
    ground = sheets.ground
    reviewed, table = sheets.table()
    task, reviewer = np.divmod(reviewed, max(len(ground.people), 1))
    by_tags = any(criterion.applies_to for criterion in rubric.criteria)
    mix = ground.tasks.mix[task] if by_tags else np.zeros(len(task), dtype=np.int64)
    kinds, kind = np.unique(np.column_stack([table, mix]), axis=0, return_inverse=True)
    found = [
        total(rubric, _sheet(sheets, rubric, row[:-1]), ground.tasks.tags[int(row[-1])] if by_tags else frozenset())
        for row in kinds
    ]
    numbers = np.array([_numbers(overall) for overall in found]).reshape(-1, 3)[kind.reshape(-1)]
    return Totals(task, reviewer, table, numbers[:, 0], numbers[:, 1], numbers[:, 2])


def flips(found: Totals, n_tasks: int) -> NDArray[np.bool_]:
    """Where those who pass an item and those who fail it differ, shape (tasks, criteria); see `flips.flipped`."""
    decided = ~np.isnan(found.passed)
    task, passed, answers = found.task[decided], found.passed[decided], found.answers[decided]
    n, n_passed = np.bincount(task, minlength=n_tasks), np.bincount(task, weights=passed, minlength=n_tasks)
    low = np.full((n_tasks, answers.shape[1]), np.inf)
    high = np.full((n_tasks, answers.shape[1]), -np.inf)
    np.minimum.at(low, task, answers)
    np.maximum.at(high, task, answers)
    return (low < high) & ((n_passed > 0) & (n_passed < n))[:, None]


def overall(found: Totals, ground: Ground, rubric: Rubric, *, most: int) -> tuple[OverallReliability, ...]:
    """Alpha of score, level and, with a pass rule, pass.

    Args:
        most: reviewers of an item, the planned ones included.
    """
    score = _figure(found, ground, _in_steps(found.score), Scale.INTERVAL)
    lines = [
        OverallReliability(OverallKind.SCORE, score, reliabilities(score.value, range(1, most + 1))),
        OverallReliability(OverallKind.LEVEL, _figure(found, ground, found.level, Scale.ORDINAL), ()),
    ]
    if rubric.pass_rule is not None:
        lines.append(OverallReliability(OverallKind.PASSED, _figure(found, ground, found.passed, Scale.NOMINAL), ()))
    return tuple(lines)


def is_rounded(found: Totals) -> bool:
    """Whether there are so many distinct scores that `overall` rounds them."""
    return len(np.unique(found.score[~np.isnan(found.score)])) > MOST_SCORES


def _sheet(sheets: Sheets, rubric: Rubric, row: NDArray[np.float64]) -> dict[str, Answer]:
    answered = {}
    for key, place in zip(sheets.keys, row.tolist(), strict=True):
        criterion = rubric.criterion(key)
        assert criterion is not None
        if place == NOT_APPLICABLE:
            answered[key] = Answer()
        elif place != MISSING:
            answered[key] = Answer(value=place) if criterion.range else Answer(rank=int(place))
    return answered


def _numbers(found: Overall) -> tuple[float, float, float]:
    if not found.defined:
        return np.nan, np.nan, np.nan
    assert found.score is not None
    assert found.level is not None
    return found.score, found.level.rank, np.nan if found.passed is None else float(found.passed)


def _in_steps(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    given = scores[~np.isnan(scores)]
    if len(np.unique(given)) <= MOST_SCORES:
        return scores
    step = (given.max() - given.min()) / MOST_SCORES
    return np.asarray(given.min() + np.round((scores - given.min()) / step) * step)


def _figure(found: Totals, ground: Ground, number: NDArray[np.float64], scale: Scale) -> Figure:
    ratings = Ratings.of_values(found.task, found.reviewer, number, ground.tasks.group[found.task])
    counts = PatternCounts.of(ratings)
    figure = alpha(counts, scale=scale, values=ratings.values)
    joined, metric = merged(counts, scale, ratings.values)
    check_alpha(joined, figure, metric)
    return figure
