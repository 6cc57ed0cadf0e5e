"""`evalhub agreement --by …`: the same ratings by reviewer, item, boundary or pair of reviewers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from evalhub.cli.ratings_file import CriterionRatings
from evalhub.errors import BadInput
from evalhub.stats import PatternCounts, Scale, Weights, boundaries, pairwise_kappas, ranked
from evalhub.stats.items import item_disagreements
from evalhub.stats.merge import merged
from evalhub.stats.reviewers import reviewer_figures
from evalhub.stats.severity import severities

Row = dict[str, Any]


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
    """Each item with two ratings or more, the most disputed first."""
    found = item_disagreements(criterion.ratings, scale=scale)
    several = np.flatnonzero(found.n_ratings > 1)
    order = several[np.lexsort((found.influence[several], -np.nan_to_num(found.disagreement[several])))]
    return [
        {
            "item": criterion.items[int(found.units[at])],
            "ratings": int(found.n_ratings[at]),
            "span": int(found.span[at]),
            "disagreement": _plain(found.disagreement[at]),
            "influence": _plain(found.influence[at]),
        }
        for at in order
    ]


def by_boundary(criterion: CriterionRatings, scale: Scale) -> list[Row]:
    """Each boundary, the one that would win most alpha first; none on nominal and ratio scales."""
    counts, metric = merged(PatternCounts.of(criterion.ratings), scale, criterion.ratings.values)
    return [
        {
            "below": criterion.levels[boundary.lower],
            "above": criterion.levels[boundary.upper],
            "share": boundary.share,
            "weight": boundary.weight,
            "alpha": boundary.alpha,
            "points": boundary.points,
        }
        for boundary in ranked(boundaries(counts, metric))
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


VIEWS: Mapping[str, Callable[[CriterionRatings, Scale], list[Row]]] = MappingProxyType(
    {"reviewer": by_reviewer, "item": by_item, "boundary": by_boundary, "pair": by_pair}
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
