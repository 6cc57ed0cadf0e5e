"""What is disputed in a task, by the rules of its project."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion, CaseState, Correction, CorrectionState
from evalhub.adjudication.queries.outcomes import ByCriterion, live_corrections, with_corrections
from evalhub.adjudication.schema import CORRECTION_FLAG, Given, level_counts
from evalhub.calibration.queries import answers_of_tasks, is_complete, meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.calibration.schema.flags import Flag, Question, flags_of, triage
from evalhub.calibration.schema.flips import flipped
from evalhub.calibration.schema.influence import Pattern, lowers_alpha
from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.projects.queries import rules_of
from evalhub.projects.schema import Rules
from evalhub.review.models import COUNTED_PURPOSES, Task
from evalhub.review.queries.patterns import pattern_counts
from evalhub.review.service.patterns import counted_ratings
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.queries import rubric_of
from evalhub.rubrics.schema import Criterion

Raised = Mapping[tuple[int, int], Flag]
"""A flag that a criterion's own answers do not raise, by task id and criterion id."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """The flags of a task's disputed criteria, by criterion id, and its place in the queue."""

    flags: Mapping[int, tuple[str, ...]]
    triage: float


@dataclass(frozen=True, slots=True)
class _Judged:
    """A complete task and the answers that it is judged by."""

    id: int
    rubric_version_id: int
    tags: Sequence[str]
    answers: ByCriterion


def disputes_of(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, Dispute]:
    """What is disputed in each complete live task, taking accepted corrections for the answers."""
    return _disputes(session, project_id, session.execute(_judged(project_id, task_ids).where(is_complete())).all())


def disputes_so_far(session: Session, project_id: int, task_ids: Collection[int]) -> dict[int, Dispute]:
    """The same of live tasks that wait for a review, too: what is disputed among the answers that stand."""
    return _disputes(session, project_id, session.execute(_judged(project_id, task_ids)).all())


def _disputes(session: Session, project_id: int, ready: Sequence[sa.Row[int, int, list[str]]]) -> dict[int, Dispute]:
    if not ready:
        return {}
    listed = [row.id for row in ready]
    criteria = meanings(session, {row.rubric_version_id for row in ready})
    raw = defaultdict[int, ByCriterion](dict)
    for given in answers_of_tasks(session, project_id, listed):
        raw[given.task_id].setdefault(given.criterion_id, []).append(Given(given.reviewer_id, given.answer))
    corrections = live_corrections(session, project_id, listed)
    answers = with_corrections(raw, corrections)
    tasks = [_Judged(row.id, row.rubric_version_id, row.tags, answers.get(row.id, {})) for row in ready]
    rules = rules_of(session.get_one(Project, project_id))
    also = [
        _influential(session, project_id, tasks, criteria, rules),
        _flips(session, tasks, criteria, rules),
    ]
    asked_for = _asked_for(corrections)
    return {task.id: _dispute(task, criteria, rules, also, asked_for.get(task.id, set())) for task in tasks}


def _judged(project_id: int, task_ids: Collection[int]) -> sa.Select[int, int, list[str]]:
    """Id, rubric version and tags of those of the tasks that are judged at all."""
    return (
        sa.select(Task.id, Task.rubric_version_id, Item.tags)
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .where(
            Task.project_id == project_id,
            Task.id.in_(list(task_ids)),
            Task.purpose.in_(COUNTED_PURPOSES),
            Item.withdrawn_at.is_(None),
        )
        .order_by(Task.id)
    )


def _asked_for(corrections: Sequence[Correction]) -> dict[int, set[int]]:
    """The criteria of each task that wait for an answer to a correction."""
    found = defaultdict[int, set[int]](set)
    for row in corrections:
        if row.state is CorrectionState.OPEN:
            found[row.task_id].add(row.criterion_id)
    return found


def _dispute(
    task: _Judged, criteria: Mapping[int, Criterion], rules: Rules, also: Sequence[Raised], asked_for: set[int]
) -> Dispute:
    flags: dict[int, tuple[str, ...]] = {}
    answered: list[tuple[Question, list[Answer], list[Flag]]] = []
    for criterion_id, given in task.answers.items():
        question = Question.of(criteria[criterion_id])
        plain = [one.answer for one in given]
        raised = [*flags_of(question, plain, rules.flags)]
        raised += [more[task.id, criterion_id] for more in also if (task.id, criterion_id) in more]
        answered.append((question, plain, raised))
        asked = (CORRECTION_FLAG,) if criterion_id in asked_for else ()
        if raised or asked:
            flags[criterion_id] = (*(flag.value for flag in raised), *asked)
    return Dispute(flags, triage(answered))


def _influential(
    session: Session, project_id: int, tasks: Sequence[_Judged], criteria: Mapping[int, Criterion], rules: Rules
) -> Raised:
    """The criteria whose alpha these tasks lower; read from the kept counts, whatever the number of items.

    Alpha moves with every further item. So a flag, once raised, stays as long as the answers differ: nobody loses a
    case because of other items.
    """
    threshold = rules.flags.influence
    if threshold is None:
        return {}
    listed = [task.id for task in tasks]
    counts = pattern_counts(session, project_id)
    counted = counted_ratings(session, project_id, listed)
    standing = _standing(session, project_id, listed, Flag.INFLUENCE)

    @cache
    def lowers(criterion_id: int, judged: Pattern, counted: Pattern) -> bool:
        known = counts.get(criterion_id, Counter())
        return lowers_alpha(criteria[criterion_id], judged, known, counted, threshold=threshold)

    found: dict[tuple[int, int], Flag] = {}
    for task in tasks:
        for criterion_id, given in task.answers.items():
            place, criterion = (task.id, criterion_id), criteria[criterion_id]
            answers = [one.answer for one in given]
            levels = counted.get(task.id, {}).get(criterion_id, {}).values()
            stays = place in standing and len(set(answers)) > 1
            own, before = level_counts(criterion, answers), level_counts(criterion, map(Answer, levels))
            if stays or lowers(criterion_id, own, before):
                found[place] = Flag.INFLUENCE
    return found


def _standing(session: Session, project_id: int, task_ids: Sequence[int], flag: Flag) -> set[tuple[int, int]]:
    """Where the flag stands in an open case."""
    rows = session.execute(
        sa.select(CaseCriterion.task_id, CaseCriterion.criterion_id, CaseCriterion.flags)
        .join(Case, sa.and_(Case.project_id == CaseCriterion.project_id, Case.task_id == CaseCriterion.task_id))
        .where(Case.project_id == project_id, Case.task_id.in_(task_ids), Case.state == CaseState.OPEN)
    )
    return {(task_id, criterion_id) for task_id, criterion_id, flags in rows if flag.value in flags}


def _flips(session: Session, tasks: Sequence[_Judged], criteria: Mapping[int, Criterion], rules: Rules) -> Raised:
    """The criteria by which some reviewers' own totals pass and others' fail."""
    if not rules.flags.pass_flip:
        return {}
    versions = {task.rubric_version_id for task in tasks}
    rubrics = {
        version_id: rules.applied_to(rubric_of(session.get_one(RubricVersion, version_id))) for version_id in versions
    }
    found: dict[tuple[int, int], Flag] = {}
    for task in tasks:
        sheets = defaultdict[int, dict[str, Answer]](dict)
        for criterion_id, given in task.answers.items():
            for one in given:
                sheets[one.reviewer_id][criteria[criterion_id].key] = one.answer
        keys = flipped(rubrics[task.rubric_version_id], sheets.values(), task.tags)
        found |= {(task.id, cid): Flag.FLIP for cid in task.answers if criteria[cid].key in keys}
    return found
