"""How agreement went from week to week."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evalhub.calibration.queries import week_label
from evalhub.calibration.schema.section import PeriodLine
from evalhub.calibration.service.ground import Ground
from evalhub.stats import Ratings, Scale
from evalhub.stats.drift import Period, ReviewerPeriod, drift
from evalhub.stats.figure import Floats


def weeks(
    ground: Ground, ratings: Ratings, scale: Scale, values: Floats | None
) -> tuple[tuple[PeriodLine, ...], tuple[ReviewerPeriod, ...]]:
    """The weeks in order of time, and the reviewers in them, who name a week by its place among these.

    An item belongs to the week in which its last reviewer finished; items without a time are left out.
    """
    week = ground.week[ratings.unit]
    timed = ratings.only(week >= 0)
    week = ground.week[timed.unit]
    if not len(timed):
        return (), ()
    found = drift(timed, week, scale=scale, values=values, mix=ground.tasks.mix[timed.unit])
    place = {period.period: at for at, period in enumerate(found.periods)}
    lines = tuple(_line(ground, period, timed.unit[week == period.period]) for period in found.periods)
    return lines, tuple(replace(one, period=place[one.period]) for one in found.reviewers)


def _line(ground: Ground, period: Period, tasks: np.ndarray) -> PeriodLine:
    return PeriodLine(
        label=week_label(period.period),
        rubric_versions=tuple(np.unique(ground.tasks.rubric_version[tasks]).tolist()),
        n_items=period.n_items,
        n_pairable=period.n_pairable,
        alpha=period.alpha,
        disagreement=period.disagreement,
        is_raised=period.is_raised,
        is_provisional=period.is_provisional,
        changed_mix=period.changed_mix,
    )
