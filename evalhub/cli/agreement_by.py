"""`evalhub agreement --by …`: the same ratings by reviewer, item, boundary, pair of reviewers or week.

A row is flat but for lists of further rows, which are for programs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np

from evalhub.cli.criterion_ratings import CriterionRatings
from evalhub.errors import BadInput
from evalhub.stats import (
    Crossing,
    DawidSkene,
    PatternCounts,
    ReviewerPeriod,
    Scale,
    Weights,
    boundaries,
    crossings,
    dawid_skene,
    drift,
    main_culprit,
    pairwise_kappas,
    ranked,
)
from evalhub.stats.counts import unit_table
from evalhub.stats.items import item_disagreements
from evalhub.stats.merge import merged
from evalhub.stats.reviewers import consensus_of, reviewer_figures
from evalhub.stats.severity import severities

Row = dict[str, Any]
MIN_RATINGS = 3
"""Ratings that most items need before a model of the reviewers says anything."""


def by_reviewer(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each reviewer from the strictest; severity is left out where levels have no order."""
    ratings = criterion.ratings
    known = {} if scale is Scale.NOMINAL else {found.rater: found for found in severities(ratings)}
    rows = []
    for figures in reviewer_figures(ratings, scale=scale):
        found = known.get(figures.rater)
        confounded = found.confounded_with if found else None
        rows.append(
            {
                "reviewer": criterion.reviewers[figures.rater],
                "items": figures.n_items,
                "shared": figures.n_shared,
                "severity": found.severity if found else None,
                "se": found.se if found else None,
                "plain": found.plain if found else None,
                "confounded_with": None if confounded is None else criterion.reviewers[confounded],
                "component": found.component if found else None,
                "agreement_with": figures.agreement_with,
                "agreement_without": figures.agreement_without,
                "alpha_without": figures.alpha_without,
                "consensus": figures.consensus_agreement,
            }
        )
    return sorted(rows, key=lambda row: (row["severity"] is None, row["severity"] or 0.0))


