"""Whether an item passes by the grades of some reviewers and fails by those of others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from evalhub.calibration.schema.consensus import Answer
from evalhub.rubrics.schema import CriterionOutcome, Overall, Rubric, score

Sheet = Mapping[str, Answer]
"""One reviewer's answers, by criterion key."""


def total(rubric: Rubric, sheet: Sheet, tags: Collection[str]) -> Overall:
    """The overall score that an item with these tags would have by one reviewer's answers alone."""
    return score(rubric, {key: _outcome(answer) for key, answer in sheet.items()}, tags)


def flipped(rubric: Rubric, sheets: Collection[Sheet], tags: Collection[str]) -> set[str]:
    """Keys of the criteria on which somebody who passes the item and somebody who fails it differ.

    Empty unless some pass it and others fail it; whoever's total is undefined does neither.

    Args:
        rubric: with the pass rule that holds for the project.
        sheets: one a reviewer.
    """
    verdicts = [(total(rubric, sheet, tags).passed, sheet) for sheet in sheets]
    if not {True, False} <= {passed for passed, _ in verdicts}:
        return set()
    told = [sheet for passed, sheet in verdicts if passed is not None]
    return {criterion.key for criterion in rubric.criteria if len({sheet.get(criterion.key) for sheet in told}) > 1}


def _outcome(answer: Answer) -> CriterionOutcome:
    if answer.is_not_applicable:
        return CriterionOutcome("not_applicable")
    return CriterionOutcome("rated", answer.rank, answer.value)
