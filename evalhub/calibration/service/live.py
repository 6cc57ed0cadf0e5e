"""The figures that the kept pattern counts give: the same cost for a thousand ratings and for a hundred million."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy.orm import Session

from evalhub.calibration.queries import Asked, criteria_of
from evalhub.calibration.schema.live import LiveCriterion, LiveReport
from evalhub.projects.queries import simulated_reviewers
from evalhub.review.queries.patterns import pattern_counts, reviewer_counts
from evalhub.stats import CriterionReport, PatternCounts
from evalhub.stats.report import checked, report_of_counts

CHECKED_AT_ONCE = 2_000
"""Items up to which the alphas are compared with the krippendorff package's while a page waits; a full report always
does it."""
Vectors = Mapping[int, Mapping[tuple[int, ...], int]]


def live_report(session: Session, project_id: int) -> LiveReport:
    """The figures of a project as they stand; no rating and no task is read."""
    vectors = pattern_counts(session, project_id)
    given = reviewer_counts(session, project_id)
    criteria = tuple(_live(asked, vectors, given) for asked in criteria_of(session, project_id))
    reviewers = {reviewer for counts in given.values() for reviewer in counts}
    return LiveReport(
        criteria=criteria,
        n_items=max((one.figures.alpha.n_items for one in criteria if one.figures), default=0),
        n_reviewers=len(reviewers),
        n_simulated=len(reviewers & simulated_reviewers(session, project_id)),
    )


def _live(asked: Asked, vectors: Vectors, given: Mapping[int, Counter[int]]) -> LiveCriterion:
    return LiveCriterion(asked.criterion, asked.versions(vectors), _figures(asked, vectors, given))


def _figures(asked: Asked, vectors: Vectors, given: Mapping[int, Counter[int]]) -> CriterionReport | None:
    criterion = asked.criterion
    if criterion.range is not None:
        return None
    pooled: Counter[tuple[int, ...]] = Counter()
    reviewers: set[int] = set()
    for id_ in asked.ids:
        pooled.update(vectors.get(id_, {}))
        reviewers.update(given.get(id_, {}))
    counts = PatternCounts.from_patterns(pooled, len(criterion.levels), len(reviewers))
    scores = [level.score for level in criterion.levels]
    found = report_of_counts(counts, scale=criterion.scale.value, critical=criterion.critical, scores=scores)
    return checked(found, counts, scores=scores) if counts.n_items <= CHECKED_AT_ONCE else found
