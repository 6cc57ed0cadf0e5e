"""Who said what about some tasks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.export.queries.graded import GRADED
from evalhub.export.schema.records import GivenRating, Grader
from evalhub.export.schema.text import pseudonym
from evalhub.projects.models import Member, Project
from evalhub.review.models import Assignment, Evidence, Rating, RatingNote, RatingTag, Review, Task
from evalhub.rubrics.models import RubricVersion
from evalhub.rubrics.schema import Criterion

Place = tuple[int, int, int]
"""Task, reviewer and criterion."""
QUOTE = ("side", "start", "end", "exact", "prefix", "suffix")
WORDS_OF_QUOTE = ("exact", "prefix", "suffix")


class ItemText(NamedTuple):
    """An item's columns as they are stored; JSON stays canonical text but for the messages and tags."""

    id: int
    external_id: str
    group: str
    prompt: str | None
    messages: list[dict[str, str]] | None
    response: str
    reference: str | None
    model: str | None
    tags: list[str]
    metadata_json: str
    content_sha256: str


class ReviewRow(NamedTuple):
    task_id: int
    reviewer_id: int
    state: str
    revision: int
    note: str
    confidence: int | None
    submitted_at: datetime
    active_seconds: float | None
    rubric_version: int


class Graders:
    """The people and models of a project under their pseudonyms; each is read once."""

    def __init__(self, session: Session, project: Project) -> None:
        self._session = session
        self._project = project
        self._known: dict[int, Grader] = {}

    def __getitem__(self, account_id: int) -> Grader:
        return self._known[account_id]

    def learn(self, account_ids: Iterable[int]) -> None:
        """Read those of the accounts that are not known yet."""
        missing = set(account_ids) - self._known.keys()
        if not missing:
            return
        rows = self._session.execute(
            sa.select(Account, Member)
            .outerjoin(Member, sa.and_(Member.account_id == Account.id, Member.project_id == self._project.id))
            .where(Account.id.in_(missing))
        )
        for account, member in rows:
            self._known[account.id] = self._grader(account, member)

    def _grader(self, account: Account, member: Member | None) -> Grader:
        """An imported reviewer is known by the name in the file, a person by the sign-in name.

        Neither an account's number nor its public id will do: a project that is set up anew gives other ones.
        """
        source = member.source_name if member else None
        identity = f"source:{source}" if source else f"login:{account.login or account.public_id}"
        return Grader(
            pseudonym=pseudonym(self._project.pseudonym_key, identity),
            kind=account.kind.value,
            name=source or account.display_name,
            is_simulated=bool(member and member.is_simulated),
        )


def item_texts(session: Session, dataset_id: int, item_ids: Collection[int]) -> dict[int, ItemText]:
    rows = session.execute(
        sa.select(
            Item.id,
            Item.external_id,
            Item.group_key,
            Item.prompt,
            Item.messages,
            Item.response,
            Item.reference,
            Item.model,
            Item.tags,
            sa.type_coerce(Item.metadata_, sa.Text),
            Item.content_sha256,
        ).where(Item.dataset_id == dataset_id, Item.id.in_(item_ids))
    )
    return {row[0]: ItemText(*row) for row in rows}


def given_ratings(
    session: Session,
    project_id: int,
    task_ids: Sequence[int],
    *,
    criteria: dict[int, Criterion],
    versions: dict[int, int],
    graders: Graders,
    without_text: bool,
) -> dict[int, list[GivenRating]]:
    """The current ratings of people and models by task: five statements.

    Args:
        criteria: what each means, by id.
        versions: number of the rubric version of each.
    """
    rows = _rating_rows(session, project_id, task_ids)
    graders.learn(row.reviewer_id for row in rows)
    notes = {} if without_text else {place: row.text for place, row in _rows(session, RatingNote, project_id, task_ids)}
    tags: dict[Place, list[str]] = {}
    for place, row in _rows(session, RatingTag, project_id, task_ids, RatingTag.tag):
        tags.setdefault(place, []).append(row.tag)
    quotes: dict[Place, list[dict[str, Any]]] = {}
    for place, row in _rows(session, Evidence, project_id, task_ids, Evidence.position):
        quote = {name: getattr(row, name) for name in QUOTE if not (without_text and name in WORDS_OF_QUOTE)}
        quotes.setdefault(place, []).append(quote)
    found: dict[int, list[GivenRating]] = {}
    for row in rows:
        place = (row.task_id, row.reviewer_id, row.criterion_id)
        found.setdefault(row.task_id, []).append(
            GivenRating(
                criterion=criteria[row.criterion_id],
                rubric_version=versions[row.criterion_id],
                grader=graders[row.reviewer_id],
                rank=row.level,
                value=row.value,
                planned=row.planned,
                note=notes.get(place, ""),
                tags=sorted(tags.get(place, ())),
                evidence=quotes.get(place, ()),
                round="",
                submitted_at=row.submitted_at,
                active_seconds=float(row.active_seconds),
            )
        )
    return found


def _rating_rows(session: Session, project_id: int, task_ids: Sequence[int]) -> Sequence[Any]:
    return session.execute(
        sa.select(
            Rating.task_id,
            Rating.reviewer_id,
            Rating.criterion_id,
            Rating.level,
            Rating.value,
            Rating.planned,
            Assignment.submitted_at,
            Assignment.active_seconds,
        )
        .join(
            Assignment,
            sa.and_(
                Assignment.project_id == Rating.project_id,
                Assignment.task_id == Rating.task_id,
                Assignment.reviewer_id == Rating.reviewer_id,
            ),
        )
        .where(Rating.project_id == project_id, Rating.task_id.in_(task_ids), Assignment.state.in_(GRADED))
    ).all()


def _rows(
    session: Session,
    table: type[RatingNote] | type[RatingTag] | type[Evidence],
    project_id: int,
    task_ids: Sequence[int],
    *order: Any,
) -> Iterator[tuple[Place, Any]]:
    statement = sa.select(*table.__table__.columns).where(table.project_id == project_id, table.task_id.in_(task_ids))
    for row in session.execute(statement.order_by(*order)):
        yield (row.task_id, row.reviewer_id, row.criterion_id), row


def reviews(session: Session, project_id: int, task_ids: Sequence[int]) -> dict[int, list[ReviewRow]]:
    """The current review of everybody who graded the tasks."""
    rows = session.execute(
        sa.select(
            Review.task_id,
            Review.reviewer_id,
            Assignment.state,
            Review.revision,
            Review.note,
            Review.confidence,
            Review.submitted_at,
            Assignment.active_seconds,
            RubricVersion.number,
        )
        .join(Task, sa.and_(Task.project_id == Review.project_id, Task.id == Review.task_id))
        .join(RubricVersion, RubricVersion.id == Task.rubric_version_id)
        .join(
            Assignment,
            sa.and_(
                Assignment.project_id == Review.project_id,
                Assignment.task_id == Review.task_id,
                Assignment.reviewer_id == Review.reviewer_id,
                Assignment.revision == Review.revision,
            ),
        )
        .where(Review.project_id == project_id, Review.task_id.in_(task_ids), Assignment.state.in_(GRADED))
    )
    found: dict[int, list[ReviewRow]] = {}
    for row in rows:
        found.setdefault(row.task_id, []).append(ReviewRow(*row))
    return found
