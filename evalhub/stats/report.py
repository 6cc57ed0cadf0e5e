"""Everything that is said about one criterion."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from typing import Any

from numpy.typing import ArrayLike

from evalhub.stats.alpha import alpha, alpha_with_random_reviewers
from evalhub.stats.bootstrap import SEED, Bootstrap, bootstrap_alpha
from evalhub.stats.boundaries import Boundary, boundaries
from evalhub.stats.check import check_alpha
from evalhub.stats.coefficients import gwet_ac, percent_agreement
from evalhub.stats.counts import PatternCounts
from evalhub.stats.figure import Figure, Floats
from evalhub.stats.merge import merged
from evalhub.stats.ratings import Ratings
from evalhub.stats.scale import Scale, as_values
from evalhub.stats.specific import specific_agreement
from evalhub.stats.verdict import Verdict, verdict
from evalhub.stats.weights import Weights


@dataclass(frozen=True)
class CriterionReport:
    """The figures of a criterion.

    `alpha` is on the criterion's own scale; `alpha_random_reviewers` has the interval that also lets reviewers vary
    (None with fewer than five). `distribution` counts all ratings a level, from the worst; `specific_agreement` has
    one figure a level; `boundaries` is empty on nominal and ratio scales. `is_checked` says that every alpha was
    compared with the krippendorff package.
    """

    scale: Scale
    alpha: Figure
    alpha_nominal: Figure
    alpha_interval: Figure
    alpha_random_reviewers: Figure | None
    bootstrap: Bootstrap | None
    percent_agreement: Figure
    ac2: Figure
    distribution: tuple[int, ...]
    specific_agreement: tuple[Figure, ...]
    boundaries: tuple[Boundary, ...]
    verdict: Verdict
    is_checked: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found = plain(self)
        assert isinstance(found, dict)
        return found


def criterion_report(
    ratings: Ratings, *, scale: str, critical: bool = False, scores: ArrayLike | None = None, seed: int = SEED
) -> CriterionReport:
    """All figures of one criterion's ratings.

    Args:
        scores: what the levels stand for on an interval or ratio scale; default the values of the ratings, else ranks.

    Raises:
        BadInput: there is no such scale, or the scores do not fit the levels.
        CheckFailed: an alpha differs from the krippendorff package's.
    """
    own = Scale.named(scale)
    values = as_values(ratings.values if scores is None else scores, ratings.n_levels)
    counts = PatternCounts.of(ratings)
    found = report_of_counts(counts, scale=scale, critical=critical, scores=values, numbers=ratings.values)
    merged_counts, metric = merged(counts, own, values)
    return replace(
        checked(found, counts, scores=values),
        alpha_random_reviewers=alpha_with_random_reviewers(ratings, scale=own, values=values),
        bootstrap=bootstrap_alpha(merged_counts, found.alpha, metric, seed=seed),
    )


def report_of_counts(
    counts: PatternCounts,
    *,
    scale: str,
    critical: bool = False,
    scores: ArrayLike | None = None,
    numbers: Floats | None = None,
) -> CriterionReport:
    """The figures of one criterion that its pattern counts give: no bootstrap, no reviewers that vary, not yet checked.

    Args:
        scores: what the levels stand for on an interval or ratio scale; default their ranks.
        numbers: the values given, where the levels are distinct values; Gwet's AC2 weighs by them.

    Raises:
        BadInput: there is no such scale, or the scores do not fit the levels.
    """
    own = Scale.named(scale)
    values = as_values(scores, counts.n_levels)
    figures = {which: alpha(counts, scale=which, values=values) for which in (own, Scale.NOMINAL, Scale.INTERVAL)}
    merged_counts, metric = merged(counts, own, values)
    confirmed = specific_agreement(counts)
    return CriterionReport(
        scale=own,
        alpha=figures[own],
        alpha_nominal=figures[Scale.NOMINAL],
        alpha_interval=figures[Scale.INTERVAL],
        alpha_random_reviewers=None,
        bootstrap=None,
        percent_agreement=percent_agreement(counts),
        ac2=gwet_ac(counts, Weights.QUADRATIC, numbers),
        distribution=tuple(int(n) for n in counts.distribution),
        specific_agreement=confirmed,
        boundaries=boundaries(merged_counts, metric),
        verdict=verdict(figures[own], counts, critical=critical, worst_level=confirmed[0]),
        is_checked=False,
    )


def checked(report: CriterionReport, counts: PatternCounts, *, scores: ArrayLike | None = None) -> CriterionReport:
    """The report with its alphas compared with the krippendorff package's, whose cost grows with the items.

    Args:
        scores: those that the report was made with.

    Raises:
        CheckFailed: an alpha differs.
    """
    values = as_values(scores, counts.n_levels)
    figures = {
        report.scale: report.alpha,
        Scale.NOMINAL: report.alpha_nominal,
        Scale.INTERVAL: report.alpha_interval,
    }
    checks = [_is_checked(counts, figure, scale, values) for scale, figure in figures.items()]
    return replace(report, is_checked=all(checks))


def reliability_of_mean(alpha_interval: float, k: int) -> float | None:
    """The reliability of the mean of k ratings; None where the formula has no meaning.

    Source: Spearman (1910) and Brown (1910).
    """
    divisor = 1 + (k - 1) * alpha_interval
    return k * alpha_interval / divisor if divisor > 0 else None


def _is_checked(counts: PatternCounts, figure: Figure, scale: Scale, values: Floats | None) -> bool:
    merged_counts, metric = merged(counts, scale, values)
    return check_alpha(merged_counts, figure, metric)


def plain(value: object) -> Any:
    """Results as what JSON holds: dataclasses as objects, tuples as lists, members of an enum as their words."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [plain(member) for member in value]
    return str(value) if isinstance(value, StrEnum) else value
