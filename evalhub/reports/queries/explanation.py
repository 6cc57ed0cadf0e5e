"""Why an item scored what it did, and its whole history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseCriterion, CaseState
from evalhub.adjudication.queries.outcomes import ByCriterion, live_corrections, with_corrections
from evalhub.adjudication.schema import Given, answer_words
from evalhub.calibration.queries import answers_of_tasks, meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.datasets.models import Item
from evalhub.export.schema.options import Options
from evalhub.export.schema.records import ExportedItem, GivenRating, Settled, shown_criteria
from evalhub.export.service.stream import Stream
from evalhub.projects.models import Project
from evalhub.reports.queries.history import history_of, tasks_of
from evalhub.reports.queries.narrowed import is_hidden
from evalhub.reports.queries.shown_people import ShownPeople
from evalhub.reports.schema.explanation import CriterionExplained, Explanation, Quote, RecordExplained, Said
from evalhub.reports.schema.rules import rule_words
from evalhub.reports.schema.steps import explained_score
from evalhub.review.models import COUNTED_PURPOSES, Purpose, Task
from evalhub.rubrics.models import Criterion as CriterionRow
from evalhub.rubrics.schema import Criterion

SEEN_BY_ALL = (*COUNTED_PURPOSES, Purpose.CALIBRATION)
NOTHING = Settled("undefined", None, None, "", 0, (), None, "", "", 0)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom an explanation is for.

    `names`: people go by their names, else by the pseudonyms of exports. `training`: what reviewers are trained and
    checked with is shown too. `decides_cases`: while a case of the item is open, they learn neither names nor model.
    """

    names: bool
    training: bool
    decides_cases: bool


OPERATOR = Reader(names=True, training=True, decides_cases=False)
"""Whoever runs the command line."""


def is_hidden_item(session: Session, project: Project, item: Item, account_id: int) -> bool:
    """Whether the account may still answer the item, or graded it and the case is open."""
    tasks = [task.id for task in tasks_of(session, project, item, *Purpose)]
    hidden = is_hidden(session, project.id, account_id)
    found = sa.select(Task.id).where(Task.project_id == project.id, Task.id.in_(tasks), hidden)
    return bool(session.scalar(sa.select(found.exists())))


def explanation_of(session: Session, project_id: int, item_id: int, reader: Reader) -> Explanation:
    """All that is known of an item in a project; must come before any other read of the session.

    What the item came to is read as an export reads it.
    """
    stream = Stream(session, project_id, Options(), item_id)
    item = session.get_one(Item, (stream.project.dataset_id, item_id))
    tasks = tasks_of(session, stream.project, item, *(Purpose if reader.training else SEEN_BY_ALL))
    is_blinded = reader.decides_cases and _is_disputed(session, project_id, tasks)
    people = ShownPeople(session, stream.project, names=reader.names and not is_blinded)
    portions = list(stream.portions())
    records = [
        _record(session, project_id, task_id, exported, people)
        for portion in portions
        for task_id, exported in portion.items.items()
    ]
    shown, timeline = history_of(session, stream.project, item, tasks, people)
    return Explanation(
        project=stream.project.name,
        dataset=stream.dataset,
        item=item.external_id,
        revision=item.revision,
        model="" if is_blinded else item.model or "",
        tags=item.tags,
        content_sha256=item.content_sha256,
        withdrawn_at=item.withdrawn_at,
        records=records,
        tasks=shown,
        timeline=timeline,
    )


def _is_disputed(session: Session, project_id: int, tasks: Sequence[Task]) -> bool:
    found = sa.select(Case.task_id).where(
        Case.project_id == project_id, Case.task_id.in_([task.id for task in tasks]), Case.state == CaseState.OPEN
    )
    return bool(session.scalar(sa.select(found.exists())))


def _record(
    session: Session, project_id: int, task_id: int, exported: ExportedItem, people: ShownPeople
) -> RecordExplained:
    criteria = [
        _criterion_of(session, project_id, exported, criterion, people) for criterion in shown_criteria(exported)
    ]
    words = {one.criterion: one.answer for one in criteria}
    return RecordExplained(
        purpose=session.get_one(Task, (project_id, task_id)).purpose.value,
        rubric=exported.rubric.name,
        rubric_version=exported.rubric.version,
        state=exported.state.value,
        finalized_at=exported.finalized_at,
        criteria=criteria,
        score=explained_score(exported.rubric, exported.outcomes, exported.tags, words),
    )


