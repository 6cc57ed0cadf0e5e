"""The reviewer's own reviews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.projects.models import Batch, Member, Project
from evalhub.review.models import LIKE_LIVE, Assignment, AssignmentState, Draft, Purpose, RatingNote, Review, Task
from evalhub.review.models.work import ReturnedReview
from evalhub.review.schema import item_alias
from evalhub.web.listing import Listing
from evalhub.web.paging import Page, keyset

SUBMITTED = (AssignmentState.SUBMITTED, AssignmentState.EXTRA)
SHOWN = (*SUBMITTED, AssignmentState.LEASED, AssignmentState.EXPIRED, AssignmentState.SKIPPED, AssignmentState.VOIDED)


class Show(StrEnum):
    """Which of my reviews to list."""

    DRAFT = "draft"
    HELD = "held"
    RETURNED = "returned"
    SUBMITTED = "submitted"
    EXTRA = "extra"
    SETTLED = "settled"
    SKIPPED = "skipped"
    LAPSED = "lapsed"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class MyReview:
    """A line of the list; the rows stand whole, so that whether it can be reopened is told without asking again."""

    assignment: Assignment
    task: Task
    batch: Batch
    project: Project
    draft_revision: int | None
    draft_revises: int | None
    returned_revision: int | None

    @property
    def alias(self) -> str:
        return item_alias(self.assignment.public_id)

    @property
    def is_submitted(self) -> bool:
        return self.assignment.state in SUBMITTED

    @property
    def has_draft(self) -> bool:
        return self.draft_revision is not None

    @property
    def is_reopened(self) -> bool:
        """Submitted, and laid out as a draft; it stands until it is submitted again."""
        return self.is_submitted and self.draft_revises == self.assignment.revision

    @property
    def is_returned(self) -> bool:
        """Reopened by an adjudicator, who said why."""
        return self.is_submitted and self.returned_revision is not None

    @property
    def has_outcome(self) -> bool:
        """Whether its item may come to an outcome that its reviewers may see."""
        return self.is_submitted and self.task.purpose in LIKE_LIVE

    @property
    def has_feedback(self) -> bool:
        return self.is_submitted and self.task.purpose is Purpose.PRACTICE

    @property
    def is_settled(self) -> bool:
        return self.is_submitted and self.task.settled_at is not None


@dataclass(frozen=True, slots=True)
class MyReviews:
    reviews: list[MyReview]
    page: Page[Assignment, Task, Batch, Project, int, int | None, int]


def my_reviews(session: Session, reviewer_id: int, listing: Listing) -> MyReviews:
    """What the reviewer has held, as the list's address asks; two statements at most.

    Its filters: `q`, the beginning of an item's alias, or a part of the project's name or title or of a note of one's
    own; `project`, the name of one; `show`, a `Show`.
    """
    found = (
        sa.select(Assignment, Task, Batch, Project, Draft.revision, Draft.revises, ReturnedReview.revision)
        .join(Project, Project.id == Assignment.project_id)
        .join(Task, sa.and_(Task.project_id == Assignment.project_id, Task.id == Assignment.task_id))
        .join(Batch, Batch.id == Task.batch_id)
        .outerjoin(Draft, _same_as_assignment(Draft))
        .outerjoin(
            ReturnedReview,
            sa.and_(_same_as_assignment(ReturnedReview), ReturnedReview.revision == Assignment.revision),
        )
        .where(Assignment.reviewer_id == reviewer_id, Assignment.claimed_at.is_not(None), Assignment.state.in_(SHOWN))
    )
    words, project, show = listing.filters["q"], listing.filters["project"], listing.chosen("show", Show)
    if words:
        found = found.where(_speaks_of(words))
    if project:
        found = found.where(Project.name == project)
    if show:
        found = found.where(_shown(show))
    order = listing.order({"taken": Assignment.claimed_at}, last=Assignment.public_id)
    page = keyset(session, found, order, listing.after)
    return MyReviews([MyReview(*row) for row in page.rows], page)


def my_projects(session: Session, reviewer_id: int) -> Sequence[tuple[str, str]]:
    """Names and titles of the projects in which the reviewer has held anything, by title."""
    has_held = sa.exists().where(
        Assignment.project_id == Project.id, Assignment.reviewer_id == reviewer_id, Assignment.claimed_at.is_not(None)
    )
    rows = session.execute(sa.select(Project.name, Project.title).where(has_held).order_by(Project.title))
    return [(name, title) for name, title in rows]


def _shown(show: Show) -> sa.ColumnElement[bool]:
    is_submitted = Assignment.state.in_(SUBMITTED)
    unfinished = Assignment.state.in_([AssignmentState.LEASED, AssignmentState.EXPIRED])
    conditions = {
        Show.DRAFT: sa.or_(
            sa.and_(unfinished, Draft.revision.is_not(None)),
            sa.and_(is_submitted, Draft.revises == Assignment.revision),
        ),
        Show.HELD: Assignment.state == AssignmentState.LEASED,
        Show.RETURNED: sa.and_(is_submitted, ReturnedReview.revision.is_not(None)),
        Show.SUBMITTED: is_submitted,
        Show.EXTRA: Assignment.state == AssignmentState.EXTRA,
        Show.SETTLED: sa.and_(is_submitted, Task.settled_at.is_not(None)),
        Show.SKIPPED: Assignment.state == AssignmentState.SKIPPED,
        Show.LAPSED: Assignment.state == AssignmentState.EXPIRED,
        Show.VOIDED: Assignment.state == AssignmentState.VOIDED,
    }
    return conditions[show]


def reviews_somewhere(session: Session, account_id: int) -> bool:
    """Whether the account reviews in a project, or did before it left."""
    member = sa.exists().where(Member.account_id == account_id, Member.is_reviewer)
    return bool(session.scalar(sa.select(member)))


def _speaks_of(words: str) -> sa.ColumnElement[bool]:
    in_notes = sa.exists().where(_same_as_assignment(RatingNote), RatingNote.text.icontains(words, autoescape=True))
    in_review = sa.exists().where(
        _same_as_assignment(Review),
        Review.revision == Assignment.revision,
        Review.note.icontains(words, autoescape=True),
    )
    return sa.or_(
        Assignment.public_id.istartswith(words, autoescape=True),
        Project.name.icontains(words, autoescape=True),
        Project.title.icontains(words, autoescape=True),
        in_notes,
        in_review,
    )


def _same_as_assignment(table: type[Draft | RatingNote | ReturnedReview | Review]) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.project_id == Assignment.project_id,
        table.task_id == Assignment.task_id,
        table.reviewer_id == Assignment.reviewer_id,
    )
