"""The figures that are exact at any moment, because they need nothing but the kept pattern counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import CriterionReport


@dataclass(frozen=True, slots=True)
class LiveCriterion:
    """One criterion; `figures` is None where it has a range: no patterns are kept of values, the full report has them.

    `versions` are the rubric versions whose ratings are pooled because the question did not change. Intervals leave out
    one item at a time, for the counts know no prompts; those of the full report leave out one prompt at a time.
    """

    criterion: Criterion
    versions: tuple[int, ...]
    figures: CriterionReport | None

    def as_dict(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.key,
            "rubric_versions": list(self.versions),
            "figures": self.figures.as_dict() if self.figures else None,
        }


@dataclass(frozen=True, slots=True)
class LiveReport:
    """The figures of a project as they stand, from the counts alone.

    `n_items` is that of the criterion with the most items; `n_reviewers` counts those with a level that counts,
    `n_simulated` those of them whose ratings a program drew.
    """

    criteria: tuple[LiveCriterion, ...]
    n_items: int
    n_reviewers: int
    n_simulated: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "n_items": self.n_items,
            "n_reviewers": self.n_reviewers,
            "n_simulated": self.n_simulated,
            "criteria": [criterion.as_dict() for criterion in self.criteria],
        }
