"""Everything on one case: the item, what its reviewers said under pseudonyms, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.adjudication.models import (
    Case,
    CaseCriterion,
    CaseState,
    Correction,
    CorrectionState,
    DecidedLevel,
    Decision,
    DecisionException,
)
from evalhub.adjudication.queries.afterwards import ShownAnswer, ShownReconciled, answers_to, reconciled_in
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.queries.nobody import reconciliation_of
from evalhub.adjudication.queries.outcomes import settled
from evalhub.adjudication.queries.resolution import corrections_of
from evalhub.adjudication.queries.reviewers import ShownReviewer, reviewers_of
from evalhub.adjudication.schema import CAUSE_WORDS, REASONS, Outcome, answer_words, case_alias
from evalhub.calibration.queries import meanings
from evalhub.calibration.schema.consensus import Answer
from evalhub.datasets.models import Item
from evalhub.projects.models import Project
from evalhub.review.models import Evidence, Task
from evalhub.review.queries.assignments import GivenRating, given_ratings
from evalhub.review.queries.one_more import may_get_one_more, waits_for_one_more
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class ShownCorrection:
    """`key` names it in the forms of the case page."""

    key: str
    answer: str
    reason: str
    state: CorrectionState
    sent_at: datetime
    said: str
    """What the adjudicator answered."""


@dataclass(frozen=True, slots=True)
class ShownRating:
    reviewer: ShownReviewer
    rank: int | None
    answer: str
    is_not_applicable: bool
    note: str
    tags: Sequence[str]
    quotes: Sequence[Evidence]
    corrections: Sequence[ShownCorrection]


@dataclass(frozen=True, slots=True)
class ShownCriterion:
    """A criterion with all that was said; `reasons` tell why it is disputed, and are empty where it is not."""

    criterion_id: int
    criterion: Criterion
    reasons: Sequence[str]
    ratings: Sequence[ShownRating]
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class ShownDecision:
    revision: int
    by: str
    at: datetime
    cause: str
    rationale: str
    exception: str | None
    answers: Sequence[tuple[str, str]]
    """Title and answer of each criterion."""


@dataclass(frozen=True, slots=True)
class CaseFile:
    case: Case
    project: Project
    item: Item
    alias: str
    reviewers: Sequence[ShownReviewer]
    criteria: Sequence[ShownCriterion]
    decisions: Sequence[ShownDecision]
    """The newest first."""
    answers: Sequence[ShownAnswer]
    """To decisions, the newest first."""
    reconciliation: DecisionException | None
    """That the graders were asked to settle the case together."""
    reconciled: Sequence[ShownReconciled]
    waits_for_one_more: bool
    """The review of one more reviewer is still to come."""
    may_ask_one_more: bool

    @property
    def disputed(self) -> list[ShownCriterion]:
        return [one for one in self.criteria if one.reasons]

    @property
    def corrections(self) -> list[tuple[ShownCriterion, ShownRating, ShownCorrection]]:
        """All that were sent, those that wait first."""
        found = [
            (one, rating, correction)
            for one in self.criteria
            for rating in one.ratings
            for correction in rating.corrections
        ]
        return sorted(found, key=lambda entry: entry[2].state is not CorrectionState.OPEN)

    @property
    def has_answers(self) -> bool:
        """Whether an answer to the decision waits to be read."""
        return any(answer.waits for answer in self.answers)

    @property
    def agreed(self) -> list[ShownCriterion]:
        return [one for one in self.criteria if not one.reasons]


def case_file(session: Session, place: CasePlace) -> CaseFile:
    """The whole case; the caller has checked that it may be shown."""
    case, project, item, version_id, waits, may_ask = session.execute(
        sa.select(Case, Project, Item, Task.rubric_version_id, waits_for_one_more(), may_get_one_more())
        .join(Task, sa.and_(Task.project_id == Case.project_id, Task.id == Case.task_id))
        .join(Item, sa.and_(Item.dataset_id == Task.dataset_id, Item.id == Task.item_id))
        .join(Project, Project.id == Case.project_id)
        .where(Case.project_id == place.project_id, Case.task_id == place.task_id)
    ).one()
    meaning = meanings(session, [version_id])
    reviewers = reviewers_of(session, case)
    ratings = given_ratings(session, place.project_id, place.task_id, [one.account_id for one in reviewers])
    reasons = {
        row.criterion_id: [REASONS[flag] for flag in row.flags]
        for row in session.scalars(
            sa.select(CaseCriterion).where(
                CaseCriterion.project_id == place.project_id, CaseCriterion.task_id == place.task_id
            )
        )
    }
    outcomes = settled(session, place.project_id, [place.task_id]).get(place.task_id, {})
    corrections = corrections_of(session, place.project_id, place.task_id)
    return CaseFile(
        case=case,
        project=project,
        item=item,
        alias=case_alias(case.public_id),
        reviewers=reviewers,
        criteria=[
            ShownCriterion(
                criterion_id=criterion_id,
                criterion=criterion,
                reasons=reasons.get(criterion_id, []) if not case.state.has_nothing_to_settle else [],
                ratings=_ratings(criterion, criterion_id, reviewers, ratings, corrections),
                outcome=outcomes.get(criterion_id),
            )
            for criterion_id, criterion in meaning.items()
            if criterion_id in outcomes or criterion_id in reasons
        ],
        decisions=_decisions(session, case, meaning),
        answers=answers_to(session, case, reviewers),
        reconciliation=reconciliation_of(session, place),
        reconciled=reconciled_in(session, place, reviewers, meaning),
        waits_for_one_more=waits,
        may_ask_one_more=may_ask and case.state is CaseState.OPEN,
    )


def _ratings(
    criterion: Criterion,
    criterion_id: int,
    reviewers: Sequence[ShownReviewer],
    ratings: dict[int, list[GivenRating]],
    corrections: Sequence[Correction],
) -> list[ShownRating]:
    tag_labels = {tag.key: tag.label for tag in criterion.failure_tags}
    found = []
    for reviewer in reviewers:
        rating = next((r for r in ratings.get(reviewer.account_id, []) if r.criterion_id == criterion_id), None)
        if rating is None:
            continue
        found.append(
            ShownRating(
                reviewer=reviewer,
                rank=rating.level,
                answer=answer_words(criterion, Answer(rating.level, rating.value)),
                is_not_applicable=rating.not_applicable,
                note=rating.note,
                tags=[tag_labels.get(tag, tag) for tag in rating.tags],
                quotes=rating.evidence,
                corrections=[
                    ShownCorrection(
                        key=f"{reviewer.letter}:{criterion.key}:{row.occasion}",
                        answer=answer_words(criterion, Answer(row.level, row.value)),
                        reason=row.reason,
                        state=row.state,
                        sent_at=row.sent_at,
                        said=row.answer or "",
                    )
                    for row in corrections
                    if row.reviewer_id == reviewer.account_id and row.criterion_id == criterion_id
                ],
            )
        )
    return found


def _decisions(session: Session, case: Case, criteria: dict[int, Criterion]) -> list[ShownDecision]:
    levels: dict[int, list[tuple[str, str]]] = {}
    for row in session.scalars(
        sa.select(DecidedLevel).where(DecidedLevel.project_id == case.project_id, DecidedLevel.task_id == case.task_id)
    ):
        criterion = criteria[row.criterion_id]
        words = answer_words(criterion, Answer(row.level, row.value))
        levels.setdefault(row.revision, []).append((criterion.title, words))
    rows = session.execute(
        sa.select(Decision, Account.display_name)
        .join(Account, Account.id == Decision.decided_by_id)
        .where(Decision.project_id == case.project_id, Decision.task_id == case.task_id)
        .order_by(Decision.revision.desc())
    )
    return [
        ShownDecision(
            revision=decision.revision,
            by=name,
            at=decision.decided_at,
            cause=CAUSE_WORDS[decision.cause],
            rationale=decision.rationale,
            exception=decision.exception,
            answers=sorted(levels.get(decision.revision, [])),
        )
        for decision, name in rows
    ]
