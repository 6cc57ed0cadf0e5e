"""What reviewers said once they knew of the others: answers to decisions, and answers given in reconciling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case, CaseState, ResolutionAnswer
from evalhub.adjudication.queries.cases import CasePlace
from evalhub.adjudication.queries.reconciled import latest_of
from evalhub.adjudication.queries.reviewers import ShownReviewer
from evalhub.adjudication.schema import answer_words
from evalhub.rubrics.schema.models import Criterion


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """A reviewer's answer to a decision; `waits` until an adjudicator reads it or decides anew."""

    who: str
    revision: int
    text: str
    sent_at: datetime
    waits: bool


@dataclass(frozen=True, slots=True)
class ShownReconciled:
    who: str
    account_id: int
    reason: str
    sent_at: datetime
    answers: Sequence[tuple[str, str]]
    """Title and answer of each criterion."""


def answers_to(session: Session, case: Case, reviewers: Sequence[ShownReviewer]) -> list[ShownAnswer]:
    """The answers to the decisions of a case, the newest first; one whose review is in no slot is from a latecomer."""
    labels = {one.account_id: one.label for one in reviewers}
    rows = session.scalars(
        sa.select(ResolutionAnswer)
        .where(ResolutionAnswer.project_id == case.project_id, ResolutionAnswer.task_id == case.task_id)
        .order_by(ResolutionAnswer.sent_at.desc(), ResolutionAnswer.reviewer_id)
    )
    is_decided = case.state is CaseState.DECIDED
    return [
        ShownAnswer(
            who=labels.get(row.reviewer_id, "A reviewer beyond the plan"),
            revision=row.revision,
            text=row.text,
            sent_at=row.sent_at,
            waits=is_decided and row.revision == case.revision and row.read_at is None,
        )
        for row in rows
    ]


def reconciled_in(
    session: Session, place: CasePlace, reviewers: Sequence[ShownReviewer], criteria: Mapping[int, Criterion]
) -> list[ShownReconciled]:
    """What each grader answered last, by letter."""
    latest = latest_of(session, place)
    return [
        ShownReconciled(
            who=one.label,
            account_id=one.account_id,
            reason=latest[one.account_id].reason,
            sent_at=latest[one.account_id].sent_at,
            answers=[
                (criteria[criterion_id].title, answer_words(criteria[criterion_id], answer))
                for criterion_id, answer in sorted(latest[one.account_id].answers.items())
            ],
        )
        for one in reviewers
        if one.account_id in latest
    ]
