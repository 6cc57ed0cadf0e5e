"""Put a project's calibration report together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.calibration.queries import (
    Asked,
    CountedRatings,
    CountedTasks,
    applicability,
    as_ratings,
    counted_ratings,
    counted_tasks,
    criteria_of,
)
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Flag, Question, flags_of
from evalhub.calibration.schema.lines import CalibrationReport, CriterionLine
from evalhub.errors import NotFound
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of, simulated_reviewers
from evalhub.projects.schema import Flags
from evalhub.rubrics.models import Rubric, RubricVersion
from evalhub.stats import Figure, PatternCounts, Scale, alpha, criterion_report


def report(
    session: Session,
    project_id: int,
    *,
    criterion: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> CalibrationReport:
    """The agreement of a project's reviewers, criterion by criterion.

    Args:
        criterion: the key of the only criterion wanted.
        since: only reviews submitted at or after this moment.
        until: only reviews submitted before it.

    Raises:
        NotFound: the rubric has no such criterion.
        CheckFailed: an alpha differs from the krippendorff package's.
    """
    known = criteria_of(session, project_id)
    asked = [one for one in known if criterion in (None, one.criterion.key)]
    if not asked:
        listed = ", ".join(one.criterion.key for one in known)
        raise NotFound(f'The rubric of this project has no criterion "{criterion}"; it has {listed}.')
    project = session.get_one(Project, project_id)
    tasks = counted_tasks(session, project_id)
    lines: list[CriterionLine] = []
    rated, reviewers, flagged = set[int](), set[int](), set[int]()
    for one in asked:
        found = counted_ratings(session, project_id, one, tasks, since=since, until=until)
        disputed = _disputed(one, found, tasks, rules_of(project).flags)
        lines.append(_line(one, found, tasks, disputed))
        rated.update(np.unique(found.task).tolist())
        reviewers.update(np.unique(found.reviewer).tolist())
        flagged.update(disputed)
    rubric, number = session.execute(
        sa.select(Rubric.name, RubricVersion.number)
        .join(Rubric, Rubric.id == RubricVersion.rubric_id)
        .where(RubricVersion.id == project.rubric_version_id)
    ).one()
    return CalibrationReport(
        project=project.name,
        rubric=rubric,
        rubric_version=number,
        criteria=tuple(lines),
        n_items=len(rated),
        n_reviewers=len(reviewers),
        n_simulated=len(reviewers & simulated_reviewers(session, project_id)),
        n_flagged_items=len(flagged),
    )


def flags_by_task(
    question: Question, answers: Mapping[int, Sequence[Answer]], rules: Flags
) -> dict[int, tuple[Flag, ...]]:
    """The flags of the tasks that have some; equal answers are judged once."""
    known: dict[tuple[Answer, ...], tuple[Flag, ...]] = {}
    found = {}
    for task_id, given in answers.items():
        key = tuple(given)
        if key not in known:
            known[key] = flags_of(question, given, rules)
        if known[key]:
            found[task_id] = known[key]
    return found


def _disputed(asked: Asked, found: CountedRatings, tasks: CountedTasks, rules: Flags) -> dict[int, tuple[Flag, ...]]:
    return flags_by_task(asked.question, found.answers_by_task(asked, tasks.is_complete), rules)


def _line(
    asked: Asked, found: CountedRatings, tasks: CountedTasks, disputed: Mapping[int, tuple[Flag, ...]]
) -> CriterionLine:
    criterion = asked.criterion
    return CriterionLine(
        criterion=criterion,
        figures=criterion_report(
            as_ratings(asked, found, tasks),
            scale=criterion.scale.value,
            critical=criterion.critical,
            scores=None if criterion.range else [level.score for level in criterion.levels],
        ),
        n_ratings=len(found.task),
        n_not_applicable=int(found.is_not_applicable.sum()),
        applies=_applies(found, tasks),
        flagged=Counter(flag for flags in disputed.values() for flag in flags),
        n_flagged=len(disputed),
    )


def _applies(found: CountedRatings, tasks: CountedTasks) -> Figure | None:
    if not found.is_not_applicable.any():
        return None
    return alpha(PatternCounts.of(applicability(found, tasks)), scale=Scale.NOMINAL)
