"""What is said about the agreement of a project's reviewers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalhub.calibration.schema.flags import OF_ANSWERS, Flag
from evalhub.rubrics.schema.models import Criterion
from evalhub.stats import CriterionReport, Figure, ranked


@dataclass(frozen=True, slots=True)
class NamedBoundary:
    """A boundary between neighbouring levels by their labels and descriptors; figures as in `stats.Boundary`."""

    lower: str
    upper: str
    lower_text: str
    upper_text: str
    share: float | None
    alpha: float | None
    points: float


@dataclass(frozen=True, slots=True)
class CriterionLine:
    """One criterion: the figures over the levels given, and apart from them whether reviewers held it for applicable.

    `applies` is None where nobody answered "not applicable".
    """

    criterion: Criterion
    figures: CriterionReport
    n_ratings: int
    n_not_applicable: int
    applies: Figure | None
    flagged: Mapping[Flag, int]
    """Items a flag; an item may raise several."""
    n_flagged: int

    @property
    def named_boundaries(self) -> tuple[NamedBoundary, ...]:
        """The boundary first whose mending would win most; none where levels were merged or there is a range."""
        levels, found = self.criterion.levels, self.figures.boundaries
        if len(found) != len(levels) - 1:
            return ()
        return tuple(
            NamedBoundary(
                lower=levels[boundary.lower].label,
                upper=levels[boundary.upper].label,
                lower_text=levels[boundary.lower].description,
                upper_text=levels[boundary.upper].description,
                share=boundary.share,
                alpha=boundary.alpha,
                points=boundary.points,
            )
            for boundary in ranked(found)
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "criterion": self.criterion.key,
            "title": self.criterion.title,
            "critical": self.criterion.critical,
            "levels": [level.key for level in self.criterion.levels],
            **self.figures.as_dict(),
            "n_ratings": self.n_ratings,
            "not_applicable": {"n": self.n_not_applicable, "alpha": self.applies.as_dict() if self.applies else None},
            "flags": {"n_items": self.n_flagged, **{str(flag): n for flag, n in self.flagged.items()}},
        }


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """`n_flagged_items` counts the items with at least one flag: the cases that these ratings make.

    `n_simulated` counts the reviewers whose ratings a program drew; wherever the figures are shown it says so.
    """

    project: str
    rubric: str
    rubric_version: int
    criteria: tuple[CriterionLine, ...]
    n_items: int
    n_reviewers: int
    n_simulated: int
    n_flagged_items: int

    @property
    def n_flagged(self) -> int:
        """Pairs of item and criterion."""
        return sum(line.n_flagged for line in self.criteria)

    def as_dict(self) -> dict[str, Any]:
        by_flag = {str(flag): sum(line.flagged.get(flag, 0) for line in self.criteria) for flag in OF_ANSWERS}
        return {
            "schema": "evalhub.calibration/1",
            "project": self.project,
            "rubric": self.rubric,
            "rubric_version": self.rubric_version,
            "n_items": self.n_items,
            "n_reviewers": self.n_reviewers,
            "n_simulated": self.n_simulated,
            "criteria": [line.as_dict() for line in self.criteria],
            "flags": {"n_item_criteria": self.n_flagged, "n_cases": self.n_flagged_items, "by_flag": by_flag},
        }
