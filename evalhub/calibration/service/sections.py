"""Everything about one criterion, from its ratings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evalhub.calibration.queries import Asked, CountedRatings, TaskName, applicability, as_ratings, task_names
from evalhub.calibration.schema.section import (
    BoundarySection,
    CriterionSection,
    ExampleItem,
    GivenLevel,
    ReviewerLine,
)
from evalhub.calibration.service.ground import Ground
from evalhub.calibration.service.means import reliabilities
from evalhub.calibration.service.weeks import weeks
from evalhub.stats import (
    CriterionReport,
    Figure,
    PairAgreement,
    PatternCounts,
    Ratings,
    Scale,
    Weights,
    alpha,
    criterion_report,
    pairwise_kappas,
    ranked,
)
from evalhub.stats.crossings import Crossing, crossings, main_culprit
from evalhub.stats.figure import Floats
from evalhub.stats.planning import items_for_gate, items_for_width
from evalhub.stats.reviewers import reviewer_figures
from evalhub.stats.severity import severities

EXAMPLES = 5
"""Items shown at a boundary."""
MOST_MEANS = 10
MOST_PAIRS = 300
MOST_CELLS = 3_000
"""Reviewers × distinct values up to which each two reviewers are compared: the table is the square of it."""


def section_of(ground: Ground, asked: Asked, found: CountedRatings) -> CriterionSection:
    """One criterion, apart from its flags: those that rest on all criteria come last."""
    criterion = asked.criterion
    ratings = as_ratings(asked, found, ground.tasks, ground.people)
    values = None if criterion.range else np.array([level.score for level in criterion.levels])
    scale, counts = Scale.named(criterion.scale.value), PatternCounts.of(ratings)
    figures = criterion_report(ratings, scale=criterion.scale.value, critical=criterion.critical, scores=values)
    own = ratings.values if values is None else values
    crossed = () if criterion.range else crossings(ratings, scale=scale, values=own)
    periods, period_reviewers = weeks(ground, ratings, scale, own)
    most = min(max(int(counts.n_ratings.max(initial=1)), ground.overlap), MOST_MEANS)
    return CriterionSection(
        criterion=criterion,
        versions=asked.versions(_ids_in_use(ground, asked)),
        figures=figures,
        means=reliabilities(figures.alpha_interval.value, range(1, most + 1)),
        n_ratings=len(found.at),
        n_not_applicable=int(found.is_not_applicable.sum()),
        applies=_applies(ground, found),
        flagged={},
        n_flagged=0,
        boundaries=_boundaries(ground, asked, found, figures, crossed),
        reviewers=_reviewers(asked, ratings, scale, own),
        pairs=_pairs(ratings, scale),
        periods=periods,
        period_reviewers=period_reviewers,
        width_plan=items_for_width(counts, scale=scale, values=own),
        gate_plan=items_for_gate(counts, scale=scale, values=own),
    )


def _ids_in_use(ground: Ground, asked: Asked) -> set[int]:
    numbers = set(np.unique(ground.tasks.rubric_version).tolist())
    return {id_ for id_, number in asked.version_of.items() if number in numbers}


def _applies(ground: Ground, found: CountedRatings) -> Figure | None:
    if not found.is_not_applicable.any():
        return None
    return alpha(PatternCounts.of(applicability(found, ground.tasks)), scale=Scale.NOMINAL)


def _boundaries(
    ground: Ground, asked: Asked, found: CountedRatings, figures: CriterionReport, crossed: tuple[Crossing, ...]
) -> tuple[BoundarySection, ...]:
    """The boundaries in the order of `stats.ranked`; none with a range, or where levels of one score were merged."""
    if len(figures.boundaries) != len(asked.criterion.levels) - 1:
        return ()
    shown = np.unique(np.concatenate([crossing.units[:EXAMPLES] for crossing in crossed]))
    ids = ground.tasks.id[shown].tolist()
    names = task_names(ground.session, ground.project_id, ids)
    items = {
        task: _example(ground, asked, found, task, names[id_]) for task, id_ in zip(shown.tolist(), ids, strict=True)
    }
    return tuple(
        BoundarySection(
            lower=boundary.lower,
            upper=boundary.upper,
            share=boundary.share,
            weight=boundary.weight,
            alpha=boundary.alpha,
            points=boundary.points,
            crossing=boundary.crossing,
            excess=boundary.excess,
            n_crossing=len(crossed[boundary.lower].units),
            items=tuple(items[task] for task in crossed[boundary.lower].units[:EXAMPLES].tolist()),
            raters=crossed[boundary.lower].raters,
            culprit=main_culprit(crossed[boundary.lower]),
        )
        for boundary in ranked(figures.boundaries)
    )


def _example(ground: Ground, asked: Asked, found: CountedRatings, task: int, name: TaskName) -> ExampleItem:
    rows = np.flatnonzero(found.at == task)
    return ExampleItem(name.task, name.item, answers_at(ground, asked, found, rows))


def answers_at(ground: Ground, asked: Asked, found: CountedRatings, rows: NDArray[np.int64]) -> tuple[GivenLevel, ...]:
    """What was given in some rows, in the order of the reviewers."""
    reviewers = ground.people.place(found.reviewer[rows])
    given = sorted(zip(reviewers.tolist(), found.place[rows].tolist(), strict=True))
    has_range = asked.criterion.range is not None
    return tuple(
        GivenLevel(
            reviewer=reviewer,
            rank=None if has_range or np.isnan(place) else int(place),
            value=place if has_range and not np.isnan(place) else None,
        )
        for reviewer, place in given
    )


def _is_comparable(ratings: Ratings) -> bool:
    """Whether tables of each two reviewers by level are small enough to make."""
    return 0 < ratings.n_reviewers * ratings.n_levels <= MOST_CELLS


def _reviewers(asked: Asked, ratings: Ratings, scale: Scale, values: Floats | None) -> tuple[ReviewerLine, ...]:
    """Each reviewer; with a range without tables by level, which would have a row for every value."""
    if not _is_comparable(ratings):
        return ()
    severity = {} if scale is Scale.NOMINAL else {one.rater: one for one in severities(ratings)}
    found = reviewer_figures(ratings, scale=scale, values=values)
    if asked.criterion.range is not None:
        found = tuple(replace(one, level_use=(), confusion=()) for one in found)
    return tuple(ReviewerLine(one, severity.get(one.rater)) for one in found)


def _pairs(ratings: Ratings, scale: Scale) -> tuple[PairAgreement, ...]:
    """Each two reviewers who share items, at most the 300 who agree least."""
    if not _is_comparable(ratings):
        return ()
    found = pairwise_kappas(ratings, Weights.IDENTITY if scale is Scale.NOMINAL else Weights.QUADRATIC)
    if len(found) <= MOST_PAIRS:
        return found
    worst = sorted(found, key=lambda pair: (pair.kappa is None, pair.kappa))[:MOST_PAIRS]
    return tuple(sorted(worst, key=lambda pair: (pair.rater_a, pair.rater_b)))