def _criterion_of(
    session: Session, project_id: int, exported: ExportedItem, criterion: Criterion, people: ShownPeople
) -> CriterionExplained:
    """From the task that asked it, for a regrade asks a part of the rubric."""
    key, outcome = criterion.key, exported.outcomes.get(criterion.key)
    if outcome is None:
        return _criterion(criterion, None, (), (), has_open_case=False)
    corrections = _corrections(session, project_id, outcome.task_id, people)
    return _criterion(
        criterion,
        outcome,
        _answers(session, project_id, outcome.task_id).get(key, ()),
        [
            _said(rating, people, corrections)
            for rating in exported.ratings
            if rating.criterion.key == key and rating.rubric_version == outcome.rubric_version
        ],
        has_open_case=key in _in_open_case(session, project_id, outcome.task_id),
    )


def _answers(session: Session, project_id: int, task_id: int) -> dict[str, list[Answer]]:
    """What the consensus of each criterion rests on, by key."""
    raw: ByCriterion = {}
    for given in answers_of_tasks(session, project_id, [task_id]):
        raw.setdefault(given.criterion_id, []).append(Given(given.reviewer_id, given.answer))
    corrected = with_corrections({task_id: raw}, live_corrections(session, project_id, [task_id]))[task_id]
    keys = dict(session.execute(sa.select(CriterionRow.id, CriterionRow.key).where(CriterionRow.id.in_(raw))).all())
    return {keys[criterion_id]: [one.answer for one in given] for criterion_id, given in corrected.items()}


def _in_open_case(session: Session, project_id: int, task_id: int) -> set[str]:
    """Keys of the criteria in dispute."""
    return set(
        session.scalars(
            sa.select(CriterionRow.key)
            .join(CaseCriterion, CaseCriterion.criterion_id == CriterionRow.id)
            .join(Case, sa.and_(Case.project_id == CaseCriterion.project_id, Case.task_id == CaseCriterion.task_id))
            .where(Case.project_id == project_id, Case.task_id == task_id, Case.state == CaseState.OPEN)
        )
    )


def _corrections(session: Session, project_id: int, task_id: int, people: ShownPeople) -> Mapping[tuple[str, str], str]:
    """What accepted corrections say instead, by the reviewer's pseudonym and the criterion's key."""
    accepted = [row for row in live_corrections(session, project_id, [task_id]) if row.state.value == "accepted"]
    versions = [session.get_one(Task, (project_id, task_id)).rubric_version_id]
    criteria = meanings(session, versions) if accepted else {}
    return {
        (people.pseudonym(row.reviewer_id), criteria[row.criterion_id].key): answer_words(
            criteria[row.criterion_id], Answer(row.level, row.value)
        )
        for row in accepted
    }


def _criterion(
    criterion: Criterion,
    outcome: Settled | None,
    answers: Sequence[Answer],
    said: Sequence[Said],
    *,
    has_open_case: bool,
) -> CriterionExplained:
    found = outcome or NOTHING
    is_rated = found.state == "rated"
    level = criterion.levels[found.rank] if is_rated and found.rank is not None else None
    return CriterionExplained(
        criterion=criterion.key,
        title=criterion.title,
        question=criterion.description,
        weight=criterion.weight,
        critical=criterion.critical,
        state=found.state,
        answer=answer_words(criterion, Answer(found.rank, found.value)) if is_rated else _state_words(found.state),
        level=level.key if level else "",
        rank=found.rank,
        value=found.value,
        share=criterion.share(rank=found.rank, value=found.value) if is_rated else None,
        method=found.method,
        rule=rule_words(criterion, outcome, answers, has_open_case=has_open_case),
        descriptor=level.description if level else "",
        n_ratings=found.n_ratings,
        counts=found.counts,
        agreement=found.agreement,
        rationale=found.rationale,
        said=said,
    )


def _state_words(state: str) -> str:
    return {"not_applicable": "Not applicable", "pending": "Undecided"}.get(state, "Not answered")


def _said(rating: GivenRating, people: ShownPeople, corrections: Mapping[tuple[str, str], str]) -> Said:
    labels = {tag.key: tag.label for tag in rating.criterion.failure_tags}
    return Said(
        who=people.of_grader(rating.grader),
        answer=answer_words(rating.criterion, Answer(rating.rank, rating.value)),
        rank=rating.rank,
        value=rating.value,
        counts=rating.counts,
        corrected_to=corrections.get((rating.grader.pseudonym, rating.criterion.key), ""),
        note=rating.note,
        tags=[labels.get(tag, tag) for tag in rating.tags],
        quotes=[
            Quote(side=quote["side"], start=quote["start"], end=quote["end"], exact=quote["exact"])
            for quote in rating.evidence
        ],
    )