def by_item(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each item with two ratings or more, the most disputed first; no span where levels have no order.

    Beside the consensus stands the level that Dawid and Skene's model holds for most likely, with its probability and
    the expected score; they are None unless most items have three ratings or more.
    """
    ratings = criterion.ratings
    found = item_disagreements(ratings, scale=scale)
    several = np.flatnonzero(found.n_ratings > 1)
    order = several[np.lexsort((found.influence[several], -np.nan_to_num(found.disagreement[several])))]
    consensus = consensus_of(unit_table(ratings)[2], scale)
    model = _dawid_skene(criterion)
    scores = np.arange(ratings.n_levels) if ratings.values is None else ratings.values
    expected = None if model is None or scale is Scale.NOMINAL else model.expected_scores(scores)
    return [
        {
            "item": criterion.items[int(found.units[at])],
            "ratings": int(found.n_ratings[at]),
            "span": None if scale is Scale.NOMINAL else int(found.span[at]),
            "disagreement": _plain(found.disagreement[at]),
            "influence": _plain(found.influence[at]),
            "consensus": None if consensus[at] < 0 else criterion.levels[consensus[at]],
            "most_likely": None if model is None else criterion.levels[model.posterior[at].argmax()],
            "probability": None if model is None else float(model.posterior[at].max()),
            "expected_score": None if expected is None else float(expected[at]),
        }
        for at in order
    ]


def _dawid_skene(criterion: CriterionRatings) -> DawidSkene | None:
    """The model, in the order of the units; None unless most items have three ratings or more."""
    ratings = criterion.ratings
    counts = PatternCounts.of(ratings)
    if 2 * int(counts.n_units[counts.n_ratings >= MIN_RATINGS].sum()) <= counts.n_items:
        return None
    return dawid_skene(ratings.unit, ratings.rater, ratings.level, ratings.n_levels)


def by_boundary(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each boundary, the one that would win most alpha first, with who and what crosses it; none without an order.

    `culprit` is the reviewer whose pairs make up most of it.
    """
    counts, metric = merged(PatternCounts.of(criterion.ratings), scale, criterion.ratings.values)
    crossed = {found.lower: found for found in crossings(criterion.ratings, scale=scale)}
    rows = []
    for boundary in ranked(boundaries(counts, metric)):
        crossing = crossed[boundary.lower]
        culprit = main_culprit(crossing)
        rows.append(
            {
                "below": criterion.levels[boundary.lower],
                "above": criterion.levels[boundary.upper],
                "share": boundary.share,
                "weight": boundary.weight,
                "alpha": boundary.alpha,
                "points": boundary.points,
                "crossing": len(crossing.units),
                "culprit": None if culprit is None else criterion.reviewers[culprit],
                "items": _crossing_items(criterion, crossing),
                "reviewers": _crossing_reviewers(criterion, crossing),
            }
        )
    return rows


def _crossing_items(criterion: CriterionRatings, crossing: Crossing) -> list[Row]:
    return [
        {"item": criterion.items[int(unit)], "part": float(part)}
        for unit, part in zip(crossing.units, crossing.part, strict=True)
    ]


def _crossing_reviewers(criterion: CriterionRatings, crossing: Crossing) -> list[Row]:
    return [
        {
            "reviewer": criterion.reviewers[found.rater],
            "pairs": found.n_pairs,
            "crossing": found.n_crossing,
            "share": found.share,
            "below": found.below,
            "above": found.above,
        }
        for found in crossing.raters
    ]


def by_pair(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each two reviewers with shared items, the lowest kappa first; quadratic weights where levels have an order."""
    weights = Weights.IDENTITY if scale is Scale.NOMINAL else Weights.QUADRATIC
    pairs = sorted(
        pairwise_kappas(criterion.ratings, weights), key=lambda pair: (pair.kappa is None, pair.kappa or 0.0)
    )
    return [
        {
            "reviewer": criterion.reviewers[pair.rater_a],
            "other": criterion.reviewers[pair.rater_b],
            "items": pair.n_items,
            "kappa": pair.kappa,
            "agreement": pair.agreement,
        }
        for pair in pairs
    ]


def by_week(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each ISO week (UTC) in which the last reviewer of some item finished, with the reviewers in it."""
    week_of = [_week(criterion.finished[item]) if item in criterion.finished else 0 for item in criterion.items]
    week = np.array(week_of, dtype=np.int64)[criterion.ratings.unit]
    found = drift(criterion.ratings, week, scale=scale)
    return [
        {
            "week": _week_name(period.period),
            "items": period.n_items,
            "paired": period.n_pairable,
            "alpha": period.alpha.value,
            "low": period.alpha.ci_low,
            "high": period.alpha.ci_high,
            "undefined_because": period.alpha.undefined_because,
            "disagreement": period.disagreement,
            "raised": period.is_raised,
            "provisional": period.is_provisional,
            "reviewers": [_reviewer_in_week(criterion, row) for row in found.reviewers if row.period == period.period],
        }
        for period in found.periods
    ]


def _reviewer_in_week(criterion: CriterionRatings, row: ReviewerPeriod) -> Row:
    return {
        "reviewer": criterion.reviewers[row.rater],
        "items": row.n_items,
        "difference": row.difference,
        "se": row.se,
        "p_value": row.p_value,
        "q_value": row.q_value,
        "raised": row.is_raised,
    }


def _week(moment: datetime) -> int:
    year, week, _ = moment.astimezone(UTC).isocalendar()
    return year * 100 + week


def _week_name(week: int) -> str:
    return f"{week // 100}-W{week % 100:02}"


VIEWS: Mapping[str, Callable[[CriterionRatings, Scale], list[Row]]] = MappingProxyType(
    {"reviewer": by_reviewer, "item": by_item, "boundary": by_boundary, "pair": by_pair, "week": by_week}
)


def views(names: tuple[str, ...]) -> dict[str, Callable[[CriterionRatings, Scale], list[Row]]]:
    """The views of those names.

    Raises:
        BadInput: one of them does not exist.
    """
    for name in names:
        if name not in VIEWS:
            raise BadInput(f'there is no view "{name}"; use --by with {", ".join(VIEWS)}', code="schema")
    return {name: VIEWS[name] for name in names}


def _plain(number: float) -> float | None:
    return None if np.isnan(number) else float(number)
