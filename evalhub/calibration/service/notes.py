"""What a reader of a report must know of what entered it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from evalhub.calibration.queries import left_out_reviews
from evalhub.calibration.schema.section import CriterionSection
from evalhub.calibration.service.ground import Ground
from evalhub.calibration.service.sections import MOST_CELLS, MOST_PAIRS
from evalhub.calibration.service.totals import MOST_SCORES


def notes(
    ground: Ground, sections: Sequence[CriterionSection], rated: NDArray[np.int64], *, is_rounded: bool
) -> tuple[str, ...]:
    """Sentences without names of people or items.

    Args:
        rated: the places of the tasks with a rating that counts.
        is_rounded: whether the overall scores are.
    """
    found = [sentence for section in sections for sentence in _of_criterion(section)]
    found += _left_out(ground)
    found += _without_a_time(ground, rated)
    if is_rounded:
        found.append(f"The overall scores are rounded to {MOST_SCORES} steps of their spread for their alpha.")
    return tuple(found)


def _of_criterion(section: CriterionSection) -> Iterator[str]:
    title = section.criterion.title
    if len(section.versions) > 1:
        numbers = " and ".join(map(str, section.versions))
        yield f"{title}: ratings of the rubric's versions {numbers} are pooled, because the question did not change."
    if len(section.pairs) == MOST_PAIRS:
        yield f"{title}: of all pairs of reviewers only the {MOST_PAIRS} that agree least are listed."
    if section.n_ratings > section.n_not_applicable and not section.reviewers:
        yield (
            f"{title}: reviewers are not compared one by one, because reviewers times distinct values are more than "
            f"{MOST_CELLS:,}."
        )


def _left_out(ground: Ground) -> Iterator[str]:
    adaptive, extra = left_out_reviews(ground.session, ground.project_id)
    if adaptive:
        yield f"Left out of every figure: {_reviews(adaptive)} asked for because others differed."
    if extra:
        yield f"Left out of every figure: {_reviews(extra)} that came after the lease had ended."


def _without_a_time(ground: Ground, rated: NDArray[np.int64]) -> Iterator[str]:
    n = int((ground.week[rated] < 0).sum())
    if n and n == len(rated):
        yield "There are no weeks: all ratings were imported without a time."
    elif n:
        yield f"{n:,} of {len(rated):,} items are in no week: ratings of theirs were imported without a time."


def _reviews(n: int) -> str:
    return "1 review" if n == 1 else f"{n:,} reviews"
