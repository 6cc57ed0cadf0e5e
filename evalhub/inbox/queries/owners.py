"""Whose inbox it is."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evalhub.errors import NotFound
from evalhub.inbox.models import InboxEntry
from evalhub.inbox.schema import EntryState
from evalhub.rubrics.models import Rubric


def rubric_named(session: Session, name: str) -> Rubric:
    """The rubric of that name.

    Raises:
        NotFound: there is none.
    """
    rubric = session.scalar(sa.select(Rubric).where(Rubric.name == name))
    if rubric is None:
        raise NotFound
    return rubric


def answers_for(account_id: int, *, is_admin: bool) -> sa.ColumnElement[bool]:
    """Of a `Rubric` in the statement: the account answers what is sent to its owner; admins do for all."""
    return sa.true() if is_admin else Rubric.owner_id == account_id


def rubrics_answered_by(session: Session, account_id: int, *, is_admin: bool) -> list[str]:
    """Names of the rubrics whose inbox the account answers."""
    mine = sa.select(Rubric.name).where(answers_for(account_id, is_admin=is_admin))
    return list(session.scalars(mine.order_by(Rubric.name)))


def open_entries(session: Session, account_id: int, *, is_admin: bool) -> int | None:
    """How many entries wait for an answer by the account; None for somebody who answers no inbox."""
    is_open = sa.and_(InboxEntry.rubric_id == Rubric.id, InboxEntry.state == EntryState.OPEN)
    n_rubrics, n_entries = session.execute(
        sa.select(sa.func.count(Rubric.id.distinct()), sa.func.count(InboxEntry.id))
        .select_from(Rubric)
        .outerjoin(InboxEntry, is_open)
        .where(answers_for(account_id, is_admin=is_admin))
    ).one()
    return n_entries if is_admin or n_rubrics else None
