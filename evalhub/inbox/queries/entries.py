"""One entry, as far as whoever asks may see it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from evalhub import events
from evalhub.accounts.models import Account
from evalhub.datasets.models import Item
from evalhub.errors import NotFound
from evalhub.inbox.models import InboxEntry, Ruling
from evalhub.inbox.schema import TELLS_OF_GRADES, EntryKind
from evalhub.projects.models import Project
from evalhub.projects.queries import membership
from evalhub.rubrics.models import RubricVersion

SENDER_WORDS = {
    EntryKind.FLAG: "a reviewer",
    EntryKind.QUESTION: "a reviewer",
    EntryKind.DISAGREEMENT: "a reviewer in training",
    EntryKind.CASE: "an adjudicator",
    EntryKind.BOUNDARY: "a manager",
}


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as its owner or its sender may see it.

    Where it speaks of grades that the viewer must not know yet, `text`, `answer` and `item` are None: even that the
    item has a reference or a case may be news. `item` and `project` are None where the viewer has no part in the
    project. Senders are told by what they are, never by name: an owner who adjudicates would know whose grades are
    whose.
    """

    entry: InboxEntry
    version: RubricVersion
    sender: str
    text: str | None
    answer: str | None
    project: Project | None
    item: Item | None
    answered_by: str | None
    rulings: list[Ruling]
    newer_versions: list[int]


def entry_of(session: Session, public_id: str) -> InboxEntry:
    """The entry of that id.

    Raises:
        NotFound: there is none.
    """
    entry = session.scalar(sa.select(InboxEntry).where(InboxEntry.public_id == public_id))
    if entry is None:
        raise NotFound
    return entry


def shown_entry(session: Session, public_id: str, account_id: int, *, is_admin: bool) -> ShownEntry:
    """The entry with what belongs to it, for the account that looks at it."""
    entry = entry_of(session, public_id)
    project = project_seen_by(session, entry, account_id, is_admin=is_admin)
    is_own = entry.sender_id == account_id
    is_open_to = is_own or not is_withheld(session, entry, account_id)
    item_id = (entry.dataset_id, entry.item_id) if project and is_open_to and entry.item_id is not None else None
    answerer = session.get(Account, entry.answered_by_id) if entry.answered_by_id is not None else None
    return ShownEntry(
        entry=entry,
        version=session.get_one(RubricVersion, entry.rubric_version_id, options=[joinedload(RubricVersion.rubric)]),
        sender="you" if is_own else SENDER_WORDS[entry.kind],
        text=entry.text if is_open_to else None,
        answer=entry.answer if is_open_to else None,
        project=project,
        item=session.get(Item, item_id) if item_id else None,
        answered_by=answerer.display_name if answerer else None,
        rulings=list(session.scalars(sa.select(Ruling).where(Ruling.entry_id == entry.id).order_by(Ruling.id))),
        newer_versions=newer_versions(session, entry),
    )


def newer_versions(session: Session, entry: InboxEntry) -> list[int]:
    """Numbers of the rubric's versions after the one that was asked about."""
    asked = sa.select(RubricVersion.number).where(RubricVersion.id == entry.rubric_version_id).scalar_subquery()
    later = sa.select(RubricVersion.number).where(
        RubricVersion.rubric_id == entry.rubric_id, RubricVersion.number > asked
    )
    return list(session.scalars(later.order_by(RubricVersion.number)))


def project_seen_by(session: Session, entry: InboxEntry, account_id: int, *, is_admin: bool) -> Project | None:
    """The project of an entry, for its members and for admins."""
    if entry.project_id is None:
        return None
    if not is_admin and membership(session, entry.project_id, account_id) is None:
        return None
    return session.get(Project, entry.project_id)


def is_withheld(session: Session, entry: InboxEntry, account_id: int) -> bool:
    """Whether the text speaks of grades of an item that the account graded, holds or may still claim."""
    if entry.kind not in TELLS_OF_GRADES or entry.item_id is None:
        return False
    answers = events.grading_asked.send(
        session,
        project_id=entry.project_id,
        dataset_id=entry.dataset_id,
        item_id=entry.item_id,
        account_id=account_id,
    )
    return any(blind for _, blind in answers)
