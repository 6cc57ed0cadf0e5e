"""Ask the owner of the rubric about an item that one holds or held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from evalhub.accounts.models import Account
from evalhub.errors import Forbidden
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import About, EntryKind
from evalhub.inbox.service import send_entry
from evalhub.projects.queries import membership
from evalhub.review.queries.assignments import desk_of


def flag_item(
    session: Session,
    assignment: str,
    reviewer_id: int,
    *,
    kind: EntryKind,
    criterion: str | None,
    text: str,
    at: datetime,
) -> InboxEntry:
    """Send a reviewer's question or report to the inbox of the rubric's owner; their grades stay with them.

    Raises:
        NotFound: the assignment is missing, or somebody else's.
        Forbidden: the reviewer has left the project.
        BadInput: the text or the criterion does not fit.
        Conflict: too many of the reviewer's questions wait for an answer (`inbox_full`).
    """
    desk = desk_of(session, assignment, reviewer_id)
    if membership(session, desk.project.id, reviewer_id) is None:
        raise Forbidden("You have left this project; its members ask about its items.")
    return send_entry(
        session,
        rubric_version_id=desk.rubric_version.id,
        kind=kind,
        text=text,
        criterion=criterion,
        about=About(desk.project.id, desk.item.dataset_id, desk.item.id, assignment),
        sender=session.get_one(Account, reviewer_id),
        at=at,
    )
