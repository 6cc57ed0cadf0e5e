"""One criterion in the calibration report: every part of it, as values that JSON can hold.

Reviewers are named by their place in `CalibrationReport.people`; so are the raters of all figures of `evalhub.stats`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from evalhub.calibration.schema.flags import Flag
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import CriterionReport, Figure, PairAgreement
from evalhub.stats.crossings import RaterCrossing
from evalhub.stats.drift import ReviewerPeriod
from evalhub.stats.planning import GatePlan, WidthPlan
from evalhub.stats.report import plain
from evalhub.stats.reviewers import ReviewerFigures
from evalhub.stats.severity import Severity


@dataclass(frozen=True, slots=True)
class GivenLevel:
    """What a reviewer gave: a rank, a value, or neither for "not applicable"."""

    reviewer: int
    rank: int | None
    value: float | None


@dataclass(frozen=True, slots=True)
class ExampleItem:
    """An item to look at, with what each reviewer gave to one criterion.

    `task` is a public id; `item` the source's id, which may name the model.
    """

    task: str
    item: str
    answers: tuple[GivenLevel, ...]


@dataclass(frozen=True, slots=True)
class BoundarySection:
    """A boundary between neighbouring levels; the sentence that is read worst comes first.

    The figures are those of `stats.Boundary`; `raters` says whose pairs cross it; `culprit` is the reviewer whose pairs
    make up most of it, None where the sentence itself is read differently.
    """

    lower: int
    upper: int
    share: float | None
    weight: float
    alpha: float | None
    points: float
    crossing: float
    excess: float
    n_crossing: int
    items: tuple[ExampleItem, ...]
    raters: tuple[RaterCrossing, ...]
    culprit: int | None


@dataclass(frozen=True, slots=True)
class ReviewerLine:
    """One reviewer on one criterion; `severity` is None on nominal criteria and without shared items."""

    figures: ReviewerFigures
    severity: Severity | None


@dataclass(frozen=True, slots=True)
class PeriodLine:
    """A week: `label` like "2026-W47", the rubric versions graded in it, and the figures of `stats.Period`."""

    label: str
    rubric_versions: tuple[int, ...]
    n_items: int
    n_pairable: int
    alpha: Figure
    disagreement: float | None
    is_raised: bool
    is_provisional: bool
    changed_mix: bool


@dataclass(frozen=True, slots=True)
class MeanReliability:
    """The reliability of the mean of k ratings."""

    k: int
    value: float | None


@dataclass(frozen=True, slots=True)
class CriterionSection:
    """Everything about one criterion.

    `versions` are the rubric versions whose ratings are pooled here because the question did not change (the same
    fingerprint). `applies` is the nominal alpha of whether the criterion applies, None where nobody answered "not
    applicable". `periods` are in order of time, `period_reviewers` refer to them by their place.
    """

    criterion: Criterion
    versions: tuple[int, ...]
    figures: CriterionReport
    means: tuple[MeanReliability, ...]
    n_ratings: int
    n_not_applicable: int
    applies: Figure | None
    flagged: Mapping[Flag, int]
    n_flagged: int
    boundaries: tuple[BoundarySection, ...]
    reviewers: tuple[ReviewerLine, ...]
    pairs: tuple[PairAgreement, ...]
    periods: tuple[PeriodLine, ...]
    period_reviewers: tuple[ReviewerPeriod, ...]
    width_plan: WidthPlan | None
    gate_plan: GatePlan | None

    def without_answers(self, tasks: Collection[str]) -> CriterionSection:
        """The same without the example items that are among these tasks (public ids)."""
        shown = tuple(
            replace(boundary, items=tuple(item for item in boundary.items if item.task not in tasks))
            for boundary in self.boundaries
        )
        return replace(self, boundaries=shown)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "criterion": self.criterion.key,
            "title": self.criterion.title,
            "critical": self.criterion.critical,
            "levels": [level.key for level in self.criterion.levels],
            "rubric_versions": list(self.versions),
            **self.figures.as_dict(),
            "reliability_of_mean": plain(self.means),
            "n_ratings": self.n_ratings,
            "not_applicable": {"n": self.n_not_applicable, "alpha": self.applies.as_dict() if self.applies else None},
            "flags": {"n_items": self.n_flagged, **{str(flag): n for flag, n in self.flagged.items()}},
            "boundaries": plain(self.boundaries),
            "reviewers": plain(self.reviewers),
            "pairs": plain(self.pairs),
            "weeks": plain(self.periods),
            "reviewer_weeks": plain(self.period_reviewers),
            "width_plan": plain(self.width_plan),
            "gate_plan": plain(self.gate_plan),
        }
