"""Boxes of entries: what an account has to answer, and what it sent."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.inbox.models import InboxEntry
from evalhub.inbox.queries.owners import answers_for
from evalhub.inbox.schema import EVERYTHING, TELLS_OF_GRADES, Wanted
from evalhub.projects.models import Member, MemberState, Project
from evalhub.rubrics.models import Criterion, Rubric, RubricVersion
from evalhub.web.paging import Page, keyset

Lines = sa.Select[InboxEntry, str, int, str | None, str | None]


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry in a list.

    `text` and `answer` are None where only the entry's own page can say whether the viewer may read them, `project`
    where the viewer has no part in it.
    """

    entry: InboxEntry
    rubric: str
    version: int
    criterion: str | None
    project: str | None
    text: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class EntryPage:
    lines: list[EntryLine]
    page: Page[InboxEntry, str, int, str | None, str | None]


def received_entries(
    session: Session, account_id: int, *, is_admin: bool, wanted: Wanted = EVERYTHING, after: str | None = None
) -> EntryPage:
    """What the account answers as owner or admin, the last first."""
    found = _lines(account_id, is_admin=is_admin).where(answers_for(account_id, is_admin=is_admin))
    return _page(session, found, wanted, after, is_sender=False)


def sent_entries(
    session: Session, account_id: int, *, wanted: Wanted = EVERYTHING, after: str | None = None
) -> EntryPage:
    """What the account sent, the last first."""
    found = _lines(account_id, is_admin=False).where(InboxEntry.sender_id == account_id)
    return _page(session, found, wanted, after, is_sender=True)


def sent_to(session: Session, account_id: int) -> list[str]:
    """Names of the rubrics that the account asked about."""
    asked = sa.select(InboxEntry.rubric_id).where(InboxEntry.sender_id == account_id)
    return list(session.scalars(sa.select(Rubric.name).where(Rubric.id.in_(asked)).order_by(Rubric.name)))


def _lines(account_id: int, *, is_admin: bool) -> Lines:
    of_criterion = sa.and_(
        Criterion.rubric_version_id == InboxEntry.rubric_version_id, Criterion.key == InboxEntry.criterion_key
    )
    mine = sa.select(Member.project_id).where(Member.account_id == account_id, Member.state == MemberState.ACTIVE)
    seen = sa.true() if is_admin else Project.id.in_(mine)
    return (
        sa.select(InboxEntry, Rubric.name, RubricVersion.number, Criterion.title, Project.title)
        .join(Rubric, Rubric.id == InboxEntry.rubric_id)
        .join(RubricVersion, RubricVersion.id == InboxEntry.rubric_version_id)
        .outerjoin(Criterion, of_criterion)
        .outerjoin(Project, sa.and_(Project.id == InboxEntry.project_id, seen))
    )


def _page(session: Session, found: Lines, wanted: Wanted, after: str | None, *, is_sender: bool) -> EntryPage:
    if wanted.rubric:
        found = found.where(Rubric.name == wanted.rubric)
    if wanted.kind is not None:
        found = found.where(InboxEntry.kind == wanted.kind)
    if wanted.state is not None:
        found = found.where(InboxEntry.state == wanted.state)
    page = keyset(session, found, [(InboxEntry.id, True)], after)
    lines = []
    for entry, rubric, version, criterion, project in page.rows:
        is_plain = is_sender or entry.item_id is None or entry.kind not in TELLS_OF_GRADES
        text, answer = (entry.text, entry.answer) if is_plain else (None, None)
        lines.append(EntryLine(entry, rubric, version, criterion, project, text, answer))
    return EntryPage(lines, page)
