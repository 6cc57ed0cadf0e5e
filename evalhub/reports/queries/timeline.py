"""What happened to an item, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.adjudication.models import Case
from evalhub.audit.models import AuditEvent
from evalhub.audit.schema import sentence
from evalhub.datasets.models import Item, ItemChange, ItemImport
from evalhub.projects.models import Project
from evalhub.reports.queries.shown_people import ShownPeople
from evalhub.reports.schema.explanation import Happening
from evalhub.review.models import Assignment, AssignmentState, ReturnedReview, Task

TIMES_ONLY = ("resolution.shown",)
"""Events that say nothing of the item: they only tell who has looked."""


def timeline_of(
    session: Session,
    project: Project,
    item: Item,
    *,
    tasks: Sequence[Task],
    assignments: Sequence[Assignment],
    people: ShownPeople,
) -> list[Happening]:
    """The log's events about the item, its tasks, their assignments and cases; imports and changes of the item beside.

    Reasons stand with the rows that they were given for, for the log keeps no content.
    """
    found = [
        *_imports(session, item, people),
        *_changes(session, item, people),
        *_past_ratings(assignments, people),
        *_events(session, project, tasks, assignments, people),
    ]
    return sorted(found, key=lambda one: one.at)


def _imports(session: Session, item: Item, people: ShownPeople) -> Iterator[Happening]:
    row = session.get_one(ItemImport, item.import_id)
    if row.completed_at is not None:
        yield Happening(at=row.completed_at, who=people.name(row.by_id), what="imported the item", detail="")


def _changes(session: Session, item: Item, people: ShownPeople) -> Iterator[Happening]:
    revisions = sa.select(Item.id).where(Item.dataset_id == item.dataset_id, Item.external_id == item.external_id)
    rows = session.scalars(
        sa.select(ItemChange).where(ItemChange.dataset_id == item.dataset_id, ItemChange.item_id.in_(revisions))
    )
    for row in rows:
        what = sentence(f"item.{row.kind.value}")
        yield Happening(at=row.at, who=people.name(row.by_id), what=what, detail=row.reason)


def _past_ratings(assignments: Sequence[Assignment], people: ShownPeople) -> Iterator[Happening]:
    """Past ratings came in with one event for them all, so each stands at the time that its file gave."""
    for row in assignments:
        if row.state is AssignmentState.IMPORTED and row.submitted_at is not None:
            yield Happening(
                at=row.submitted_at, who=people.name(row.reviewer_id), what="graded it elsewhere", detail=""
            )


def _events(
    session: Session,
    project: Project,
    tasks: Sequence[Task],
    assignments: Sequence[Assignment],
    people: ShownPeople,
) -> Iterator[Happening]:
    cases = session.scalars(
        sa.select(Case.public_id).where(Case.project_id == project.id, Case.task_id.in_([task.id for task in tasks]))
    )
    subjects = {
        "assignment": [row.public_id for row in assignments],
        "case": list(cases),
        "task": [task.public_id for task in tasks],
    }
    rows = session.scalars(
        sa.select(AuditEvent).where(
            AuditEvent.chain == project.public_id,
            sa.or_(
                *(
                    sa.and_(AuditEvent.subject_type == kind, AuditEvent.subject_id.in_(ids))
                    for kind, ids in subjects.items()
                )
            ),
            AuditEvent.action.not_in(TIMES_ONLY),
        )
    ).all()
    names = people.of_actors({row.actor for row in rows})
    reasons = _reasons(session, project, assignments)
    for row in rows:
        detail = reasons.get((row.action, row.subject_id), "")
        yield Happening(at=row.at, who=names.get(row.actor, ""), what=sentence(row.action), detail=detail)


def _reasons(session: Session, project: Project, assignments: Sequence[Assignment]) -> dict[tuple[str, str], str]:
    """Why an item was passed on, or a review sent back, by action and assignment."""
    ids = {(row.task_id, row.reviewer_id): row.public_id for row in assignments}
    found = {
        ("item.skipped", row.public_id): ": ".join(
            filter(None, [row.skip_reason.value.replace("_", " "), row.skip_note])
        )
        for row in assignments
        if row.skip_reason is not None
    }
    rows = session.scalars(
        sa.select(ReturnedReview)
        .where(ReturnedReview.project_id == project.id, ReturnedReview.task_id.in_({place[0] for place in ids}))
        .order_by(ReturnedReview.revision)
    )
    found |= {
        ("review.returned", ids[row.task_id, row.reviewer_id]): row.reason
        for row in rows
        if (row.task_id, row.reviewer_id) in ids
    }
    return found
