"""Compare the models of a project: at once where it is small, else in the background."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from evalhub.calibration.queries import criteria_of
from evalhub.calibration.queries.size import is_small
from evalhub.calibration.service.ground import Ground
from evalhub.calibration.service.totals import Sheets, totals
from evalhub.db import now
from evalhub.jobs.models import Job
from evalhub.jobs.service import enqueue
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.reports.queries.compared import ComparedItems, Progress, compared_items
from evalhub.reports.queries.stored import latest_result
from evalhub.reports.schema.comparison import Basis, Comparison
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema.models import OverallLevel
from evalhub.stats import ModelScores, Ratings, adjusted_means, model_scores
from evalhub.stats.resampling import MIN_GROUPS
from evalhub.stats.severity import severities

KIND = "model-comparison"
NO_OVERLAP = "No item was graded in full by two reviewers, so nothing says how strict each of them is."
SEVERAL_GROUPS = (
    "The reviewers fall into groups that share no items, so nothing says which group is the stricter, and the models"
    " that they graded cannot be adjusted for it."
)


@dataclass(frozen=True, slots=True)
class AtHand:
    """The comparison that can be shown at once; None where the project is large and nobody has had one made.

    `is_kept`: it is made in the background, and stays as it was when it was made.
    """

    comparison: Comparison | None
    is_kept: bool


@dataclass(frozen=True, slots=True)
class _Shift:
    """How far severity moved the mean of each item, shape (items,), or why nothing is known of it."""

    by_item: NDArray[np.float64] | None
    because: str
    n_unknown: int


def shown_comparison(session: Session, project: Project) -> AtHand:
    """The comparison of a small project, computed now; the newest that was made of a large one, if any was."""
    if is_small(session, project.id):
        return AtHand(compare_models(session, project), is_kept=False)
    found = latest_result(session, KIND, project.id)
    if found is None or found.result is None:
        return AtHand(None, is_kept=True)
    return AtHand(_adapter().validate_python(found.result["comparison"]), is_kept=True)


def request_comparison(session: Session, project_id: int, by_id: int | None) -> Job:
    """Have the models compared in the background; the job that does so already is answered again."""
    return enqueue(session, KIND, {}, project_id=project_id, by_id=by_id)


def as_result(comparison: Comparison) -> Mapping[str, Any]:
    """What the job keeps of it."""
    return {"comparison": _adapter().dump_python(comparison, mode="json")}


def compare_models(session: Session, project: Project, progress: Progress | None = None) -> Comparison:
    """Score and compare the models of a project on the prompts that they share, raw and adjusted for severity.

    Args:
        progress: told how many items are done, of how many, and what comes next.
    """
    tell = progress or (lambda done, total, stage: None)
    items = compared_items(session, project, tell)
    tell(len(items.task), len(items.task), "comparing the models")
    version = session.get_one(RubricVersion, project.rubric_version_id)
    shift = _severity_shift(session, project, items)
    common = _common(items)
    return Comparison(
        models=items.models,
        basis=_basis(items, rubric_of(version).name, version.number, common),
        scores=_scores(items, items.score, common),
        adjusted=None if shift.by_item is None else _scores(items, items.score + shift.by_item, common),
        adjusted_because=shift.because,
        n_unknown=shift.n_unknown,
        made_at=now(session),
    )


def _common(items: ComparedItems) -> NDArray[np.bool_] | None:
    """Which items answer a prompt on which every model has a score; None where too few prompts are such."""
    scored = ~np.isnan(items.score)
    pairs = np.unique(np.column_stack([items.group[scored], items.model[scored]]), axis=0)
    n_models = np.bincount(pairs[:, 0], minlength=int(items.group.max(initial=-1)) + 1)
    is_common = n_models == len(items.models)
    return is_common[items.group] if len(items.models) > 1 and is_common.sum() >= MIN_GROUPS else None


def _basis(items: ComparedItems, rubric: str, version: int, common: NDArray[np.bool_] | None) -> Basis:
    return Basis(
        rubric=rubric,
        rubric_version=version,
        n_items=len(items.task),
        n_scored=int((~np.isnan(items.score)).sum()),
        n_unnamed=items.n_unnamed,
        n_unfinished=items.n_unfinished,
        n_other_version=items.n_other_version,
        n_common=None if common is None else len(np.unique(items.group[common])),
    )


def _scores(items: ComparedItems, score: NDArray[np.float64], common: NDArray[np.bool_] | None) -> ModelScores:
    """The pairs on the prompts that both have, each model on the prompts that all have, or else on its own."""
    whole = _scores_of(items, score, np.ones(len(score), dtype=np.bool_))
    return whole if common is None else replace(whole, models=_scores_of(items, score, common).models)


def _scores_of(items: ComparedItems, score: NDArray[np.float64], rows: NDArray[np.bool_]) -> ModelScores:
    return model_scores(
        items.group[rows],
        items.model[rows],
        score=score[rows],
        passed=items.passed[rows],
        level=items.level[rows],
        n_levels=len(OverallLevel),
    )


def _severity_shift(session: Session, project: Project, items: ComparedItems) -> _Shift:
    """What the severity of its reviewers, in their own totals, takes from or adds to the score of each item."""
    ground = Ground.of(session, project, None, None)
    sheets = Sheets(ground)
    for asked in criteria_of(session, project.id):
        sheets.add(asked, ground.ratings_of(asked))
    version = session.get_one(RubricVersion, project.rubric_version_id)
    found = totals(sheets, rules_of(project).applied_to(rubric_of(version)))
    ratings = Ratings.of_values(found.task, found.reviewer, found.score, ground.tasks.group[found.task])
    known = severities(ratings)
    means = adjusted_means(ratings, known)
    if means.n_components != 1:
        return _Shift(None, SEVERAL_GROUPS if known else NO_OVERLAP, means.n_unknown)
    by_task = np.zeros(len(ground.tasks))
    by_task[means.unit] = means.adjusted - means.raw
    return _Shift(by_task[np.searchsorted(ground.tasks.id, items.task)], "", means.n_unknown)


@cache
def _adapter() -> TypeAdapter[Comparison]:
    return TypeAdapter(Comparison)
