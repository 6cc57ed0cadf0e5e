"""Whose reviews a case is about, under the letters that stand for them."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account, AccountKind
from evalhub.adjudication.models import Case, CaseState
from evalhub.adjudication.schema import pseudonyms
from evalhub.projects.models import Member, MemberState, Project
from evalhub.projects.queries import shown_name
from evalhub.review.models import Assignment, AssignmentState, ReturnedReview
from evalhub.review.queries.returned import IS_RETURNED


@dataclass(frozen=True, slots=True)
class ShownReviewer:
    """`name` is given once the case is decided; a letter stands for the person before."""

    account_id: int
    letter: str
    is_simulated: bool
    name: str | None
    sent_back: ReturnedReview | None
    """While their review is with them again."""
    can_answer: bool
    """A person who still reviews in the project, so that a review can be sent back to them."""

    @property
    def mark(self) -> int:
        """Which of the six ways of marking a quote is theirs, from 1."""
        return 1 + (ord(self.letter[-1]) - ord("A")) % 6

    @property
    def takes_it_back(self) -> bool:
        """Whether their review is with them again, or can be sent back."""
        return self.sent_back is not None or self.can_answer

    @property
    def label(self) -> str:
        label = f"Reviewer {self.letter}"
        return f"{label} (simulated)" if self.is_simulated else label


def reviewers_of(session: Session, case: Case) -> list[ShownReviewer]:
    """The people whose ratings count, by letter."""
    project = session.get_one(Project, case.project_id)
    rows = session.execute(
        sa.select(Account, Member, Assignment.state, ReturnedReview)
        .join(Assignment, Assignment.reviewer_id == Account.id)
        .outerjoin(Member, sa.and_(Member.project_id == Assignment.project_id, Member.account_id == Account.id))
        .outerjoin(ReturnedReview, IS_RETURNED)
        .where(
            Assignment.project_id == case.project_id,
            Assignment.task_id == case.task_id,
            Assignment.state.in_([AssignmentState.SUBMITTED, AssignmentState.IMPORTED]),
            Account.kind.in_([AccountKind.HUMAN, AccountKind.IMPORTED]),
        )
    ).all()
    letter = pseudonyms(project.pseudonym_key, case.public_id, [(row[0].id, row[0].public_id) for row in rows])
    is_decided = case.state is CaseState.DECIDED
    found = [
        ShownReviewer(
            account_id=account.id,
            letter=letter[account.id],
            is_simulated=bool(member and member.is_simulated),
            name=shown_name(account.display_name, member, account.kind) if is_decided else None,
            sent_back=sent_back,
            can_answer=state is AssignmentState.SUBMITTED and is_there(account, member),
        )
        for account, member, state, sent_back in rows
    ]
    return sorted(found, key=lambda one: (len(one.letter), one.letter))


def is_there(account: Account, member: Member | None) -> bool:
    """Whether it is a person who reviews in the project now."""
    if member is None or member.state is not MemberState.ACTIVE or account.kind is not AccountKind.HUMAN:
        return False
    return member.is_reviewer and not member.is_simulated
